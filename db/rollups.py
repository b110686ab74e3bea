"""Rollups as a whole: made from scratch, and compared with their events. Keeping them: db/rollup_maker.py."""

import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import QueryTimeout
from core.portions import Portion
from db.background_jobs import LONGEST_SECONDS, PORTION_SECONDS
from db.engine import Database
from db.models import Hour, rollup_rebuilds
from db.queries import dirty_hours, rollups
from db.queries.person_hours import PersonHour
from db.rollup_maker import RollupMaker

_NO_ID = UUID(int=0)
_HOURS_AT_ONCE = 512
_PEOPLE_AT_ONCE = 16
"""How many people's months are marked together: enough for the maker to work side by side."""


class _Position(NamedTuple):
    """The position of a walk along all rollups: after this person, in this month."""

    month: datetime
    last_user_id: UUID


async def refresh_all(database: Database) -> None:
    """Make the rollups of every marked hour."""
    await RollupMaker(database, everything=True).make_all()


async def rebuild(database: Database, report: Callable[[int], None]) -> set[PersonHour]:
    """Make every rollup anew; return the hours that were deferred. `report` gets the number of hours made.

    Some people's months at a time are marked and made, so queries find nearly all rollups as usual.
    Interrupted, the next call goes on behind those that were done.
    """
    async with database.read() as connection:
        position = await _position(connection)
    put_aside: set[PersonHour] = set()
    marked: list[_Position] = []
    async for month, user_id in _walk(database, position):
        async with database.write() as connection:
            await rollups.use_keys(connection)
            await dirty_hours.mark(connection, await rollups.hours_of(connection, user_id, month))
        marked.append(_Position(month, user_id))
        if len(marked) == _PEOPLE_AT_ONCE:
            put_aside |= await _make_marked(database, marked.pop(), report)
            marked.clear()
    if marked:
        put_aside |= await _make_marked(database, marked.pop(), report)
    async with database.write() as connection:
        await connection.execute(delete(rollup_rebuilds))
    return put_aside


async def count_hours(database: Database) -> int:
    """Return the number of hours that have rollups."""
    async with database.read() as connection:
        return await connection.scalar(select(func.count()).select_from(Hour)) or 0


async def is_being_rebuilt(database: Database) -> bool:
    """Return True if a rebuild was interrupted."""
    async with database.read() as connection:
        return await _position(connection) is not None


async def _make_marked(database: Database, last: _Position, report: Callable[[int], None]) -> set[PersonHour]:
    put_aside = await RollupMaker(database, everything=True).make_all(report)
    async with database.write() as connection:
        statement = insert(rollup_rebuilds).values(id=1, **last._asdict())
        await connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=last._asdict()))
    return put_aside


async def verify(database: Database) -> AsyncIterator[tuple[int, list[PersonHour]]]:
    """Compare rollups with events: yields, part by part, how many hours were compared and which of them are wrong.

    Parts that take too long are halved, down to one hour; QueryTimeout when that takes longer than the longest limit.
    """
    portion = Portion(_HOURS_AT_ONCE)
    async for month, user_id in _walk(database, None):
        async with database.read() as connection:
            await rollups.use_keys(connection)
            hours = await rollups.hours_of(connection, user_id, month)
        while hours:
            part = hours[: portion.size]
            limit, began = LONGEST_SECONDS if len(part) == 1 else PORTION_SECONDS, time.monotonic()
            try:
                async with database.write(statement_timeout=limit) as connection:
                    await rollups.use_keys(connection)
                    wrong = await rollups.wrong_hours(connection, part)
            except QueryTimeout:
                if not portion.halve(len(part)):
                    raise
                continue
            if time.monotonic() - began < PORTION_SECONDS / 4:
                portion.grow()
            hours = hours[len(part) :]
            yield len(part), wrong


async def _walk(database: Database, position: _Position | None) -> AsyncIterator[tuple[datetime, UUID]]:
    """Every month in which a person has an event or a rollup, from a position on: month by month, by id."""
    async with database.read() as connection:
        months = await rollups.months(connection)
    for month in months:
        if position is not None and month < position.month:
            continue
        last = position.last_user_id if position is not None and position.month == month else _NO_ID
        if last == _NO_ID:  # anonymous events have that very id
            yield month, _NO_ID
        while True:
            async with database.read() as connection:
                await rollups.use_keys(connection)
                user_id = await rollups.next_person(connection, month, last)
            if user_id is None:
                break
            yield month, user_id
            last = user_id


async def _position(connection: AsyncConnection) -> _Position | None:
    row = (await connection.execute(select(rollup_rebuilds.c.month, rollup_rebuilds.c.last_user_id))).one_or_none()
    return None if row is None else _Position(*row)
