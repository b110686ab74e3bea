"""Keeping events only as long as their organization wants: whole months are dropped, the rest is deleted bit by bit.

Organizations have their turns one after another, and so have the people of each, a portion each time: however much one
of them has, the others' events go in the meantime. Anonymous events, whose time is a setting, have a turn of their own.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import now
from core.errors import QueryTimeout, Unavailable
from core.events import ANONYMOUS
from core.observer import NOBODY, Job, Observer, PortionOutcome
from db.background_jobs import LONGEST_SECONDS, PORTION_SECONDS, BackgroundJob
from db.engine import Database
from db.queries import retention, retention_months, webhook_events
from db.queries.event_ranges import Position, RemovedEvents
from db.queries.retention import RetentionTime

log = structlog.get_logger()

Result = TypeVar("Result")

FIRST_SECONDS = 60
"""How long after the start it begins: a command that is done before that has the work to itself."""
INTERVAL_SECONDS = 3600
ROWS_AT_ONCE = 20_000
PEOPLE_AT_ONCE = 100
"""How many people of an organization are looked at together, and remembered."""
_BEFORE_ALL = UUID(int=0)
_ATTEMPTS = 5
_PAUSE_SECONDS = 0.2
_FAILURES_IN_A_ROW = 10
"""After so many it is not the people: the round ends."""


@dataclass(frozen=True, slots=True)
class Step:
    """The outcome of a step: whole months, events and rejected events deleted, and how many turns failed."""

    months: int = 0
    events: int = 0
    rejected_events: int = 0
    failures: int = 0

    def __add__(self, other: "Step") -> "Step":
        return Step(
            self.months + other.months,
            self.events + other.events,
            self.rejected_events + other.rejected_events,
            self.failures + other.failures,
        )


_NOTHING = Step()


class NotAlone(Exception):
    """Another process is deleting old events."""


@dataclass
class _Organization:
    """An organization that does not keep everything, or nobody's anonymous events.

    `last`: the last person who was checked. `waiting`: the people with old events, and how far these are deleted.
    `turn`: the person whose turn it is.
    """

    id: UUID
    last: UUID = _BEFORE_ALL
    waiting: deque[tuple[UUID, Position | None]] = field(default_factory=deque)
    turn: UUID | None = None


def retention_job(
    database: Database,
    observer: Observer = NOBODY,
    *,
    largest: int = ROWS_AT_ONCE,
    limit_seconds: float = PORTION_SECONDS,
) -> BackgroundJob:
    """The job whose portions retention consists of."""
    return BackgroundJob(Job.RETENTION, database, observer, largest=largest, limit_seconds=limit_seconds)


async def keep_retention(database: Database, anonymous: timedelta | None, observer: Observer = NOBODY) -> None:
    """Delete what has had its time, every hour, until cancelled. `anonymous`: how long such events are kept."""
    await asyncio.sleep(FIRST_SECONDS)
    job = retention_job(database, observer)
    await job.repeat(partial(_round, job, anonymous), INTERVAL_SECONDS)


async def _round(job: BackgroundJob, anonymous: timedelta | None) -> bool:
    """Delete what has had its time; False when something could not be deleted."""
    total = Step()
    try:
        async for step in apply(job, RetentionTime.at(now(), anonymous)):
            total += step
    except NotAlone:
        return True  # it does our work, too
    if total != _NOTHING:
        log.info("old events deleted", months=total.months, events=total.events)
    return not total.failures


async def apply(job: BackgroundJob, time: RetentionTime) -> AsyncGenerator[Step, None]:
    """Delete everything that is not kept at that instant any longer, step by step; yields what each step deleted.

    Every step is a transaction of its own, so an interrupted run loses nothing and goes on next time. A person for whom
    it fails is left to the next run. Raises NotAlone if another process is deleting.
    """
    async with job.database.read() as connection:
        cutoff = await retention.latest_cutoff(connection, time)
    if cutoff is None:
        return
    async for step in _give_back_months(job, cutoff, time):
        yield step
    async for step in _remove_events(job, time):
        yield step
    yield Step(rejected_events=await job.work_through(_alone(job, partial(_remove_rejected, time))))


async def _give_back_months(job: BackgroundJob, cutoff: datetime, time: RetentionTime) -> AsyncGenerator[Step, None]:
    async with job.database.read() as connection:
        months = await retention_months.months_before(connection, cutoff)
    for month in months:
        try:
            async with job.database.read() as connection:
                kept = await retention_months.kept(connection, month, time)
            due = kept is not None and (kept.events == 0 or kept.worth_moving)
            if due and await _give_back(job, month, time):
                yield Step(months=1)
        except NotAlone:
            raise
        except QueryTimeout:
            log.warning("month not dropped: it took too long to look at", month=f"{month:%Y-%m}")
        except Exception as error:  # noqa: BLE001 - one odd month, or a missing right, must not keep events from going
            log.warning("month not dropped", month=f"{month:%Y-%m}", reason=repr(error))
            yield Step(failures=1)


async def _give_back(job: BackgroundJob, month: date, time: RetentionTime) -> bool:
    """Drop a month or cut it down, waiting a little for whoever is in the way; otherwise its events go one by one."""
    for _ in range(_ATTEMPTS):
        try:
            async with job.database.write(statement_timeout=job.limit_seconds) as connection:
                await _be_alone(connection)
                given_back = await retention_months.give_back(connection, month, time)
                if given_back:
                    await webhook_events.add_retention(connection, None, months=1)
                return given_back
        except QueryTimeout:
            raise
        except Unavailable:
            await asyncio.sleep(_PAUSE_SECONDS)
    log.warning("month not dropped: its tables are in use", month=f"{month:%Y-%m}")
    return False


async def _remove_events(job: BackgroundJob, time: RetentionTime) -> AsyncGenerator[Step, None]:
    async with job.database.read() as connection:
        turns = deque(map(_Organization, await retention.organizations(connection)))
    if time.anonymous_cutoff is not None:
        turns.append(_Organization(ANONYMOUS, waiting=deque([(ANONYMOUS, None)])))
    in_a_row = 0
    while turns:
        organization = turns.popleft()
        try:
            step = await _take_turn(job, organization, time)
        except NotAlone:
            raise
        except Exception as error:
            in_a_row += 1
            if in_a_row == _FAILURES_IN_A_ROW:
                raise
            _report(job, organization, error)
            step = Step(failures=1)
        else:
            in_a_row = 0
        if organization.turn is not None:  # else nobody of it has old events any more, or looking for them failed
            turns.append(organization)
        if step != _NOTHING:
            yield step


async def _take_turn(job: BackgroundJob, organization: _Organization, time: RetentionTime) -> Step:
    """Delete a portion of the old events of the organization's next person, who waits for another turn if need be."""
    organization.turn = None
    person = await _next_person(job.database, organization, time)
    if person is None:
        return Step()
    organization.turn, position = person
    portion = partial(_remove_some, organization, time, position)
    removed = await job.work(_alone(job, portion), LONGEST_SECONDS)
    if removed.position is not None:
        organization.waiting.append((organization.turn, removed.position))
    return Step(events=removed.number)


