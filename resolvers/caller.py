"""Who calls, and by what means a resolver answers them."""

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address

from auth.viewer import Viewer
from db.engine import Database
from resolvers.batches import Batches
from resolvers.services import Services


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in viewer in the middle of a request."""

    viewer: Viewer
    services: Services
    batches: Batches

    @property
    def database(self) -> Database:
        """The way to PostgreSQL."""
        return self.services.database


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from: its network address, and the API key it carries, if any."""

    address: str
    api_key: str | None = None

    @property
    def network(self) -> str:
        """What limits per address count: the address, or the /64 of an IPv6 one, since one host may have all of it."""
        try:
            address = ip_address(self.address)
        except ValueError:  # a Unix socket's, say
            return self.address
        if not isinstance(address, IPv6Address):
            return str(address)
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(IPv6Network((int(address), 64), strict=False))
