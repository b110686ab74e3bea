"""Measures of usage, straight from the events. The definitions are in core/measures.py."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Double, Subquery, cast, distinct, extract, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from core.event_types import ACTIVE_TYPES
from core.events import ANONYMOUS
from core.periods import TimeRange
from core.scope import Scope
from db.models import Behavior
from db.queries.filters import EventFilter, matching
from db.queries.people import people


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """Which events are measured."""

    time_range: TimeRange
    where: EventFilter


@dataclass(frozen=True, slots=True)
class UsageTotals:
    """The measures of a set of events; of none, all zero."""

    events: int = 0
    active_events: int = 0
    users: int = 0
    sessions: int = 0
    unique_domains: int = 0
    tracked_minutes: int = 0
    engaged_minutes: int = 0
    tracked_seconds: float = 0.0


class Subject(Enum):
    """Whom totals are told apart by: the column of a person's row that names them."""

    USER = "user_id"
    ORGANIZATION = "organization_id"


async def total(connection: AsyncConnection, scope: Scope, query: UsageQuery) -> UsageTotals:
    """The measures of everything in scope."""
    chosen = people(scope, organization_ids=query.where.organization_ids, user_ids=query.where.extension_user_ids)
    statement = _totals(_events(chosen.subquery("person"), None, query))
    row = (await connection.execute(statement)).one_or_none()
    return UsageTotals() if row is None else UsageTotals(*row[1:])


async def totals_by(
    connection: AsyncConnection, scope: Scope, ids: Collection[UUID], subject: Subject, query: UsageQuery
) -> dict[UUID, UsageTotals]:
    """The measures of each of these people or organizations."""
    chosen = people(scope, user_ids=ids) if subject is Subject.USER else people(scope, organization_ids=ids)
    rows = await connection.execute(_totals(_events(chosen.subquery("person"), subject, query)))
    return {row[0]: UsageTotals(*row[1:]) for row in rows}


def _events(persons: Subquery, subject: Subject | None, query: UsageQuery) -> CTE:
    """The events to measure, each with the key its totals go under."""
    key: Any = literal(ANONYMOUS, Behavior.user_id.type) if subject is None else persons.c[subject.value]
    return (
        select(key.label("key"), Behavior.user_id, Behavior.ts, Behavior.session_id, Behavior.type, Behavior.domain)
        .join(persons, persons.c.user_id == Behavior.user_id)
        .where(Behavior.ts >= query.time_range.start, Behavior.ts < query.time_range.end, matching(query.where))
        .cte("event")
    )


def _totals(events: CTE) -> Any:
    event = events.c
    active = event.type.in_([kind.value for kind in ACTIVE_TYPES])
    person_and_minute = tuple_(event.user_id, func.date_trunc("minute", event.ts))
    counts = (
        select(
            event.key,
            func.count().label("events"),
            func.count().filter(active).label("active_events"),
            func.count(distinct(func.nullif(event.user_id, ANONYMOUS))).label("users"),
            func.count(distinct(tuple_(event.user_id, event.session_id))).label("sessions"),
            func.count(distinct(event.domain)).label("unique_domains"),
            func.count(distinct(person_and_minute)).label("tracked_minutes"),
            func.count(distinct(person_and_minute)).filter(active).label("engaged_minutes"),
        )
        .group_by(event.key)
        .subquery("counts")
    )
    session = (
        select(event.key, extract("epoch", func.max(event.ts) - func.min(event.ts)).label("seconds"))
        .group_by(event.key, event.user_id, event.session_id)
        .subquery("session")
    )
    durations = (
        select(session.c.key, func.sum(session.c.seconds).label("seconds"))
        .group_by(session.c.key)
        .subquery("durations")
    )
    return select(counts, cast(durations.c.seconds, Double)).join(durations, durations.c.key == counts.c.key)
