"""Making rollups from events, and checking them. What they are: db/queries/rollup_sql.py.

The unit of work is one hour of one person. Marks in `dirty_hours` say which hours are out of date; a question reads the
events of those and the rollups of all others (db/metrics/source.py), so it is right whatever the state of the work.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.models import dirty_hours
from db.queries.rollup_sql import CHOSEN, HOUR_COLUMNS, HOURS_OF_RUNS, RUN_COLUMNS, RUNS_OF_EVENTS

_LOCK = 0x0BE4A712


class PersonHour(NamedTuple):
    """An hour of a person; `hour` is its first instant."""

    user_id: UUID
    hour: datetime


async def be_alone(connection: AsyncConnection) -> bool:
    """Become the only one who makes runs until the transaction ends; False when somebody else is at it."""
    return bool(await connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}))


async def wait_for_makers(connection: AsyncConnection) -> None:
    """Return once nobody makes runs from events as they were before this transaction began."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


async def take_marks(connection: AsyncConnection, before: datetime, limit: int) -> list[PersonHour]:
    """Take away marks set before an instant, the oldest first; the hours they were on.

    The runs must be made in a later statement of the same transaction: that sees every event whose mark this one took.
    """
    statement = text("""
        WITH taken AS (
            DELETE FROM dirty_hours WHERE ctid = ANY(ARRAY(
                SELECT ctid FROM dirty_hours WHERE marked_at < :before ORDER BY marked_at LIMIT :limit
            ))
            RETURNING user_id, hour
        )
        SELECT DISTINCT user_id, hour FROM taken ORDER BY user_id, hour
    """)
    rows = await connection.execute(statement, {"before": before, "limit": limit})
    return [PersonHour(*row) for row in rows]


async def make(connection: AsyncConnection, hours: Collection[PersonHour]) -> None:
    """Make the rollups of these hours anew from their events."""
    arrays = _arrays(hours)
    for statement in (
        f"""
            {CHOSEN}
            DELETE FROM runs USING chosen
            WHERE runs.user_id = chosen.user_id
              AND runs.first_ts >= chosen.hour AND runs.first_ts < chosen.hour + interval '1 hour'
        """,
        f"{CHOSEN} INSERT INTO runs ({RUN_COLUMNS}) {RUNS_OF_EVENTS}",
        f"""
            {CHOSEN}
            DELETE FROM hours USING chosen WHERE hours.user_id = chosen.user_id AND hours.hour = chosen.hour
        """,
        f"{CHOSEN}, {HOURS_OF_RUNS} INSERT INTO hours ({HOUR_COLUMNS}) SELECT {HOUR_COLUMNS} FROM made_hour",
    ):
        await connection.execute(text(statement), arrays)


async def wrong_hours(connection: AsyncConnection, hours: Collection[PersonHour]) -> list[PersonHour]:
    """Those of these hours whose rollups are not what their events make, and which bear no mark that says so."""
    arrays = _arrays(hours)
    of_runs = text(f"""
        {CHOSEN}, made AS ({RUNS_OF_EVENTS}), kept AS (
            SELECT {RUN_COLUMNS} FROM chosen CROSS JOIN LATERAL (
                SELECT {RUN_COLUMNS} FROM runs
                WHERE user_id = chosen.user_id
                  AND first_ts >= chosen.hour AND first_ts < chosen.hour + interval '1 hour'
                OFFSET 0
            ) AS run ({RUN_COLUMNS.replace("user_id", "run_user_id", 1)})
        ), wrong AS (
            (TABLE made EXCEPT TABLE kept) UNION ALL (TABLE kept EXCEPT TABLE made)
        )
        SELECT DISTINCT user_id, date_trunc('hour', first_ts, 'UTC') AS hour FROM wrong
        EXCEPT SELECT user_id, hour FROM dirty_hours
    """)
    of_hours = text(f"""
        {CHOSEN}, {HOURS_OF_RUNS}, made AS (SELECT {HOUR_COLUMNS} FROM made_hour), kept AS (
            SELECT {HOUR_COLUMNS} FROM chosen JOIN hours USING (user_id, hour)
        ), wrong AS (
            (TABLE made EXCEPT TABLE kept) UNION ALL (TABLE kept EXCEPT TABLE made)
        )
        SELECT DISTINCT user_id, hour FROM wrong EXCEPT SELECT user_id, hour FROM dirty_hours
    """)
    found = {PersonHour(*row) for check in (of_runs, of_hours) for row in await connection.execute(check, arrays)}
    return sorted(found)


