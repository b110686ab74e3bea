"""Keeping partitions by month, in the background: no request ever waits for one to be made on its account.

    ahead      the present month and the next ones have theirs before the first event comes
    busy       a month of which many events have come to the default partition gets its own, one in a round
    all else   stays in the default partition

What cannot be made now, since somebody holds the tables for long or a month has too much in the default partition, is
put aside, for longer each time: trying makes others wait.
"""

import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock

import structlog

from core.clock import now
from core.errors import QueryTimeout, Unavailable
from core.events import EventRules
from core.months import month_of, next_month
from core.observer import NOBODY, Job, Observer, PortionOutcome
from db import partitions
from db.background_jobs import BackgroundJob
from db.engine import Database
from db.queries import partitions as queries
from db.queries.partitions import TooManyRows

log = structlog.get_logger()

INTERVAL_SECONDS = 5
MONTHS_AHEAD = 3
BUSY_EVENTS = 5_000
"""With so many events in the default partition a month gets its own: more than a few requests can hold."""
_FIRST_PAUSE_SECONDS = 10
_LONGEST_PAUSE_SECONDS = 3_600
_RULES = EventRules()


class PartitionKeeper:
    """Makes partitions ahead of time, and of busy months. `farthest_ahead`: how far in the future an event may lie."""

    def __init__(
        self, database: Database, observer: Observer = NOBODY, *, farthest_ahead: timedelta = _RULES.ahead
    ) -> None:
        self.job = BackgroundJob(Job.PARTITIONS, database, observer, largest=1)
        self._farthest_ahead = farthest_ahead
        self._busy: set[date] = set()
        self._looked_at = 0
        self._to_come = 0
        self._put_aside: dict[date, tuple[float, float]] = {}

    async def run(self) -> None:
        """Work until cancelled."""
        await self.job.repeat(self.work_round, INTERVAL_SECONDS)

    async def work_round(self) -> bool:
        """Make what is missing ahead, then the partition of one busy month; False when something was put aside."""
        async with self.job.database.read() as connection:
            missing = set(_ahead()) - await queries.months(connection)
        for month in sorted(filter(self._is_due, missing)):
            await self._make(month)
        if self.job.database.topology.moves_rows:
            await self._look_for_busy_months()
            for month in sorted(filter(self._is_due, self._busy))[:1]:
                await self._make(month)
        return not self._put_aside

    async def _look_for_busy_months(self) -> None:
        """Count the events of each month in the default partition, unless too few have come for another to be busy."""
        async with self.job.database.read() as connection:
            inserted = await queries.inserted_into_default(connection)
            if 0 <= inserted - self._looked_at < self._to_come:
                return
            counts = {
                month: await queries.count_in_default(connection, month, BUSY_EVENTS)
                async for month in queries.months_in_default(connection)
            }
        self._busy = {month for month, count in counts.items() if count >= BUSY_EVENTS}
        quiet = (count for month, count in counts.items() if month not in self._busy)
        self._looked_at, self._to_come = inserted, BUSY_EVENTS - max(quiet, default=0)

    def _is_due(self, month: date) -> bool:
        return month not in self._put_aside or self._put_aside[month][0] <= time.monotonic()

    async def _make(self, month: date) -> None:
        began = time.monotonic()
        try:
            await self._make_or_rule_out(month)
        except (TooManyRows, Unavailable) as error:
            _, pause = self._put_aside.get(month, (0.0, _FIRST_PAUSE_SECONDS / 2))
            pause = _LONGEST_PAUSE_SECONDS if isinstance(error, TooManyRows) else min(2 * pause, _LONGEST_PAUSE_SECONDS)
            self._put_aside[month] = time.monotonic() + pause, pause
            log.warning("partition put aside", month=f"{month:%Y-%m}", seconds=pause, reason=repr(error))
            self.job.observer.portion_ended(Job.PARTITIONS, PortionOutcome.PUT_ASIDE)
        else:
            self._put_aside.pop(month, None)
            self._busy.discard(month)
            self.job.portion_finished(time.monotonic() - began)

    async def _make_or_rule_out(self, month: date) -> None:
        """Make a month's partitions; where the default ones take too long to look through, first prove it needless."""
        try:
            await partitions.make(self.job.database, month)
        except QueryTimeout:
            if datetime.combine(month, clock.min, UTC) <= now() + self._farthest_ahead:
                raise  # an event may come any moment, and must find a place
            await partitions.rule_out(self.job.database, month)
            await partitions.make(self.job.database, month)


def _ahead() -> list[date]:
    months = [month_of(now())]
    for _ in range(MONTHS_AHEAD):
        months.append(next_month(months[-1]))
    return months
