"""Keeping events only as long as their organization wants: whole months are dropped, the rest is deleted bit by bit."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import now
from core.errors import QueryTimeout, Unavailable
from db.engine import Database
from db.queries import retention

log = structlog.get_logger()

FIRST_SECONDS = 60
"""How long after the start it begins: a command that is done before that has the work to itself."""
INTERVAL_SECONDS = 3600
ROWS_AT_ONCE = 20_000
PEOPLE_AT_ONCE = 1000
_ATTEMPTS = 5
_PAUSE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Step:
    """What a step has deleted: whole months, events one by one, rejected events."""

    months: int = 0
    events: int = 0
    rejected_events: int = 0

    def __add__(self, other: "Step") -> "Step":
        return Step(
            self.months + other.months,
            self.events + other.events,
            self.rejected_events + other.rejected_events,
        )


class NotAlone(Exception):
    """Another process is deleting old events."""


async def keep_retention(database: Database) -> None:
    """Delete what has had its time, every hour, until cancelled."""
    await asyncio.sleep(FIRST_SECONDS)
    while True:
        try:
            total = Step()
            async for step in apply(database, now()):
                total += step
            if total != Step():
                log.info("old events deleted", months=total.months, events=total.events)
        except NotAlone:
            pass  # it does our work, too
        except Unavailable as error:
            log.warning("retention put off", reason=error.message)
        except Exception:  # one failure must not end the work for good
            log.exception("retention failed")
        await asyncio.sleep(INTERVAL_SECONDS)


async def apply(database: Database, at: datetime) -> AsyncIterator[Step]:
    """Delete everything that organizations do not keep at that instant, step by step; yields what each step deleted.

    Every step is a transaction of its own, so whoever stops in the midst of it has lost nothing, and goes on next time.
    Raises NotAlone when another process is at it.
    """
    async with database.read() as connection:
        cutoff = await retention.latest_cutoff(connection, at)
    if cutoff is None:
        return
    async for step in _drop_months(database, cutoff, at):
        yield step
    async for user_id in _expired(database, at):
        more = True
        while more:
            async with database.write() as connection:
                await _be_alone(connection)
                removed, more = await retention.remove_some_of(connection, user_id, at, ROWS_AT_ONCE)
            yield Step(events=removed)
    async with database.write() as connection:
        yield Step(rejected_events=await retention.remove_rejected(connection, at))


async def _drop_months(database: Database, cutoff: datetime, at: datetime) -> AsyncIterator[Step]:
    async with database.read() as connection:
        months = await retention.months_before(connection, cutoff)
    for month in months:
        async with database.read() as connection:
            kept = await retention.kept_by_somebody(connection, month, at)
        if not kept and await _drop(database, month, at):
            yield Step(months=1)


async def _drop(database: Database, month: date, at: datetime) -> bool:
    """Drop a month, waiting a little for whoever is in the way; otherwise its events are deleted one by one."""
    for _ in range(_ATTEMPTS):
        try:
            async with database.write() as connection:
                await _be_alone(connection)
                return await retention.drop_month(connection, month, at)
        except QueryTimeout:
            raise
        except Unavailable:
            await asyncio.sleep(_PAUSE_SECONDS)
    log.warning("month not dropped: its tables are in use", month=f"{month:%Y-%m}")
    return False


async def _expired(database: Database, at: datetime) -> AsyncIterator[UUID]:
    last = UUID(int=0)
    while True:
        async with database.read() as connection:
            people = await retention.people(connection, last, PEOPLE_AT_ONCE)
            found = await retention.expired(connection, people, at)
        if not people:
            return
        for user_id in found:
            yield user_id
        last = people[-1]


async def _be_alone(connection: AsyncConnection) -> None:
    if not await retention.be_alone(connection):
        raise NotAlone