async def mark(connection: AsyncConnection, hours: Collection[PersonHour]) -> None:
    """Mark these hours: their events have changed, or their runs are to be made anew."""
    statement = text("""
        INSERT INTO dirty_hours (user_id, hour)
        SELECT * FROM unnest(CAST(:user_ids AS uuid[]), CAST(:hours AS timestamptz[]))
    """)
    await connection.execute(statement, _arrays(hours))


class Backlog(NamedTuple):
    """How many hours bear a mark, and for how many seconds the oldest mark has been there (0 without any)."""

    hours: int
    oldest_seconds: float


async def backlog(connection: AsyncConnection) -> Backlog:
    """What is left to be done. Reads every mark: not for every request."""
    statement = text("""
        SELECT (SELECT count(*) FROM (SELECT DISTINCT user_id, hour FROM dirty_hours) AS dirty),
               coalesce(extract(epoch FROM now() - (SELECT min(marked_at) FROM dirty_hours)), 0)::float8
    """)
    return Backlog(*(await connection.execute(statement)).one())


async def marks(connection: AsyncConnection) -> int:
    """How many hours bear a mark."""
    statement = text("SELECT count(*) FROM (SELECT DISTINCT user_id, hour FROM dirty_hours) AS dirty")
    return await connection.scalar(statement) or 0


async def months(connection: AsyncConnection) -> list[datetime]:
    """The first instants of the months that have events or rollups."""
    statement = text("""
        SELECT DISTINCT month FROM (
            SELECT to_timestamp(right(child.relname, 7) || '-01', 'YYYY_MM-DD') AS month
            FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
            WHERE inhparent IN ('behaviors'::regclass, 'runs'::regclass, 'hours'::regclass)
        ) AS partition ORDER BY month
    """)
    return list(await connection.scalars(statement))


async def hours_between(connection: AsyncConnection, start: datetime, end: datetime) -> list[PersonHour]:
    """Every hour of every person in which there is an event or a rollup."""
    statement = text("""
        SELECT user_id, date_trunc('hour', ts, 'UTC') AS hour FROM behaviors WHERE ts >= :start AND ts < :end
        UNION
        SELECT user_id, date_trunc('hour', first_ts, 'UTC') FROM runs WHERE first_ts >= :start AND first_ts < :end
        UNION
        SELECT user_id, hour FROM hours WHERE hour >= :start AND hour < :end
        ORDER BY user_id, hour
    """)
    return [PersonHour(*row) for row in await connection.execute(statement, {"start": start, "end": end})]


async def remove_some_runs_of(connection: AsyncConnection, user_id: UUID, limit: int) -> int:
    """Delete at most `limit` runs of a person; how many there were."""
    statement = text("""
        DELETE FROM runs WHERE (user_id, first_ts, first_id) IN (
            SELECT user_id, first_ts, first_id FROM runs WHERE user_id = :user_id LIMIT :limit
        )
    """)
    return (await connection.execute(statement, {"user_id": user_id, "limit": limit})).rowcount


async def remove_some_hours_of(connection: AsyncConnection, user_id: UUID, limit: int) -> int:
    """Delete at most `limit` hours of a person; how many there were."""
    statement = text("""
        DELETE FROM hours WHERE (user_id, hour) IN (
            SELECT user_id, hour FROM hours WHERE user_id = :user_id LIMIT :limit
        )
    """)
    return (await connection.execute(statement, {"user_id": user_id, "limit": limit})).rowcount


async def remove_marks_of(connection: AsyncConnection, user_ids: Collection[UUID]) -> None:
    """Delete every mark of these people."""
    await connection.execute(delete(dirty_hours).where(dirty_hours.c.user_id.in_(user_ids)))


def _arrays(hours: Collection[PersonHour]) -> dict[str, list[object]]:
    return {"user_ids": [each.user_id for each in hours], "hours": [each.hour for each in hours]}
