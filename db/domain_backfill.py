"""Bringing the domains of events that versions before 0.3.0 stored to the spelling of core/domains.py.

The migration lists everybody; this job goes through each person's events along the key, then strikes them off:

    turns     organizations take turns, within each its people (core/turns.py)
    portion   the next events of some people, as many as its size; domains that differ are corrected, their hours marked

A portion is one transaction, which also writes down how far each person is. It holds their rows, and other processes
pass them over. So it goes on where it was after any interruption, and nothing is left out or done twice. Rollups are
made anew by way of the marks; until then questions answer from the events, as they are stored.
"""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from core.observer import NOBODY, Job, Observer, PortionOutcome
from core.turns import Person, Turns
from db.background_jobs import LONGEST_SECONDS, PORTION_SECONDS, BackgroundJob
from db.engine import Database
from db.queries import domain_backfill as queries

log = structlog.get_logger()

INTERVAL_SECONDS = 60
EVENTS_AT_ONCE = 20_000
PEOPLE_AT_ONCE = 16
_OF_AN_ORGANIZATION = 100
_PEOPLE_IN_TURNS = 2_000
_ROUND_SECONDS = 60.0
_FAILURES_IN_A_ROW = 10
"""After so many it is not the people: the round ends."""


class _Portion(NamedTuple):
    """The people of whom a portion has left nothing, something, and those whom it did not come to."""

    finished: list[UUID]
    unfinished: list[Person]
    passed_over: list[Person]


class DomainBackfill:
    """Works through everybody on the list. `job` counts its portions."""

    def __init__(
        self,
        database: Database,
        observer: Observer = NOBODY,
        *,
        largest: int = EVENTS_AT_ONCE,
        limit_seconds: float = PORTION_SECONDS,
    ) -> None:
        self.job = BackgroundJob(Job.DOMAINS, database, observer, largest=largest, limit_seconds=limit_seconds)
        self._more = asyncio.Event()
        self._finished = 0
        self._failed: set[UUID] = set()
        self._failures_in_a_row = 0

    async def run(self) -> None:
        """Work until cancelled. Once nobody is on the list, that is one small statement a minute."""
        await self.job.repeat(self.work_round, INTERVAL_SECONDS, self._more)

    async def work_round(self) -> bool:
        """Take turns until nobody is left, at most for a minute; False if there may be work left.

        Somebody whose portion fails is left to the next round.
        """
        began, before, turns = time.monotonic(), -1, Turns()
        self._failed.clear()
        self._failures_in_a_row = 0
        while time.monotonic() - began < _ROUND_SECONDS:
            if not turns:
                turns.add(await self._due())
                if not turns or self._finished == before:  # nobody, or only people whom other processes hold
                    return not self._failed
                before = self._finished
            await self._turn(turns, turns.take(PEOPLE_AT_ONCE))
        self._more.set()
        return False

    async def _due(self) -> list[Person]:
        async with self.job.database.read() as connection:
            people = await queries.due(connection, _OF_AN_ORGANIZATION, _PEOPLE_IN_TURNS)
        return [person for person in people if person.user_id not in self._failed]

    async def _turn(self, turns: Turns, people: Sequence[Person]) -> None:
        """Do a portion of these people's events. If it fails, each has a portion of their own."""
        try:
            portion = await self.job.work(partial(self._correct, people), LONGEST_SECONDS)
        except Exception as error:
            if len(people) == 1:
                self._put_aside(people[0].user_id, error)
                if self._failures_in_a_row == _FAILURES_IN_A_ROW:
                    raise
                return
            for person in people:
                await self._turn(turns, [person])
            return
        self._failures_in_a_row = 0
        self._finished += len(portion.finished)
        turns.put_back(portion.passed_over)
        turns.add(portion.unfinished)

    def _put_aside(self, user_id: UUID, error: Exception) -> None:
        self._failures_in_a_row += 1
        self._failed.add(user_id)
        log.warning("domains put aside", user_id=str(user_id), reason=repr(error))
        self.job.observer.portion_ended(Job.DOMAINS, PortionOutcome.PUT_ASIDE)

    async def _correct(self, people: Sequence[Person], connection: AsyncConnection, size: int) -> _Portion:
        """Correct at most `size` events of these people; those whom another process holds are left to it."""
        await self.job.limit_lock_waits(connection)
        await queries.use_keys(connection)
        positions = await queries.lock(connection, [person.user_id for person in people])
        portion = _Portion([], [], [])
        for person in people:
            user_id = person.user_id
            if user_id not in positions:
                continue
            if size <= 0:
                portion.passed_over.append(person)
                continue
            read = await queries.correct_some(connection, user_id, size, positions[user_id])
            size -= max(1, read.number)
            if read.position is None:
                portion.finished.append(user_id)
            else:
                await queries.remember(connection, user_id, read.position)
                portion.unfinished.append(person)
        await queries.finish(connection, portion.finished)
        return portion
