"""The caller of a resolver: the viewer and the services; and the client that sends a request."""

from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Self

from auth.meter import Meter
from auth.quotas import Quota
from auth.viewer import Viewer
from resolvers.backlog import BacklogWait
from resolvers.batches import Batches
from resolvers.services import Services
from resolvers.viewer_database import ViewerDatabase

_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in viewer during a request; `database` and `batches` are their access to PostgreSQL.

    `quotas` takes up what the viewer is told of the limits that the request was counted against.
    """

    viewer: Viewer
    services: Services
    database: ViewerDatabase
    batches: Batches
    quotas: list[Quota] = field(default_factory=list, compare=False)

    @classmethod
    def of(cls, viewer: Viewer, services: Services, meter: Meter | None = None) -> Self:
        """Return the caller of a request whose `meter` charges statements; None if they are not charged."""
        database = ViewerDatabase(services.database, services.concurrency_limit, viewer, meter)
        backlog_wait = BacklogWait(services.rollup_backlog, viewer.readable)
        return cls(viewer, services, database, Batches(database, viewer.readable, backlog_wait))


@dataclass(frozen=True, slots=True)
class Client:
    """The sender of a request: its network address, and the API key and User-Agent that it sent, if any.

    `quotas` takes up what the sender is told of the limits that the request was counted against.
    """

    address: str
    api_key: str | None = None
    user_agent: str | None = None
    quotas: list[Quota] = field(default_factory=list, compare=False)

    @property
    def network(self) -> str:
        """The network by which limits count: the address, or the /64 of an IPv6 one, which one host may own.

        Anything that is not an address counts as `unknown`: a trusted proxy may pass on whatever a client sends.
        """
        try:
            address = ip_address(self.address)
        except ValueError:
            return _UNKNOWN
        if not isinstance(address, IPv6Address):
            return str(address)
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(IPv6Network((int(address), 64), strict=False))
