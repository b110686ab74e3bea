"""Reading all marks, slice by slice, and leaving each hour one of them.

    marks    ada 9:00 ×××××××  ada 10:00 ×  |  ben 9:00 ××××|××××××××|××  cy 9:00 ×
    slices   [─────────────────────────────]  [────────────][────────][───────────]
    left     ada 9:00 ×        ada 10:00 ×     ben 9:00 ×                 cy 9:00 ×

An hour that a slice does not reach the end of is read again from its first mark on, which then stands for all before.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.queries.dirty_hours import Cutoff
from db.queries.rollups import lock_people

_INSTANT = timedelta(microseconds=1)
_LOCKS_AT_ONCE = 500
"""Of some six thousand that PostgreSQL has for all transactions together, unless it is told otherwise."""


class Place(NamedTuple):
    """A place in the order of all marks."""

    user_id: UUID
    hour: datetime
    marked_at: datetime


_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
FIRST_PLACE = Place(UUID(int=0), _LONG_AGO, _LONG_AGO)


class MarkedPerson(NamedTuple):
    """A person's marks in a slice.

    `hours` are over and not put aside, the first and the last of them `oldest` and `newest` (None without any), with so
    many new `events`; whether any of them can be worked on.
    """

    user_id: UUID
    hours: int
    events: int
    oldest: datetime | None
    newest: datetime | None
    is_workable: bool


class Slice(NamedTuple):
    """The people of a slice, and where the next one begins; None behind the last mark."""

    people: list[MarkedPerson]
    next: Place | None


async def read_slice(connection: AsyncConnection, limit: int, *, place: Place, cutoff: Cutoff) -> Slice:
    """Read at most `limit` marks, and one more, from a place on; leave each hour the first, with the events of all."""
    values = {
        **place._asdict(),
        "limit": limit + 1,
        "now": cutoff.now,
        "last_hour": cutoff.last_hour,
        "marked_before": cutoff.marked_before,
    }
    rows = (await connection.execute(_SLICE, values)).all()
    crowded = [number for number, row in enumerate(rows) if row.crowded_hours]
    if len(crowded) > _LOCKS_AT_ONCE:  # the next slice begins behind so many people
        following = rows[crowded[_LOCKS_AT_ONCE]]
        rows = rows[: crowded[_LOCKS_AT_ONCE]]
    else:
        following = None
    # Of somebody whose rollups are being made, marks are taken away at this moment: both would wait for one another.
    locked = await lock_people(connection, [row.user_id for row in rows if row.crowded_hours])
    await _leave_one(connection, [row for row in rows if row.user_id in locked])
    people = [MarkedPerson(*(getattr(row, name) for name in MarkedPerson._fields)) for row in rows]
    if following is not None:
        return Slice(people, Place(following.user_id, _LONG_AGO, _LONG_AGO))
    if sum(row.marks for row in rows) <= limit:
        return Slice(people, None)
    last = rows[-1]
    if last.last_marks == 1 or last.user_id in locked:
        return Slice(people, Place(last.user_id, last.last_hour, last.first_mark))
    reached = Place(last.user_id, last.last_hour, last.last_mark)
    return Slice(people, max(reached, place._replace(marked_at=place.marked_at + _INSTANT)))


async def _leave_one(connection: AsyncConnection, people: Sequence[Row[Any]]) -> None:
    """Replace the marks of these people's crowded hours, as far as they were read, by one each."""
    if not people:
        return
    values = {
        "user_ids": [person.user_id for person in people for _ in person.crowded_hours],
        "hours": [hour for person in people for hour in person.crowded_hours],
        "firsts": [first for person in people for first in person.firsts],
        "lasts": [last for person in people for last in person.lasts],
    }
    await connection.execute(_LEAVE_ONE, values)


# Grouped in the server: of a person with thousands of hours, or an hour with thousands of marks, one row comes back.
_SLICE = text("""
    WITH dirty AS (
        SELECT user_id, hour, min(marked_at) AS first, max(marked_at) AS last, count(*) AS marks,
               least(sum(events), 1000000000)::integer AS events
        FROM (
            SELECT user_id, hour, marked_at, events FROM dirty_hours
            WHERE (user_id, hour, marked_at) >= (:user_id, :hour, :marked_at)
            ORDER BY user_id, hour, marked_at LIMIT :limit
        ) AS mark
        GROUP BY user_id, hour
    ), deferred AS (
        SELECT user_id, hour FROM deferred_hours WHERE retry_at > :now
    )
    SELECT dirty.user_id, sum(marks)::integer AS marks,
           count(*) FILTER (WHERE is_over) AS hours,
           coalesce(sum(events) FILTER (WHERE is_over), 0)::bigint AS events,
           min(dirty.hour) FILTER (WHERE is_over) AS oldest,
           max(dirty.hour) FILTER (WHERE is_over) AS newest,
           bool_or(is_over AND first < :marked_before) AS is_workable,
           array_agg(dirty.hour) FILTER (WHERE marks > 1) AS crowded_hours,
           array_agg(first) FILTER (WHERE marks > 1) AS firsts,
           array_agg(last) FILTER (WHERE marks > 1) AS lasts,
           max(dirty.hour) AS last_hour,
           (array_agg(first ORDER BY dirty.hour DESC))[1] AS first_mark,
           (array_agg(last ORDER BY dirty.hour DESC))[1] AS last_mark,
           (array_agg(marks ORDER BY dirty.hour DESC))[1] AS last_marks
    FROM dirty LEFT JOIN deferred ON deferred.user_id = dirty.user_id AND deferred.hour = dirty.hour
    CROSS JOIN LATERAL (SELECT dirty.hour <= :last_hour AND deferred.user_id IS NULL AS is_over) AS state
    GROUP BY dirty.user_id ORDER BY dirty.user_id
""")
# Marks have no key by which all but one of the same instant could be removed: all are, and one is set again. What a
# maker has taken away since they were read stays away.
_LEAVE_ONE = text("""
    WITH removed AS (
        DELETE FROM dirty_hours USING unnest(
            CAST(:user_ids AS uuid[]), CAST(:hours AS timestamptz[]),
            CAST(:firsts AS timestamptz[]), CAST(:lasts AS timestamptz[])
        ) AS chosen (user_id, hour, first, last)
        WHERE dirty_hours.user_id = chosen.user_id AND dirty_hours.hour = chosen.hour
          AND dirty_hours.marked_at >= chosen.first AND dirty_hours.marked_at <= chosen.last
        RETURNING dirty_hours.user_id, dirty_hours.hour, dirty_hours.marked_at, dirty_hours.events
    )
    INSERT INTO dirty_hours (user_id, hour, marked_at, events)
    SELECT user_id, hour, min(marked_at), least(sum(events), 1000000000)::integer FROM removed GROUP BY user_id, hour
""")
