"""Making rollups from events, and checking them. What they are: db/queries/rollup_sql.py.

The unit of work is one hour of one person. Marks (db/queries/dirty_hours.py) say which hours are out of date; a query
reads the events of those and the rollups of all others (db/metrics/source.py), so it is right whatever the state of the
work.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, time
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.months import next_month
from db.cluster import topology_of
from db.queries import partitions
from db.queries.person_hours import CHOSEN, PersonHour, arrays_of
from db.queries.rollup_sql import HOUR_COLUMNS, RUN_COLUMNS, hours_of_runs, runs_of_events

_LOCK = 0x0BE4A712


async def lock_people(connection: AsyncConnection, user_ids: Collection[UUID]) -> set[UUID]:
    """Lock these people against other makers of rollups until the transaction ends; return those it could lock."""
    statement = text("""
        SELECT user_id FROM unnest(CAST(:user_ids AS uuid[]), CAST(:keys AS integer[])) AS person (user_id, key)
        WHERE pg_try_advisory_xact_lock(:lock, key)
    """)
    values = {"user_ids": list(user_ids), "keys": [_lock_key(each) for each in user_ids], "lock": _LOCK}
    return set(await connection.scalars(statement, values))


async def wait_for_makers(connection: AsyncConnection, user_id: UUID) -> None:
    """Return once nobody makes this person's rollups from events as they were before this transaction began."""
    values = {"lock": _LOCK, "key": _lock_key(user_id)}
    await connection.execute(text("SELECT pg_advisory_xact_lock(:lock, :key)"), values)


def _lock_key(user_id: UUID) -> int:
    """A person's number among locks. Two people may share one: then they wait for one another, which harms nobody."""
    return int.from_bytes(user_id.bytes[:4], signed=True)


async def use_keys(connection: AsyncConnection) -> None:
    """Have this transaction look hours up by key, whatever statistics say.

    Tables that have grown within minutes look small to the planner, and it then reads a partition for each hour.
    """
    await connection.execute(text("SET LOCAL enable_seqscan = off"))


async def make(connection: AsyncConnection, hours: Collection[PersonHour]) -> None:
    """Make the rollups of these hours, each named once, anew from their events."""
    topology = topology_of(connection)
    arrays = arrays_of(hours)
    await _remove_runs(connection, hours)
    for statement in (
        f"INSERT INTO runs ({RUN_COLUMNS}) {runs_of_events(topology)}",
        f"DELETE FROM hours USING {CHOSEN} WHERE hours.user_id = chosen.user_id AND hours.hour = chosen.hour",
        f"""
            INSERT INTO hours ({HOUR_COLUMNS})
            WITH {hours_of_runs(topology)} SELECT {HOUR_COLUMNS} FROM made_hour
        """,
        f"""
            DELETE FROM deferred_hours USING {CHOSEN}
            WHERE deferred_hours.user_id = chosen.user_id AND deferred_hours.hour = chosen.hour
        """,
    ):
        await connection.execute(text(statement), arrays)


async def _remove_runs(connection: AsyncConnection, hours: Collection[PersonHour]) -> None:
    """Delete the runs of these hours, each hour's along the key.

    As a join of people alone, which the planner takes for the cheaper way where somebody has many runs, every run of
    theirs is compared with each of their hours: a million runs with 250 hours in two seconds, instead of milliseconds.
    """
    await connection.execute(text("SET LOCAL enable_mergejoin = off"))
    await connection.execute(text("SET LOCAL enable_hashjoin = off"))
    await connection.execute(
        text(f"""
            DELETE FROM runs USING {CHOSEN}
            WHERE runs.user_id = chosen.user_id AND runs.first_ts >= chosen.hour AND runs.first_ts < chosen.ends
        """),
        arrays_of(hours),
    )
    await connection.execute(text("SET LOCAL enable_mergejoin = on"))
    await connection.execute(text("SET LOCAL enable_hashjoin = on"))


async def wrong_hours(connection: AsyncConnection, hours: Collection[PersonHour]) -> list[PersonHour]:
    """Return the unmarked ones of these hours whose rollups differ from what their events make."""
    topology = topology_of(connection)
    arrays = arrays_of(hours)
    kept_runs = f"""
        SELECT kept.* FROM {CHOSEN} CROSS JOIN LATERAL (
            SELECT {RUN_COLUMNS} FROM runs
            WHERE user_id = chosen.user_id AND first_ts >= chosen.hour AND first_ts < chosen.ends
            {topology.lookup_end}
        ) AS kept
    """
    of_runs = f"WITH {_wrong(RUN_COLUMNS, runs_of_events(topology), kept_runs)}"
    made_hours = f"SELECT {HOUR_COLUMNS} FROM made_hour"
    kept_hours = f"""
        SELECT kept.* FROM {CHOSEN} CROSS JOIN LATERAL (
            SELECT {HOUR_COLUMNS} FROM hours WHERE user_id = chosen.user_id AND hour = chosen.hour
        ) AS kept
    """
    of_hours = f"WITH {hours_of_runs(topology)}, {_wrong(HOUR_COLUMNS, made_hours, kept_hours)}"
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


