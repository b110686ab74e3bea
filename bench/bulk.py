"""Events put straight into the table: for numbers of them that would take the event writer an hour."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from bench.events import DAYS
from core.clock import now
from core.events import EventRules, RawEvent
from core.identity import OccurrenceCounter
from db.models.behavior import EVENT_COLUMNS

# In order of time, as they would have come in; sessions are everyone's own.
_COPY = f"""
INSERT INTO behaviors ({EVENT_COLUMNS})
SELECT person.id, ts, behaviors.id, person.organization_id, received_at, type, x, y,
       overlay(session_id PLACING lpad(to_hex(number), 8, '0') FROM 1 FOR 8), url, domain
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[]) AS person (like_id, id, organization_id, number)
JOIN behaviors ON user_id = like_id
WHERE ts >= $5 AND ts < $6
ORDER BY ts
"""  # noqa: S608 - a constant
_MARK = "INSERT INTO dirty_hours (user_id, hour) SELECT DISTINCT user_id, date_trunc('hour', ts, 'UTC') FROM behaviors"
_MARK_COPIES = """
INSERT INTO dirty_hours (user_id, hour)
SELECT person.id, hour FROM unnest($1::uuid[], $2::uuid[]) AS person (like_id, id) JOIN hours ON user_id = like_id
WHERE hour >= $3 AND hour < $4
"""


@dataclass(frozen=True, slots=True)
class CopiedPerson:
    """A copy of a person: the same events at the same times, in sessions with a number of its own."""

    like: UUID
    id: UUID
    organization_id: UUID
    number: int


def rows(events: Iterable[RawEvent], organization_of: Mapping[UUID, UUID]) -> Iterator[tuple[Any, ...]]:
    """The events as rows of `behaviors`, by the rules that requests meet; values of EVENT_COLUMNS."""
    rules, received, ids = EventRules(), now(), OccurrenceCounter()
    for raw in events:
        event, user_id = rules.check(raw, received), raw.user_id
        if user_id is None:
            raise ValueError("Every event of the benchmark has a person.")
        yield (
            *(user_id, event.ts, ids.id_of(user_id, event), organization_of[user_id], received),
            *(event.type.value, event.x, event.y, event.session_id, event.url, event.domain),
        )


async def load(url: str, events: Iterable[RawEvent], organization_of: Mapping[UUID, UUID]) -> None:
    """Copy events into the table, whose months must be there, and mark the hours of all that are in it."""
    connection = await asyncpg.connect(url)
    try:
        await connection.copy_records_to_table(
            "behaviors", records=rows(events, organization_of), columns=EVENT_COLUMNS.split(", ")
        )
        await connection.execute(_MARK)
    finally:
        await connection.close()


async def multiply(url: str, people: Sequence[CopiedPerson], end: datetime) -> None:
    """Give these people the events of those they are like, of the month before `end`, and mark their hours."""
    like, ids = [each.like for each in people], [each.id for each in people]
    organizations = [each.organization_id for each in people]
    numbers = [each.number for each in people]
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET work_mem = '256MB'")
        for day in range(DAYS):
            start = end - timedelta(days=DAYS - day)
            until = start + timedelta(days=1)
            await connection.execute(_COPY, like, ids, organizations, numbers, start, until)
        await connection.execute(_MARK_COPIES, like, ids, end - timedelta(days=DAYS), end)
    finally:
        await connection.close()
