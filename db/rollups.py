"""Keeping rollups: made from the events in the background, at any time from scratch, and compared with them."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

import structlog

from core.clock import now
from core.errors import Unavailable
from db.engine import Database
from db.partitions import month_of, next_month
from db.queries import rollups
from db.queries.rollups import PersonHour

log = structlog.get_logger()

INTERVAL_SECONDS = 5
REST = timedelta(seconds=30)
"""How long an hour is over, and its mark there, before it is made: late events seldom come alone.

An hour that is not over is left: whoever is busy in it would have it marked again within seconds, all the hour long.
"""
HOURS_AT_ONCE = 500


async def keep_rollups(database: Database) -> None:
    """Make the rollups of marked hours anew, until cancelled."""
    while True:
        try:
            while await refresh(database, now() - REST, over=True):
                pass
            await thin_out(database)
        except Unavailable as error:
            log.warning("rollups put off", reason=error.message)
        except Exception:  # one failure must not end the work for good
            log.exception("rollups failed")
        await asyncio.sleep(INTERVAL_SECONDS)


async def refresh(database: Database, before: datetime, *, over: bool = False, waits: bool = False) -> int:
    """Make a number of hours anew whose marks were set before an instant; how many. 0: none left, or not ours to do.

    `over`: only hours that were over by then. It is not ours while somebody else is at it. Who `waits` for them gets 0
    only when none is left.
    """
    async with database.write() as connection:
        if waits:
            await rollups.wait_for_makers(connection)
        elif not await rollups.be_alone(connection):
            return 0
        hours = await rollups.take_marks(connection, before, HOURS_AT_ONCE, over=over)
        if hours:
            await rollups.make(connection, hours)
        return len(hours)


async def thin_out(database: Database) -> None:
    """Leave an hour one mark of many: those of the present hour stay until it is over, and are read meanwhile."""
    async with database.write() as connection:
        if await rollups.be_alone(connection):
            await rollups.thin_out_marks(connection)


async def refresh_all(database: Database) -> None:
    """Make every marked hour anew."""
    while await refresh(database, now(), waits=True):
        pass


async def mark_everything(database: Database) -> int:
    """Mark every hour that has events or rollups, month by month; how many hours bear a mark then.

    From here on `refresh` does the rest, and goes on where it was if it is interrupted.
    """
    async for hours in _months(database):
        async with database.write() as connection:
            await rollups.mark(connection, hours)
    async with database.read() as connection:
        return await rollups.marks(connection)


async def verify(database: Database) -> AsyncIterator[tuple[int, list[PersonHour]]]:
    """Compare rollups with events: yields, part by part, how many hours were compared and which of them are wrong."""
    async for hours in _months(database):
        for part in _parts(hours):
            async with database.read() as connection:
                yield len(part), await rollups.wrong_hours(connection, part)


async def _months(database: Database) -> AsyncIterator[list[PersonHour]]:
    async with database.read() as connection:
        months = await rollups.months(connection)
    for month in months:
        async with database.read() as connection:
            first = month_of(month)
            end = month.replace(year=next_month(first).year, month=next_month(first).month)
            yield await rollups.hours_between(connection, month, end)


def _parts(hours: Sequence[PersonHour]) -> Iterator[list[PersonHour]]:
    rest = iter(hours)
    while part := list(islice(rest, HOURS_AT_ONCE)):
        yield part
