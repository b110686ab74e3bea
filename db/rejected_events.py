"""Deletes rejected events that are too old, or beyond what is kept of their source: of a flood, its own surplus.

It walks along the ids from the newest down, a portion in each transaction, and counts what it leaves by source:

    ids   new ◀──────────────────────────────────────────────────────────────────── old
          kept, kept, kept, … of one source    its surplus: deleted    older than two weeks: deleted
"""

import time
from collections import Counter

from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import now
from core.rejected_events import KEPT_FOR, PER_ORGANIZATION, Group, SourceCounts, fair_cap
from db.background_jobs import BackgroundJob
from db.queries import housekeeping as queries

LARGEST_PORTION = 2**20
"""How many ids a portion spans at the most: ids of events that are gone are passed over quickly."""
_EVENTS_AT_ONCE = 1_000
_LOOK_AGAIN_SECONDS = 3600.0
"""How long a walk holds when nothing has come since: events grow old even then."""


class RejectedEventCleaner:
    """Keeps as many rejected events of each source as it may have."""

    def __init__(self, job: BackgroundJob) -> None:
        self._job = job
        self._newest_seen = -1
        self._look_again_at = 0.0

    async def clean(self) -> None:
        """Delete what is too old or surplus, if anything has come since the last time or some time has passed."""
        async with self._job.database.read() as connection:
            newest = await queries.newest_rejected_id(connection)
        if newest == self._newest_seen and time.monotonic() < self._look_again_at:
            return
        cap = fair_cap((await self._walk(newest, PER_ORGANIZATION)).of_organizations)
        if cap < PER_ORGANIZATION:
            await self._walk(newest, cap)
        self._newest_seen, self._look_again_at = newest, time.monotonic() + _LOOK_AGAIN_SECONDS

    async def _walk(self, newest: int, organization_cap: int) -> SourceCounts:
        """Delete what is too old or beyond the caps; return the counts of what is left."""
        counts, end_id, oldest = SourceCounts(organization_cap), newest + 1, now() - KEPT_FOR

        async def portion(connection: AsyncConnection, size: int) -> tuple[int, Counter[Group]]:
            first_id = max(1, end_id - size)
            events = await queries.rejected_between(connection, first_id, end_id, _EVENTS_AT_ONCE)
            expired = [event.id for event in events if event.received_at < oldest]
            young = ((event.id, event.source) for event in events if event.received_at >= oldest)
            surplus, kept = counts.surplus(young)
            if expired or surplus:
                await queries.remove_rejected(connection, expired + surplus)
            return events[-1].id if len(events) == _EVENTS_AT_ONCE else first_id, kept

        while end_id > 1:
            end_id, kept = await self._job.work(portion)
            counts.add(kept)  # not within the portion, which may be rolled back and taken again
        return counts
