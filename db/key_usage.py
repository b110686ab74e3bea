"""When API keys were last used, kept without a write per request."""

from datetime import datetime
from uuid import UUID

from db.engine import Database
from db.queries.extension_user import record_usage


class KeyUsage:
    """Gathers uses in memory; `flush()` writes the latest of each person in one statement."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._latest: dict[UUID, datetime] = {}

    def touch(self, user_id: UUID, at: datetime) -> None:
        """Note that the person's key was used."""
        self._latest[user_id] = at

    async def flush(self) -> None:
        """Write what has gathered. What cannot be written now is kept for the next time."""
        latest, self._latest = self._latest, {}
        if not latest:
            return
        try:
            async with self._database.write() as connection:
                await record_usage(connection, latest)
        except BaseException:
            self._latest = latest | self._latest
            raise
