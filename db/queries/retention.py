"""Deleting what organizations do not keep any longer, a little at a time. Whole months: retention_months.py.

An organization's cutoff is the beginning of an hour: `retention_days` before the present one. The cutoff of
anonymous events is a setting. The hours of deleted events are marked (db/queries/rollups.py), so that answers are right
while events are being deleted, and the runs of these hours are deleted when they are made anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.events import ANONYMOUS
from db.cluster import topology_of
from db.queries import event_ranges
from db.queries.event_ranges import Position, RemovedEvents

_LOCK = 0x0BE4A713
CUTOFF = "date_trunc('hour', CAST(:now AS timestamptz), 'UTC') - make_interval(days => organization.retention_days)"
"""The cutoff of the row `organization` at the instant `:now`; NULL of one that keeps everything."""


async def be_alone(connection: AsyncConnection) -> bool:
    """Become the only one who deletes old events until the transaction ends; False when somebody else is at it."""
    return bool(await connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}))


@dataclass(frozen=True, slots=True)
class RetentionTime:
    """The instant `now` at which retention is applied, and from when on anonymous events are kept (None: all are)."""

    now: datetime
    anonymous_cutoff: datetime | None = None

    @classmethod
    def at(cls, now: datetime, anonymous: timedelta | None) -> Self:
        """Retention at an instant, where anonymous events are kept for so long (None: for good)."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        return cls(now, None if anonymous is None else hour - anonymous)


async def latest_cutoff(connection: AsyncConnection, time: RetentionTime) -> datetime | None:
    """The latest cutoff, of any organization or of anonymous events: nothing from then on is deleted. None without."""
    statement = text(f"""
        SELECT greatest(max({CUTOFF}), CAST(:anonymous_cutoff AS timestamptz)) FROM organizations AS organization
    """)  # noqa: S608 - a constant
    values = {"now": time.now, "anonymous_cutoff": time.anonymous_cutoff}
    cutoff: datetime | None = await connection.scalar(statement, values)
    return cutoff


async def organizations(connection: AsyncConnection) -> list[UUID]:
    """The organizations that do not keep everything."""
    return list(await connection.scalars(text("SELECT id FROM organizations WHERE retention_days IS NOT NULL")))


async def people(connection: AsyncConnection, organization_id: UUID, after: UUID, limit: int) -> list[UUID]:
    """The next people of an organization, by id."""
    statement = text("""
        SELECT id FROM extension_users WHERE organization_id = :organization_id AND id > :after ORDER BY id LIMIT :limit
    """)
    values = {"organization_id": organization_id, "after": after, "limit": limit}
    return list(await connection.scalars(statement, values))


async def expired(connection: AsyncConnection, user_ids: Sequence[UUID], now: datetime) -> list[UUID]:
    """Return those of these people who have events from before their organization's cutoff."""
    # One look into the key for each; Citus supports this only as a join, which looks at all those events.
    has_old = "EXISTS (SELECT FROM behaviors WHERE user_id = person.id AND ts < {cutoff})"
    joined = "JOIN behaviors ON behaviors.user_id = person.id AND ts < {cutoff}"
    walks_keys = topology_of(connection).walks_keys
    statement = text(f"""
        SELECT DISTINCT person.id
        FROM extension_users AS person
        JOIN organizations AS organization ON organization.id = person.organization_id
        {"" if walks_keys else joined.format(cutoff=CUTOFF)}
        WHERE person.id = ANY(CAST(:user_ids AS uuid[])) {"AND " + has_old.format(cutoff=CUTOFF) if walks_keys else ""}
        ORDER BY person.id
    """)  # noqa: S608 - constants
    return list(await connection.scalars(statement, {"now": now, "user_ids": list(user_ids)}))


async def remove_some_of(
    connection: AsyncConnection, user_id: UUID, time: RetentionTime, limit: int, after: Position | None = None
) -> RemovedEvents:
    """Delete at most `limit` of a person's oldest events from before the cutoff, as it is now, and mark their hours.

    `user_id`: nil for anonymous ones. `after`: where the last portion ended.
    """
    cutoff = time.anonymous_cutoff if user_id == ANONYMOUS else await _cutoff_of(connection, user_id, time.now)
    if cutoff is None:  # kept for good by now, or gone
        return RemovedEvents(0, None)
    return await event_ranges.remove_oldest(connection, user_id, limit, after=after, before=cutoff, marks=True)


async def _cutoff_of(connection: AsyncConnection, user_id: UUID, now: datetime) -> datetime | None:
    cutoff: datetime | None = await connection.scalar(
        text(f"""
            SELECT {CUTOFF} FROM organizations AS organization
            JOIN extension_users AS person ON person.organization_id = organization.id WHERE person.id = :user_id
        """),  # noqa: S608 - a constant
        {"now": now, "user_id": user_id},
    )
    return cutoff


async def remove_some_rejected(connection: AsyncConnection, now: datetime, limit: int) -> int:
    """Delete at most `limit` rejected events of people from before their organization's cutoff; return how many."""
    statement = text(f"""
        DELETE FROM rejected_events WHERE id IN (
            SELECT event.id FROM rejected_events AS event
            JOIN extension_users AS person ON person.id = event.user_id
            JOIN organizations AS organization ON organization.id = person.organization_id
            WHERE event.received_at < {CUTOFF} LIMIT :limit
        )
    """)  # noqa: S608 - a constant
    return (await connection.execute(statement, {"now": now, "limit": limit})).rowcount
