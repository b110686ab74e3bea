"""Who calls, and by what means a resolver answers them."""

from dataclasses import dataclass

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