async def defer(connection: AsyncConnection, hour: PersonHour, now: datetime) -> datetime | None:
    """Defer a marked hour for a time that doubles with each attempt, from ten minutes to a day; return its end.

    None when it bears no mark any more, as after an erasure.
    """
    await wait_for_makers(connection, hour.user_id)
    statement = text("""
        INSERT INTO deferred_hours AS deferred (user_id, hour, attempts, retry_at)
        SELECT user_id, hour, 1, CAST(:now AS timestamptz) + interval '10 minutes' FROM dirty_hours
        WHERE user_id = :user_id AND hour = :hour LIMIT 1
        ON CONFLICT (user_id, hour) DO UPDATE SET
            attempts = deferred.attempts + 1,
            retry_at = CAST(:now AS timestamptz)
                + least(interval '10 minutes' * power(2, least(deferred.attempts, 10)), interval '1 day')
        RETURNING retry_at
    """)
    retry_at: datetime | None = await connection.scalar(statement, {**hour._asdict(), "now": now})
    return retry_at


async def retry_deferred(connection: AsyncConnection) -> datetime:
    """Make every deferred hour due again; return the present instant by the database's clock."""
    await connection.execute(text("UPDATE deferred_hours SET retry_at = to_timestamp(0)"))
    at: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
    return at


async def months(connection: AsyncConnection) -> list[datetime]:
    """The first instants of the months that have events or rollups, or tables for them."""
    found: set[date] = set()
    for parent in partitions.PARENTS:
        found |= await partitions.months(connection, parent)
        found |= {month async for month in partitions.months_in_default(connection, parent)}
    return [datetime.combine(month, time.min, UTC) for month in sorted(found)]


async def next_person(connection: AsyncConnection, month: datetime, after: UUID) -> UUID | None:
    """The next person, by id, with an event or a rollup in a month that begins then; None behind the last."""
    statement = text("""
        SELECT user_id FROM (
            (SELECT user_id FROM behaviors WHERE user_id > :after AND ts >= :month AND ts < :end
             ORDER BY user_id LIMIT 1)
            UNION ALL
            (SELECT user_id FROM runs WHERE user_id > :after AND first_ts >= :month AND first_ts < :end
             ORDER BY user_id LIMIT 1)
            UNION ALL
            (SELECT user_id FROM hours WHERE user_id > :after AND hour >= :month AND hour < :end
             ORDER BY user_id LIMIT 1)
        ) AS person ORDER BY user_id LIMIT 1
    """)
    values = {"month": month, "end": _end_of(month), "after": after}
    found: UUID | None = await connection.scalar(statement, values)
    return found


async def hours_of(connection: AsyncConnection, user_id: UUID, month: datetime) -> list[PersonHour]:
    """Every hour of a person in a month in which there is an event or a rollup.

    Each hour of the month is looked up by key: that takes as long for a thousand events as for a million.
    """
    statement = text(_HOURS_BY_KEY if topology_of(connection).walks_keys else _HOURS_OF_ROWS)
    values = {"user_id": user_id, "month": month, "end": _end_of(month)}
    return [PersonHour(user_id, hour) for hour in await connection.scalars(statement, values)]


_HOURS_BY_KEY = """
    SELECT hour
    FROM generate_series(
        CAST(:month AS timestamptz), CAST(:end AS timestamptz) - interval '1 hour', interval '1 hour'
    ) AS hour
    WHERE EXISTS (SELECT FROM behaviors WHERE user_id = :user_id AND ts >= hour AND ts < hour + interval '1 hour')
       OR EXISTS (
           SELECT FROM runs WHERE user_id = :user_id AND first_ts >= hour AND first_ts < hour + interval '1 hour'
       )
       OR EXISTS (SELECT FROM hours AS kept WHERE kept.user_id = :user_id AND kept.hour = hour.hour)
    ORDER BY hour
"""
_HOURS_OF_ROWS = """
    SELECT date_trunc('hour', ts, 'UTC') AS hour FROM behaviors
    WHERE user_id = :user_id AND ts >= :month AND ts < :end
    UNION
    SELECT date_trunc('hour', first_ts, 'UTC') FROM runs
    WHERE user_id = :user_id AND first_ts >= :month AND first_ts < :end
    UNION
    SELECT hour FROM hours WHERE user_id = :user_id AND hour >= :month AND hour < :end
    ORDER BY hour
"""


def _end_of(month: datetime) -> datetime:
    first = next_month(month.date())
    return month.replace(year=first.year, month=first.month)


async def remove_some_runs_of(connection: AsyncConnection, user_id: UUID, limit: int) -> int:
    """Delete at most `limit` runs of a person; return how many there were."""
    statement = text("""
        DELETE FROM runs WHERE (user_id, first_ts, first_id) IN (
            SELECT user_id, first_ts, first_id FROM runs WHERE user_id = :user_id LIMIT :limit
        )
    """)
    return (await connection.execute(statement, {"user_id": user_id, "limit": limit})).rowcount


async def remove_some_hours_of(connection: AsyncConnection, user_id: UUID, limit: int) -> int:
    """Delete at most `limit` hours of a person; return how many there were."""
    statement = text("""
        DELETE FROM hours WHERE (user_id, hour) IN (
            SELECT user_id, hour FROM hours WHERE user_id = :user_id LIMIT :limit
        )
    """)
    return (await connection.execute(statement, {"user_id": user_id, "limit": limit})).rowcount
