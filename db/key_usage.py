"""When API keys were last used, events last came without one, and how clocks go: kept without a write per request."""

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from db.background_jobs import BackgroundJob
from db.engine import Database
from db.queries.extension_users import LatestUse, record_usage

_UNUSED = LatestUse()


class KeyUsage:
    """Gathers uses, and events without a key, in memory; `flush()` writes the latest of each person."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._latest: dict[UUID, LatestUse] = {}

    def touch(self, user_id: UUID, at: datetime, skew: float | None = None) -> None:
        """Note that the person's key was used, and how far their clock was ahead, if that was told."""
        latest = self._latest.get(user_id, _UNUSED)
        self._latest[user_id] = LatestUse(
            at, latest.keyless_event_at, latest.clock_skew_seconds if skew is None else skew
        )

    def touch_keyless(self, user_id: UUID, at: datetime, skew: float | None = None) -> None:
        """Note the same of an event of the person that was stored and came without their key."""
        latest = self._latest.get(user_id, _UNUSED)
        self._latest[user_id] = LatestUse(latest.used_at, at, latest.clock_skew_seconds if skew is None else skew)

    async def flush(self) -> None:
        """Write what has gathered. What cannot be written now is kept for the next time."""
        pending = dict(self._latest)
        if not pending:
            return
        async with self._database.write() as connection:
            await record_usage(connection, pending)
        self._forget(pending)

    async def flush_in_portions(self, job: BackgroundJob) -> None:
        """Write what has gathered, so many people in each transaction as go well."""
        pending = dict(self._latest)

        async def portion(connection: AsyncConnection, size: int) -> dict[UUID, LatestUse]:
            some = dict(islice(pending.items(), size))
            await record_usage(connection, some)
            return some

        while pending:
            written = await job.work(portion)
            self._forget(written)
            for user_id in written:
                del pending[user_id]

    def _forget(self, written: Mapping[UUID, LatestUse]) -> None:
        """Forget uses that are written, but for people of whom there was another one meanwhile."""
        for user_id, usage in written.items():
            if self._latest.get(user_id) == usage:
                del self._latest[user_id]
