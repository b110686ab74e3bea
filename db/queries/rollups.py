"""Making rollups from events, and checking them. What they are: db/queries/rollup_sql.py.

The unit of work is one hour of one person. Marks in `dirty_hours` say which hours are out of date; a question reads the
events of those and the rollups of all others (db/metrics/source.py), so it is right whatever the state of the work.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Uuid, any_, delete, literal, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from db.cluster import is_cluster
from db.models import dirty_hours
from db.queries.rollup_sql import CHOSEN, HOUR_COLUMNS, RUN_COLUMNS, hours_of_runs, one_by_one, runs_of_events

_LOCK = 0x0BE4A712
_AN_HOUR = timedelta(hours=1)


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


async def take_marks(
    connection: AsyncConnection, before: datetime, limit: int, *, over: bool = False
) -> list[PersonHour]:
    """Take the marks of some hours away, of those that were marked first and before an instant; the hours.

    `over`: only of hours that were over by then. All marks of such an hour go, later ones too. The runs must be made in
    a later statement of the same transaction: that sees every event whose mark was taken.
    """
    oldest = text(f"""
        SELECT user_id, hour FROM dirty_hours
        WHERE marked_at < :before {"AND hour <= :last_hour" if over else ""}
        ORDER BY marked_at LIMIT :limit
    """)
    values = {"before": before, "limit": limit} | ({"last_hour": before - _AN_HOUR} if over else {})
    rows = await connection.execute(oldest, values)
    hours = sorted({PersonHour(*row) for row in rows})
    if hours:
        await connection.execute(_TAKE, _arrays(hours))
    return hours


_TAKE = text(f"""
    DELETE FROM dirty_hours USING {CHOSEN}
    WHERE dirty_hours.user_id = chosen.user_id AND dirty_hours.hour = chosen.hour
""")


async def thin_out_marks(connection: AsyncConnection) -> None:
    """Take away all marks of an hour but the first, which says as much. For who is alone."""
    await connection.execute(
        text("""
            DELETE FROM dirty_hours AS mark USING (
                SELECT user_id, hour, min(marked_at) AS marked_at FROM dirty_hours
                GROUP BY user_id, hour HAVING count(*) > 1
            ) AS first
            WHERE first.user_id = mark.user_id AND first.hour = mark.hour AND first.marked_at < mark.marked_at
        """)
    )


async def make(connection: AsyncConnection, hours: Collection[PersonHour]) -> None:
    """Make the rollups of these hours, each named once, anew from their events."""
    spread = is_cluster(connection)
    arrays = _arrays(hours)
    for statement in (
        f"""
            DELETE FROM runs USING {CHOSEN}
            WHERE runs.user_id = chosen.user_id AND runs.first_ts >= chosen.hour AND runs.first_ts < chosen.ends
        """,
        f"INSERT INTO runs ({RUN_COLUMNS}) {runs_of_events(spread=spread)}",
        f"DELETE FROM hours USING {CHOSEN} WHERE hours.user_id = chosen.user_id AND hours.hour = chosen.hour",
        f"""
            INSERT INTO hours ({HOUR_COLUMNS})
            WITH {hours_of_runs(spread=spread)} SELECT {HOUR_COLUMNS} FROM made_hour
        """,
    ):
        await connection.execute(text(statement), arrays)


async def wrong_hours(connection: AsyncConnection, hours: Collection[PersonHour]) -> list[PersonHour]:
    """Those of these hours whose rollups are not what their events make, and which bear no mark that says so."""
    spread = is_cluster(connection)
    arrays = _arrays(hours)
    kept_runs = f"""
        SELECT kept.* FROM {CHOSEN} CROSS JOIN LATERAL (
            SELECT {RUN_COLUMNS} FROM runs
            WHERE user_id = chosen.user_id AND first_ts >= chosen.hour AND first_ts < chosen.ends
            {one_by_one(spread=spread)}
        ) AS kept
    """
    of_runs = f"WITH {_wrong(RUN_COLUMNS, runs_of_events(spread=spread), kept_runs)}"
    made_hours = f"SELECT {HOUR_COLUMNS} FROM made_hour"
    kept_hours = f"""
        SELECT kept.* FROM {CHOSEN} CROSS JOIN LATERAL (
            SELECT {HOUR_COLUMNS} FROM hours WHERE user_id = chosen.user_id AND hour = chosen.hour
        ) AS kept
    """
    of_hours = f"WITH {hours_of_runs(spread=spread)}, {_wrong(HOUR_COLUMNS, made_hours, kept_hours)}"
    checks = (f"{of_runs} {_UNMARKED.format(hour=_HOUR_OF_RUN)}", f"{of_hours} {_UNMARKED.format(hour='hour')}")
    found = {PersonHour(*row) for check in checks for row in await connection.execute(text(check), arrays)}
    return sorted(found)


_HOUR_OF_RUN = "date_trunc('hour', first_ts, 'UTC')"
_UNMARKED = """
    SELECT DISTINCT user_id, {hour} FROM wrong WHERE NOT EXISTS (
        SELECT FROM dirty_hours AS mark WHERE mark.user_id = wrong.user_id AND mark.hour = {hour}
    )
"""


def _wrong(columns: str, made: str, kept: str) -> str:
    """`wrong`: what is among what was made but not among what was kept, or the other way round."""
    return f"""
        wrong AS (
            SELECT {columns} FROM (({made}) UNION ALL ({kept})) AS rollup GROUP BY {columns} HAVING count(*) = 1
        )
    """


async def mark(connection: AsyncConnection, hours: Collection[PersonHour]) -> None:
    """Mark these hours: their events have changed, or their runs are to be made anew."""
    statement = text("""
        INSERT INTO dirty_hours (user_id, hour)
        SELECT * FROM unnest(CAST(:user_ids AS uuid[]), CAST(:hours AS timestamptz[]))
    """)
    await connection.execute(statement, _arrays(hours))


class Backlog(NamedTuple):
    """How many hours bear a mark, and for how many seconds the one that waits longest could have been made (0: none).

    It waits since it was marked, or since it was over.
    """

    hours: int
    oldest_seconds: float


async def backlog(connection: AsyncConnection) -> Backlog:
    """What is left to be done. Reads every mark: not for every request."""
    statement = text("""
        SELECT (SELECT count(*) FROM (SELECT DISTINCT user_id, hour FROM dirty_hours) AS dirty),
               greatest(extract(epoch FROM now() - (
                   SELECT min(greatest(marked_at, hour + interval '1 hour')) FROM dirty_hours
               )), 0)::float8
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
        SELECT user_id, hour FROM (
            SELECT user_id, date_trunc('hour', ts, 'UTC') AS hour FROM behaviors WHERE ts >= :start AND ts < :end
            UNION
            SELECT user_id, date_trunc('hour', first_ts, 'UTC') FROM runs WHERE first_ts >= :start AND first_ts < :end
            UNION
            SELECT user_id, hour FROM hours WHERE hour >= :start AND hour < :end
        ) AS used ORDER BY user_id, hour
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
    ids = literal(list(user_ids), ARRAY(Uuid()))  # one parameter, however many people an organization has
    await connection.execute(delete(dirty_hours).where(dirty_hours.c.user_id == any_(ids)))


def _arrays(hours: Collection[PersonHour]) -> dict[str, list[object]]:
    return {
        "user_ids": [each.user_id for each in hours],
        "hours": [each.hour for each in hours],
        "ends": [each.hour + _AN_HOUR for each in hours],
    }
