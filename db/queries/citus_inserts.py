"""Inserting events on a cluster by a VALUES list, whose rows it sends to their people's machines in one go.

Rows made from arrays (db/queries/ingestion.py) would be made by the coordinator first, and sent by it a second time for
the marks. A VALUES list, though, is another statement for each number of rows, and each connection keeps a hundred
prepared statements, at 8 kB a row in the coordinator's memory. So lists have one of ten lengths.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert
from sqlalchemy.dialects.postgresql import insert as insert_or_skip
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from db.models import Behavior, dirty_hours

LARGEST = 512
"""How many rows a statement has at the most: eleven parameters each, of 32,767 that the protocol allows."""

# With RETURNING, SQLAlchemy sends the rows of one execution in one statement; without, in one statement each.
_EVENTS = insert_or_skip(Behavior).on_conflict_do_nothing().returning(Behavior.user_id, Behavior.ts, Behavior.id)
_MARKS = insert(dirty_hours).returning(dirty_hours.c.hour)

_Returning = ReturningInsert[*tuple[Any, ...]]
_Rows = Sequence[dict[str, object]]


async def insert_routed(
    connection: AsyncConnection, columns: Mapping[str, Iterable[object]], received_at: datetime, *, marks: bool
) -> set[UUID]:
    """Insert events, given by column and sorted by key, and mark the hours that gain one; return the new ones' ids."""
    values = zip(*columns.values(), strict=True)
    events = [dict(zip(columns, row, strict=True), received_at=received_at) for row in values]
    new = await _insert(connection, _EVENTS, events)
    if marks:
        hours = Counter((row.user_id, row.ts.replace(minute=0, second=0, microsecond=0)) for row in new)
        rows = [{"user_id": user_id, "hour": hour, "events": hours[user_id, hour]} for user_id, hour in sorted(hours)]
        await _insert(connection, _MARKS, rows)
    return {row.id for row in new}


async def _insert(connection: AsyncConnection, statement: _Returning, rows: _Rows) -> list[Row[Any]]:
    """Insert rows in their order; return the statement's RETURNING columns of the new ones."""
    return [row for part in _in_few_sizes(rows) for row in await connection.execute(statement, part)]


def _in_few_sizes(rows: _Rows) -> Iterator[_Rows]:
    """Parts of the rows, each as long as a power of two: 1,300 are 512, 512, 256, 16 and 4."""
    begin = 0
    while begin < len(rows):
        size = min(LARGEST, 1 << (len(rows) - begin).bit_length() - 1)
        yield rows[begin : begin + size]
        begin += size
