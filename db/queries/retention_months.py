"""Giving back the disk space of months of which little or nothing is kept any longer.

Deleting events one by one leaves the table as large as it was. So a month of which nothing is kept is dropped, and a
month of which a few events are kept, those of one organization, say, is rewritten with these events alone.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.events import ANONYMOUS
from db.cluster import topology_of
from db.queries.retention import CUTOFF, RetentionTime

MOST_MOVED = 10_000
"""How many kept events are put back into a month that is cut down: the month is locked meanwhile."""
LEAST_FREED = 16 * 2**20
"""How many bytes it must give back at least."""
_OVERHEAD = 4
"""How many times the bytes of its rows a table may take, with its index, when it has just been filled."""


@dataclass(frozen=True, slots=True)
class KeptEvents:
    """The number of a month's kept events, counted up to MOST_MOVED + 1, their bytes, and the month's bytes."""

    events: int
    bytes: int
    month_bytes: int

    @property
    def worth_moving(self) -> bool:
        """True if they are few, and the month is much larger than it would be with them alone.

        So a month that was cut down is left alone afterwards.
        """
        return 0 < self.events <= MOST_MOVED and self.month_bytes >= _OVERHEAD * self.bytes + LEAST_FREED


async def months_before(connection: AsyncConnection, cutoff: datetime) -> list[date]:
    """The first days of the months that have a partition and end by the cutoff, the oldest first."""
    statement = text("""
        SELECT month FROM (
            SELECT to_date(right(child.relname, 7), 'YYYY_MM') AS month
            FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
            WHERE inhparent = 'behaviors'::regclass AND child.relname ~ '^behaviors_[0-9]{4}_[0-9]{2}$'
        ) AS partition
        WHERE (month + interval '1 month') AT TIME ZONE 'UTC' <= :cutoff ORDER BY month
    """)
    return list(await connection.scalars(statement, {"cutoff": cutoff}))


async def kept(connection: AsyncConnection, month: date, time: RetentionTime) -> KeptEvents | None:
    """Return the events kept of a month. None when its partition is gone by now.

    Kept are events of organizations, and anonymous ones, whose cutoff lies before the month's end or that are all kept.
    It takes one look into the key for each such person, and no more events than MOST_MOVED. A cluster, where months are
    dropped but not cut down, only looks for a single kept event.
    """
    if await connection.scalar(text("SELECT to_regclass(:name)"), {"name": f"behaviors_{month:%Y_%m}"}) is None:
        return None
    values = _values(month, time)
    if topology_of(connection).walks_keys:
        return await _measured(connection, month, f"({_kept(month)})", values)
    one = await connection.scalar(text(f"{_kept_without_keys(month)} LIMIT 1"), values)
    return KeptEvents(MOST_MOVED + 1 if one else 0, 0, 0)


async def _measured(
    connection: AsyncConnection, month: date, events: str, values: dict[str, object] | None = None
) -> KeptEvents:
    statement = text(f"""
        SELECT count(*), coalesce(sum(pg_column_size(event.*)), 0), pg_total_relation_size('behaviors_{month:%Y_%m}')
        FROM {events} AS event
    """)  # noqa: S608 - constants, and a date's digits
    return KeptEvents(*(await connection.execute(statement, values or {})).one())


def _values(month: date, time: RetentionTime) -> dict[str, object]:
    return {"now": time.now, "month": month, "nobody": ANONYMOUS, "anonymous_cutoff": time.anonymous_cutoff}


_MONTH_END = "(CAST(:month AS date) + interval '1 month') AT TIME ZONE 'UTC'"
_IS_KEPT = f"retention_days IS NULL OR {CUTOFF} < {_MONTH_END}"
_ANONYMOUS_ARE_KEPT = f"coalesce(CAST(:anonymous_cutoff AS timestamptz) < {_MONTH_END}, true)"


def _kept(month: date) -> str:
    return f"""
        SELECT event.* FROM (
            SELECT person.id FROM extension_users AS person
            JOIN organizations AS organization ON organization.id = person.organization_id
            WHERE {_IS_KEPT} UNION ALL SELECT CAST(:nobody AS uuid) WHERE {_ANONYMOUS_ARE_KEPT}
        ) AS keeper (id)
        CROSS JOIN LATERAL (
            SELECT * FROM behaviors_{month:%Y_%m} WHERE user_id = keeper.id LIMIT {MOST_MOVED + 1}
        ) AS event
        LIMIT {MOST_MOVED + 1}
    """  # noqa: S608 - constants, and a date's digits


def _kept_without_keys(month: date) -> str:
    """Kept events, found by reading the month, as a cluster's machines do, until there is one."""
    return f"""
        SELECT 1 FROM behaviors_{month:%Y_%m} AS event
        LEFT JOIN extension_users AS person ON person.id = event.user_id
        LEFT JOIN organizations AS organization ON organization.id = person.organization_id
        WHERE event.user_id = CAST(:nobody AS uuid) AND {_ANONYMOUS_ARE_KEPT}
           OR organization.id IS NOT NULL AND ({_IS_KEPT})
    """  # noqa: S608 - the same


async def give_back(connection: AsyncConnection, month: date, time: RetentionTime) -> bool:
    """Drop a month's partitions of events and rollups, or cut them down to what is kept; False when neither is due.

    Writers of that month wait while its events are read. For a moment the tables are locked exclusively: against
    everybody when they are dropped, against queries of that month when they are cut down. If the lock cannot be had
    within the lock timeout, this raises Unavailable and is to be tried again: it waits for running queries, and all
    later ones would wait behind it. Marks of a dropped month's hours may remain; the maker of rollups finds no events
    there, and deletes them.
    """
    await connection.execute(text("SET LOCAL lock_timeout = '250ms'"))
    await connection.execute(text(f"LOCK TABLE behaviors_{month:%Y_%m} IN SHARE MODE"))
    found = await _set_aside(connection, month, time)
    tables = f"behaviors_{month:%Y_%m}, runs_{month:%Y_%m}, hours_{month:%Y_%m}"
    if found is not None and found.events == 0:
        await connection.execute(text(f"DROP TABLE IF EXISTS {tables}"))
        return True
    if found is not None and found.worth_moving:
        await _cut_down(connection, month, tables)
        return True
    return False


async def _set_aside(connection: AsyncConnection, month: date, time: RetentionTime) -> KeptEvents | None:
    """Copy the kept events, as far as `kept` looks, and measure them: what is put back is what was decided upon."""
    if not topology_of(connection).moves_rows:
        return await kept(connection, month, time)
    copy = text(f"CREATE TEMPORARY TABLE kept_events ON COMMIT DROP AS {_kept(month)}")
    await connection.execute(copy, _values(month, time))
    return await _measured(connection, month, "kept_events")


async def _cut_down(connection: AsyncConnection, month: date, tables: str) -> None:
    """Empty a month's tables and put the kept events back, their hours marked: their rollups are made anew."""
    for statement in (
        f"TRUNCATE {tables}",
        f"INSERT INTO behaviors_{month:%Y_%m} SELECT * FROM kept_events",  # noqa: S608 - a date's digits
        """
            INSERT INTO dirty_hours (user_id, hour)
            SELECT DISTINCT user_id, date_trunc('hour', ts, 'UTC') FROM kept_events
        """,
    ):
        await connection.execute(text(statement))
