"""A person's events as ranges of the key: deleting and counting the next ones, however many there are."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class Position(NamedTuple):
    """A place among a person's events, in the order of their key."""

    ts: datetime
    id: UUID


FIRST = Position(datetime.min.replace(tzinfo=UTC), UUID(int=0))
"""Before every event."""
_LAST = Position(datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))


class RemovedEvents(NamedTuple):
    """The number of events deleted, and the position after which there may be more (None: there are none)."""

    number: int
    position: Position | None


async def remove_oldest(
    connection: AsyncConnection,
    user_id: UUID,
    limit: int,
    *,
    after: Position | None = None,
    before: datetime = _LAST.ts,
    marks: bool = False,
) -> RemovedEvents:
    """Delete at most `limit` of a person's events from before an instant, the oldest first.

    `after`: only events after a position. When deleting in portions, pass the end of the last one: otherwise deleted
    rows would be read again each time, as long as an older snapshot is in use. `marks`: their hours are marked.

    The events are a range of the key, whose end is looked up first: the time this takes depends neither on their number
    nor on how many share an instant. (An event that is stored meanwhile within that range is deleted too.)
    """
    start = after or FIRST
    values = {"user_id": user_id, "before": before, "first_ts": start.ts, "first_id": start.id}
    row = (await connection.execute(_LAST_OF_SOME, values | {"offset": limit - 1})).one_or_none()
    last = None if row is None else Position(*row)
    end = last or _LAST
    range_ = values | {"last_ts": end.ts, "last_id": end.id}
    number = await connection.scalar(_REMOVE_RANGE, range_ | {"marks": marks})
    return RemovedEvents(number or 0, last)


# The conditions on `ts` alone follow from those on both; partitions are ruled out by them.
_LAST_OF_SOME = text("""
    SELECT ts, id FROM behaviors
    WHERE user_id = :user_id AND ts < :before AND ts >= :first_ts AND (ts, id) > (:first_ts, :first_id)
    ORDER BY ts, id OFFSET :offset LIMIT 1
""")
_REMOVE_RANGE = text("""
    WITH removed AS (
        DELETE FROM behaviors
        WHERE user_id = :user_id AND ts < :before
            AND ts >= :first_ts AND (ts, id) > (:first_ts, :first_id)
            AND ts <= :last_ts AND (ts, id) <= (:last_ts, :last_id)
        RETURNING ts
    ), mark AS (
        INSERT INTO dirty_hours (user_id, hour)
        SELECT DISTINCT CAST(:user_id AS uuid), date_trunc('hour', ts, 'UTC') FROM removed WHERE CAST(:marks AS boolean)
    )
    SELECT count(*) FROM removed
""")


async def count_up_to(
    connection: AsyncConnection, user_ids: Sequence[UUID], limit: int, *, after: Position | None = None
) -> int:
    """The number of events of these people, of the first one of them behind a position; at most `limit`."""
    start = after or FIRST
    values = {"user_id": user_ids[0] if user_ids else None, "others": list(user_ids[1:]), "limit": limit}
    return await connection.scalar(_COUNT, values | {"first_ts": start.ts, "first_id": start.id}) or 0


_COUNT = text("""
    SELECT least(count(*), :limit) FROM (
        (SELECT FROM behaviors WHERE user_id = :user_id AND ts >= :first_ts AND (ts, id) > (:first_ts, :first_id)
         LIMIT :limit)
        UNION ALL
        (SELECT FROM behaviors WHERE user_id = ANY(CAST(:others AS uuid[])) LIMIT :limit)
    ) AS event
""")
