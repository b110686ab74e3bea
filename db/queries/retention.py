"""Deleting what organizations do not keep any longer, a little at a time.

An organization's cutoff is the beginning of an hour: `retention_days` before the present one. What is deleted leaves
its hours marked (db/queries/rollups.py), so that answers are right in the midst of it, and their runs go with them.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.events import ANONYMOUS
from db.cluster import is_cluster

_LOCK = 0x0BE4A713
_CUTOFF = "date_trunc('hour', CAST(:now AS timestamptz), 'UTC') - make_interval(days => organization.retention_days)"


async def be_alone(connection: AsyncConnection) -> bool:
    """Become the only one who deletes old events until the transaction ends; False when somebody else is at it."""
    return bool(await connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}))


async def latest_cutoff(connection: AsyncConnection, now: datetime) -> datetime | None:
    """The latest cutoff of any organization: nothing from then on is ever deleted. None when all keep everything."""
    statement = text(f"SELECT max({_CUTOFF}) FROM organizations AS organization")  # noqa: S608 - a constant
    cutoff: datetime | None = await connection.scalar(statement, {"now": now})
    return cutoff


async def people(connection: AsyncConnection, after: UUID, limit: int) -> list[UUID]:
    """The next people, by id, of organizations that do not keep everything."""
    statement = text("""
        SELECT person.id FROM extension_users AS person JOIN organizations ON organizations.id = organization_id
        WHERE retention_days IS NOT NULL AND person.id > :after ORDER BY person.id LIMIT :limit
    """)
    return list(await connection.scalars(statement, {"after": after, "limit": limit}))


async def expired(connection: AsyncConnection, user_ids: Sequence[UUID], now: datetime) -> list[UUID]:
    """Those of these people who have events from before their organization's cutoff."""
    # One look into the key for each; a cluster, which looks at all those events, takes no other form than a join.
    has_old = "EXISTS (SELECT FROM behaviors WHERE user_id = person.id AND ts < {cutoff})"
    joined = "JOIN behaviors ON behaviors.user_id = person.id AND ts < {cutoff}"
    spread = is_cluster(connection)
    statement = text(f"""
        SELECT DISTINCT person.id
        FROM extension_users AS person
        JOIN organizations AS organization ON organization.id = person.organization_id
        {joined.format(cutoff=_CUTOFF) if spread else ""}
        WHERE person.id = ANY(CAST(:user_ids AS uuid[])) {"" if spread else "AND " + has_old.format(cutoff=_CUTOFF)}
        ORDER BY person.id
    """)  # noqa: S608 - constants
    return list(await connection.scalars(statement, {"now": now, "user_ids": list(user_ids)}))


async def remove_some_of(connection: AsyncConnection, user_id: UUID, now: datetime, limit: int) -> tuple[int, bool]:
    """Delete about `limit` of a person's oldest events from before the cutoff, as it is now, and mark their hours.

    How many there were, and whether there are more. A range of the key: no partition outside it is looked at. Events of
    the very same instant go together.
    """
    cutoff = await connection.scalar(
        text(f"""
            SELECT {_CUTOFF} FROM organizations AS organization
            JOIN extension_users AS person ON person.organization_id = organization.id WHERE person.id = :user_id
        """),  # noqa: S608 - a constant
        {"now": now, "user_id": user_id},
    )
    if cutoff is None:  # kept for good by now, or gone
        return 0, False
    last = await connection.scalar(
        text("SELECT ts FROM behaviors WHERE user_id = :user_id AND ts < :cutoff ORDER BY ts OFFSET :offset LIMIT 1"),
        {"user_id": user_id, "cutoff": cutoff, "offset": limit - 1},
    )
    statement = text(f"""
        WITH removed AS (
            DELETE FROM behaviors WHERE user_id = :user_id AND ts {"<" if last is None else "<="} :end RETURNING ts
        ), mark AS (
            INSERT INTO dirty_hours (user_id, hour)
            SELECT DISTINCT CAST(:user_id AS uuid), date_trunc('hour', ts, 'UTC') FROM removed
        )
        SELECT count(*) FROM removed
    """)  # noqa: S608 - a constant
    removed = await connection.scalar(statement, {"user_id": user_id, "end": last or cutoff})
    return removed or 0, last is not None


async def remove_rejected(connection: AsyncConnection, now: datetime) -> int:
    """Delete rejected events of people that were received before their organization's cutoff; how many there were."""
    statement = text(f"""
        DELETE FROM rejected_events WHERE id IN (
            SELECT event.id FROM rejected_events AS event
            JOIN extension_users AS person ON person.id = event.user_id
            JOIN organizations AS organization ON organization.id = person.organization_id
            WHERE event.received_at < {_CUTOFF}
        )
    """)  # noqa: S608 - a constant
    return (await connection.execute(statement, {"now": now})).rowcount


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


async def kept_by_somebody(connection: AsyncConnection, month: date, now: datetime) -> bool:
    """Whether a month's partition holds an event that is kept.

    That is one of an organization whose cutoff lies before the month's end or that keeps everything, or nobody's. It
    takes one look into the key for each such person, however many events there are, but on a cluster. True, too, when
    the partition is gone by now: there is nothing to drop.
    """
    if await connection.scalar(text("SELECT to_regclass(:name)"), {"name": f"behaviors_{month:%Y_%m}"}) is None:
        return True
    kept = f"""
        retention_days IS NULL OR {_CUTOFF} < (CAST(:month AS date) + interval '1 month') AT TIME ZONE 'UTC'
    """
    one_by_one = f"""
        SELECT 1 FROM (
            SELECT person.id FROM extension_users AS person
            JOIN organizations AS organization ON organization.id = person.organization_id
            WHERE {kept} UNION ALL SELECT CAST(:nobody AS uuid)
        ) AS keeper (id)
        CROSS JOIN LATERAL (SELECT FROM behaviors_{month:%Y_%m} WHERE user_id = keeper.id LIMIT 1) AS event
    """  # noqa: S608 - constants, and a date's digits
    # A cluster looks into nobody's key: its machines read the month until they find such an event.
    on_a_cluster = f"""
        SELECT 1 FROM behaviors_{month:%Y_%m} AS event
        LEFT JOIN extension_users AS person ON person.id = event.user_id
        LEFT JOIN organizations AS organization ON organization.id = person.organization_id
        WHERE event.user_id = CAST(:nobody AS uuid) OR organization.id IS NOT NULL AND ({kept})
    """  # noqa: S608 - the same
    statement = text(f"{on_a_cluster if is_cluster(connection) else one_by_one} LIMIT 1")
    return await connection.scalar(statement, {"now": now, "month": month, "nobody": ANONYMOUS}) is not None


async def drop_month(connection: AsyncConnection, month: date, now: datetime) -> bool:
    """Drop a month's partitions of events and rollups; False when somebody keeps something of it.

    Writers of that month wait for the look, everybody for the moment in which the tables leave the list of partitions.
    If that moment does not come within the lock timeout, this fails with Unavailable, to be tried again: dropping
    waits for the questions that are being answered, and all that come later would wait behind it. Marks of the month's
    hours may be left; whoever makes runs finds nothing there, and takes them away.
    """
    await connection.execute(text("SET LOCAL lock_timeout = '250ms'"))
    await connection.execute(text(f"LOCK TABLE behaviors_{month:%Y_%m} IN SHARE MODE"))
    if await kept_by_somebody(connection, month, now):
        return False
    await connection.execute(
        text(f"DROP TABLE IF EXISTS behaviors_{month:%Y_%m}, runs_{month:%Y_%m}, hours_{month:%Y_%m}")
    )
    return True
