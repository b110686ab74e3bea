"""Making rollups in the background: fair, in portions measured by the events they read, those waited for first.

    turns     whose rollups are made next (db/rollup_backlog.py)
    portion   hours of the people whose turn it is, newest first, as many as fit into the portion's size
    alone     an hour larger than any portion, or too slow even alone: with a limit of its own, one at a time
    deferred  an hour that runs into that limit, too: left alone for a while that doubles with each attempt

A portion is one transaction. A person's rollups are made by one transaction at a time, in whatever process (advisory
locks), while those of others are made beside it. It takes marks away first and reads events afterwards, so a mark that
is set meanwhile stays. A transaction that is interrupted has changed nothing.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import now
from core.errors import QueryTimeout, Unavailable
from core.observer import NOBODY, Job, Observer, PortionOutcome
from core.turns import Person
from db.background_jobs import LONGEST_SECONDS, PORTION_SECONDS, BackgroundJob
from db.engine import Database
from db.queries import dirty_hours, rollups
from db.queries.dirty_hours import Cutoff, WorkableHour
from db.queries.person_hours import PersonHour
from db.rollup_backlog import WAIT_SECONDS, RollupBacklog

log = structlog.get_logger()

WORKERS = 2
"""How many portions are made at a time: while one worker makes a large hour, the other makes everybody else's."""
INTERVAL_SECONDS = 5.0
REST = timedelta(seconds=30)
"""How long an hour is over, and its mark there, before it is made: late events seldom come alone.

An hour that is not over is left: whoever is busy in it would have it marked again within seconds, all the hour long.
"""
LARGEST_PORTION = 32_000
"""Events: what is sorted for so many fits into `work_mem` (db/engine.py)."""
_LEAST_EVENTS = 50
"""An hour counts as so many at least: looking it up takes as long, and of some it is not known how many they have."""
_HOURS_AT_ONCE = 512
_ROUND_SECONDS = 60.0
_PAUSE_SECONDS = 0.1
_FAILURES_IN_A_ROW = 10
_FAR = datetime(9999, 12, 31, tzinfo=UTC)


class _Plan(NamedTuple):
    """A portion's hours, with their events, and the people whose turn it is.

    `finished` have no other marked hour that is over, not even one that rests; `unfinished` have other hours to be
    made, `passed_over` have none in the portion.
    """

    chosen: list[PersonHour]
    events: int
    fits: bool
    finished: list[Person]
    unfinished: list[Person]
    passed_over: list[Person]

    @property
    def is_full(self) -> bool:
        """True if a larger portion would have taken more."""
        return bool(self.unfinished or self.passed_over)

    def without(self, user_id: UUID) -> "_Plan":
        """The same, with somebody who is not done waiting for the next survey."""
        return self._replace(
            finished=[person for person in self.finished if person.user_id != user_id],
            unfinished=[person for person in self.unfinished if person.user_id != user_id],
        )


