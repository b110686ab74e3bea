"""An estimate of the number and the size of the anonymous events, without reading them all.

Their hours have counts already: rollups, and marks for later events (a mark says how many events its hour gained). That
is one row for each hour of events, and some marks. Events themselves are only sampled.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.events import ANONYMOUS


class AnonymousHours(NamedTuple):
    """The number of anonymous events, and a random sample of their hours: the more events in one, the likelier."""

    events: int
    sample: list[datetime]


async def count(connection: AsyncConnection, sample: int) -> AnonymousHours:
    """Count anonymous events by their hours. What was deleted counts until the rollups of its hours are made anew."""
    row = (await connection.execute(_COUNT, {"nobody": ANONYMOUS, "sample": sample})).one()
    return AnonymousHours(row.events, row.sample)


async def sizes(connection: AsyncConnection, since: datetime, limit: int) -> list[int]:
    """Return how many bytes each of the next anonymous events from an instant on takes in its table."""
    return list(await connection.scalars(_SIZES, {"nobody": ANONYMOUS, "since": since, "limit": limit}))


_COUNT = text("""
    WITH hour_events AS (
        SELECT hour, sum(events)::bigint AS events FROM (
            SELECT hour, events FROM hours WHERE user_id = :nobody
            UNION ALL
            SELECT hour, events FROM dirty_hours WHERE user_id = :nobody
        ) AS known
        GROUP BY hour HAVING sum(events) > 0
    )
    SELECT coalesce((SELECT sum(events) FROM hour_events), 0)::bigint AS events,
           ARRAY(SELECT hour FROM hour_events ORDER BY -ln(1 - random()) / events LIMIT :sample) AS sample
""")
_SIZES = text("""
    SELECT pg_column_size(event.*) FROM (
        SELECT * FROM behaviors WHERE user_id = :nobody AND ts >= :since ORDER BY ts LIMIT :limit
    ) AS event
""")