def _report(job: BackgroundJob, organization: _Organization, error: Exception) -> None:
    user_id = None if organization.turn is None else str(organization.turn)
    log.warning("retention put aside", organization_id=str(organization.id), user_id=user_id, reason=repr(error))
    job.observer.portion_ended(Job.RETENTION, PortionOutcome.PUT_ASIDE)


async def _next_person(
    database: Database, organization: _Organization, time: RetentionTime
) -> tuple[UUID, Position | None] | None:
    """Remove and return the person of the organization whose turn it is; None if nobody has old events any more."""
    while not organization.waiting:
        async with database.read() as connection:
            people = await retention.people(connection, organization.id, organization.last, PEOPLE_AT_ONCE)
            if not people:
                return None
            expired = await retention.expired(connection, people, time.now)
            organization.waiting.extend((user_id, None) for user_id in expired)
        organization.last = people[-1]
    return organization.waiting.popleft()


async def _remove_some(
    organization: _Organization, time: RetentionTime, position: Position | None, connection: AsyncConnection, size: int
) -> RemovedEvents:
    assert organization.turn is not None  # noqa: S101 - it is somebody's turn
    removed = await retention.remove_some_of(connection, organization.turn, time, size, position)
    if removed.number and organization.id != ANONYMOUS:
        await webhook_events.add_retention(connection, organization.id, behaviors=removed.number)
    return removed


async def _remove_rejected(time: RetentionTime, connection: AsyncConnection, size: int) -> int:
    return await retention.remove_some_rejected(connection, time.now, size)


def _alone(
    job: BackgroundJob, transaction: Callable[[AsyncConnection, int], Awaitable[Result]]
) -> Callable[[AsyncConnection, int], Awaitable[Result]]:
    """The same transaction, for the only process that is at it, and not for long behind locks."""

    async def run(connection: AsyncConnection, size: int) -> Result:
        await _be_alone(connection)
        await job.limit_lock_waits(connection)
        return await transaction(connection, size)

    return run


async def _be_alone(connection: AsyncConnection) -> None:
    if not await retention.be_alone(connection):
        raise NotAlone