class RollupMaker:
    """Makes the rollups of `backlog`. `run()` is the task that does it.

    `everything`: hours that are not over, and those marked just now, are made as well.
    """

    def __init__(
        self,
        database: Database,
        observer: Observer = NOBODY,
        *,
        limit_seconds: float = PORTION_SECONDS,
        longest_seconds: float = LONGEST_SECONDS,
        wait_seconds: float = WAIT_SECONDS,
        everything: bool = False,
    ) -> None:
        self.backlog = RollupBacklog(database, observer, limit_seconds=limit_seconds, wait_seconds=wait_seconds)
        self.made_hours = 0
        self._job = BackgroundJob(Job.ROLLUPS, database, observer, largest=LARGEST_PORTION, limit_seconds=limit_seconds)
        self._longest_seconds = longest_seconds
        self._everything = everything
        self._alone = asyncio.Lock()
        self._put_aside: set[PersonHour] = set()
        self._marked_before: datetime | None = None

    async def run(self) -> None:
        """Make the rollups of marked hours until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.backlog.job.repeat(self.survey, INTERVAL_SECONDS))
            for _ in range(WORKERS):
                tasks.create_task(self._job.repeat(self.work_round, INTERVAL_SECONDS, self.backlog.woken))

    async def make_all(self, report: Callable[[int], None] = lambda _hours: None) -> set[PersonHour]:
        """Make the rollups of every hour that is marked by now; return the hours that were deferred meanwhile.

        `report` is told how many were made. Unavailable when the database is away for long.
        """
        async with self._job.database.write() as connection:
            self._marked_before = await rollups.retry_deferred(connection)
        failures = 0
        while True:
            await self.survey()
            if self.backlog.is_empty:
                return self._put_aside
            before = self.made_hours
            ends = await asyncio.gather(
                *(self._work_and_report(report) for _ in range(WORKERS)), return_exceptions=True
            )
            errors = [end for end in ends if isinstance(end, BaseException)]
            failures = failures + 1 if errors else 0
            if errors and (failures == _FAILURES_IN_A_ROW or not isinstance(errors[0], Unavailable)):
                raise errors[0]
            if self.made_hours == before:  # another process makes them at this moment, or the database is away
                await asyncio.sleep(_PAUSE_SECONDS)

    async def survey(self) -> None:
        """Find out whose hours can be made."""
        await self.backlog.survey(self._cutoff())

    async def work_round(self) -> bool:
        """Make portions until nobody waits for a turn, at most for a minute; False when somebody still does."""
        began = time.monotonic()
        while time.monotonic() - began < _ROUND_SECONDS:
            people = self._next()
            if not people:
                return True
            await self._portion(people)
        if people := self.backlog.take_anonymous():  # the last, but once in a round all the same
            await self._portion(people)
        return False

    async def _work_and_report(self, report: Callable[[int], None]) -> None:
        while people := self._next():
            report(await self._portion(people))

    def _next(self) -> list[Person]:
        return self.backlog.take(self._job.portion.size, WORKERS)

    def _cutoff(self, *, hurried: bool = False) -> Cutoff:
        at = now()
        if self._everything:
            return Cutoff(self._marked_before or at, self._marked_before or _FAR, _FAR)
        return Cutoff(at, at if hurried else at - REST, at - REST)

    async def _portion(self, people: Sequence[Person]) -> int:
        """Make some hours of these people; return the number of them."""
        began, plan = time.monotonic(), None
        try:
            async with self._job.database.write(statement_timeout=self._job.limit_seconds) as connection:
                plan = await self._planned(connection, people)
                if plan.fits:
                    await _make(connection, plan.chosen)
        except QueryTimeout:
            self._job.portion_too_long()
            if plan is None or len(plan.chosen) > 1:
                await self._take_less(people, None if plan is None else plan.events)
                return 0
            plan = plan._replace(fits=False)
        made = len(plan.chosen)
        await self.backlog.put_back([], plan.passed_over)
        if plan.fits:
            self._job.portion_finished(time.monotonic() - began, full=plan.is_full)
        elif not await self._make_alone(plan.chosen[0]):
            plan, made = plan.without(plan.chosen[0].user_id), 0
        self.made_hours += made
        await self.backlog.put_back(plan.unfinished, done=plan.finished)
        return made

    async def _take_less(self, people: Sequence[Person], events: int | None) -> None:
        """Take the same people again in a smaller portion; after the next survey when it cannot be smaller."""
        if self._job.portion.halve(events):
            await self.backlog.put_back([], people)
        else:
            log.warning("marks put off: reading them takes too long", people=len(people))

    async def _planned(self, connection: AsyncConnection, people: Sequence[Person]) -> _Plan:
        await rollups.use_keys(connection)
        size = self._job.portion.size
        limit = max(1, min(_HOURS_AT_ONCE, size) // len(people))
        locked = await rollups.lock_people(connection, [person.user_id for person in people])
        mine = [person for person in people if person.user_id in locked]
        hurried = self.backlog.is_hurried(mine)
        cutoff = self._cutoff(hurried=hurried)
        ids = [person.user_id for person in mine]
        hours = await dirty_hours.workable_hours(connection, ids, cutoff, limit)
        chosen = _fitting(hours, size)
        fits = not chosen or hours[0].events <= LARGEST_PORTION
        reached, found = Counter(hour.user_id for hour in chosen), Counter(each.hour.user_id for each in hours)
        more = [p for p in mine if found[p.user_id] > reached[p.user_id] or found[p.user_id] == limit]
        return _Plan(
            chosen,
            sum(_weight(each) for each in hours[: len(chosen)]),
            fits,
            [each for each in mine if hurried and each not in more],  # else marks that rest are left
            [each for each in more if each.user_id in reached],
            [each for each in more if each.user_id not in reached],
        )

    async def _make_alone(self, hour: PersonHour) -> bool:
        """Make one large hour, or defer it if it is too large even for the longest limit; return whether it was made.

        Only one large hour is made at a time, so that a worker stays free for everybody else.
        """
        if self._alone.locked():
            return False
        async with self._alone:
            try:
                async with self._job.database.write(statement_timeout=self._longest_seconds) as connection:
                    if not await rollups.lock_people(connection, [hour.user_id]):
                        return False
                    await rollups.use_keys(connection)
                    await _make(connection, [hour])
            except QueryTimeout:
                await self._defer(hour)
                return False
        self._put_aside.discard(hour)
        self._job.portion_finished(self._longest_seconds)
        return True

    async def _defer(self, hour: PersonHour) -> None:
        async with self._job.database.write() as connection:
            retry_at = await rollups.defer(connection, hour, now())
        if retry_at is None:
            return
        if self._everything:
            self._put_aside.add(hour)
        self._job.observer.portion_ended(Job.ROLLUPS, PortionOutcome.PUT_ASIDE)
        log.warning(
            "an hour's rollups were put aside: making them takes too long",
            user_id=str(hour.user_id),
            hour=hour.hour.isoformat(),
            limit_seconds=self._longest_seconds,
            retry_at=retry_at.isoformat(),
        )


async def _make(connection: AsyncConnection, hours: Sequence[PersonHour]) -> None:
    if hours:
        await dirty_hours.take_marks(connection, hours)
        await rollups.make(connection, hours)


def _fitting(hours: Sequence[WorkableHour], size: int) -> list[PersonHour]:
    """The first of these hours, as many as have so many events together, but one at least."""
    totals = accumulate(_weight(each) for each in hours)
    fitting = sum(total <= size for total in totals)
    return [each.hour for each in hours[: max(1, fitting)]]


def _weight(hour: WorkableHour) -> int:
    return max(hour.events, _LEAST_EVENTS)
