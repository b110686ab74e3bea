"""Marks of the hours whose rollups are out of date: finding those that can be worked on, and deleting them.

A mark may be of any hour, and an hour may bear any number of marks (db/models/rollup.py). Whatever reads them does so
along the index (person, hour, instant), page by page.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import DateTime, any_, delete, literal, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from core.turns import Person
from db.models import deferred_hours, dirty_hours
from db.queries.person_hours import CHOSEN, PersonHour, arrays_of

_AN_HOUR = timedelta(hours=1)


class Cutoff(NamedTuple):
    """The marks that can be worked on: those set before `marked_before`, of hours that are over by `over_by`.

    `now` decides which hours are still deferred.
    """

    now: datetime
    marked_before: datetime
    over_by: datetime

    @property
    def last_hour(self) -> datetime:
        """The last hour that is over by then."""
        return self.over_by - _AN_HOUR


async def mark(connection: AsyncConnection, hours: Collection[PersonHour]) -> None:
    """Mark these hours: their events have changed, or their rollups are to be made anew."""
    statement = text(f"INSERT INTO dirty_hours (user_id, hour) SELECT user_id, hour FROM {CHOSEN}")  # noqa: S608 - a constant
    await connection.execute(statement, arrays_of(hours))


async def with_organizations(connection: AsyncConnection, user_ids: Collection[UUID]) -> list[Person]:
    """These people with their organizations; None for anonymous events and people who are gone."""
    statement = text("""
        SELECT user_id, organization_id FROM unnest(CAST(:user_ids AS uuid[])) AS person (user_id)
        LEFT JOIN extension_users ON extension_users.id = person.user_id ORDER BY user_id
    """)
    return [Person(*row) for row in await connection.execute(statement, {"user_ids": list(user_ids)})]


class WorkableHour(NamedTuple):
    """An hour that can be worked on, and about how many events it has: those when it was made last, and those since."""

    hour: PersonHour
    events: int


async def workable_hours(
    connection: AsyncConnection, user_ids: Sequence[UUID], cutoff: Cutoff, limit: int
) -> list[WorkableHour]:
    """Of each of these people at most `limit` hours that can be worked on, the newest first.

    The newest hours of all of them come first, then the second newest, and so on.

    An hour can be worked on if its first mark is old enough, it is over, and it is not deferred.
    """
    statement = text("""
        SELECT workable.user_id, workable.hour, gained + coalesce(hours.events, 0) FROM (
            SELECT user_id, hour, least(sum(events), 1000000000)::integer AS gained,
                   row_number() OVER (PARTITION BY user_id ORDER BY hour DESC) AS place
            FROM dirty_hours
            WHERE user_id = ANY(CAST(:user_ids AS uuid[])) AND hour <= :last_hour
              AND NOT EXISTS (
                  SELECT FROM deferred_hours AS deferred
                  WHERE deferred.user_id = dirty_hours.user_id AND deferred.hour = dirty_hours.hour
                    AND deferred.retry_at > :now
              )
            GROUP BY user_id, hour HAVING min(marked_at) < :marked_before
        ) AS workable
        LEFT JOIN hours ON hours.user_id = workable.user_id AND hours.hour = workable.hour
        WHERE place <= :limit ORDER BY place, array_position(CAST(:user_ids AS uuid[]), workable.user_id)
    """)
    values = {
        "user_ids": list(user_ids),
        "last_hour": cutoff.last_hour,
        "now": cutoff.now,
        "marked_before": cutoff.marked_before,
        "limit": limit,
    }
    return [WorkableHour(PersonHour(*row[:2]), row[2]) for row in await connection.execute(statement, values)]


async def take_marks(connection: AsyncConnection, hours: Collection[PersonHour]) -> None:
    """Delete every mark of these hours, later ones too.

    The rollups must be made in a later statement of the same transaction: that sees every event whose mark was taken.
    """
    await connection.execute(
        text(f"""
            DELETE FROM dirty_hours USING {CHOSEN}
            WHERE dirty_hours.user_id = chosen.user_id AND dirty_hours.hour = chosen.hour
        """),  # noqa: S608 - a constant
        arrays_of(hours),
    )


class Backlog(NamedTuple):
    """The number of marked hours, and the seconds for which the longest-waiting one has been due (0: none is).

    It waits since it was marked, or since it was over. Deferred hours are counted separately.
    """

    hours: int
    oldest_seconds: float
    deferred: int


async def backlog(connection: AsyncConnection) -> Backlog:
    """The hours that are left to be made. Reads every mark: not for every request."""
    statement = text("""
        WITH dirty AS (SELECT user_id, hour, min(marked_at) AS marked_at FROM dirty_hours GROUP BY user_id, hour)
        SELECT (SELECT count(*) FROM dirty),
               greatest(extract(epoch FROM now() - (
                   SELECT min(greatest(marked_at, hour + interval '1 hour')) FROM dirty
                   WHERE NOT EXISTS (
                       SELECT FROM deferred_hours AS deferred
                       WHERE deferred.user_id = dirty.user_id AND deferred.hour = dirty.hour
                   )
               )), 0)::float8,
               (SELECT count(*) FROM deferred_hours)
    """)
    return Backlog(*(await connection.execute(statement)).one())


async def marks(connection: AsyncConnection) -> int:
    """Return the number of marked hours."""
    statement = text("SELECT count(*) FROM (SELECT DISTINCT user_id, hour FROM dirty_hours) AS dirty")
    return await connection.scalar(statement) or 0


async def remove_some_marks_of(connection: AsyncConnection, user_id: UUID, limit: int) -> int:
    """Delete every mark, deferred or not, of at most `limit` hours of a person; return how many hours there were."""
    chosen = text("SELECT DISTINCT hour FROM dirty_hours WHERE user_id = :user_id ORDER BY hour LIMIT :limit")
    hours = list(await connection.scalars(chosen, {"user_id": user_id, "limit": limit}))
    await connection.execute(
        delete(dirty_hours).where(
            dirty_hours.c.user_id == user_id, dirty_hours.c.hour == any_(literal(hours, ARRAY(DateTime(timezone=True))))
        )
    )
    await connection.execute(delete(deferred_hours).where(deferred_hours.c.user_id == user_id))
    return len(hours)
