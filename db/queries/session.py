"""Browsing sessions: a person's events that carry the same session id."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Double, cast, distinct, extract, false, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from core.cursors import Instant, decode_cursor
from core.events import ANONYMOUS
from core.periods import TimeRange
from core.scope import Scope
from db.cluster import is_cluster
from db.keyset import AnySelect, Ordering, Page, PageRequest, cut, keyset, keyset_per
from db.metrics.categories import with_known_categories
from db.models import Behavior
from db.queries.filters import EventFilter, matching
from db.queries.people import People, people

_NAME = "sessions"
_TYPES = (Instant, UUID, str)


class SessionKey(NamedTuple):
    """What tells sessions apart."""

    user_id: UUID
    session_id: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as far as it lies within the period and filter asked for. `seconds` is from first to last event."""

    user_id: UUID
    session_id: str
    start: datetime
    end: datetime
    seconds: float
    events: int
    query: "SessionQuery"

    @property
    def key(self) -> SessionKey:
        """What tells it apart."""
        return SessionKey(self.user_id, self.session_id)


@dataclass(frozen=True, slots=True)
class SessionQuery:
    """Which events make up the sessions."""

    time_range: TimeRange
    where: EventFilter


def parse_cursor(cursor: str) -> tuple[Any, ...]:
    """The sort key in a cursor of a list of sessions."""
    return decode_cursor(_NAME, cursor, _TYPES)


async def page(
    connection: AsyncConnection, scope: Scope, query: SessionQuery, request: PageRequest
) -> Page[SessionRow]:
    """A page of all sessions in scope, newest first."""
    spread = is_cluster(connection)
    who = {"organization_ids": query.where.organization_ids, "user_ids": query.where.extension_user_ids}
    statement, ordering = _sessions(people(scope, **who, spread=spread), query, spread=spread)
    rows = await connection.execute(keyset(statement, ordering, request))
    return cut([_row(row, query) for row in rows], ordering, request)


async def pages_by_user(
    connection: AsyncConnection, scope: Scope, user_ids: Collection[UUID], query: SessionQuery, request: PageRequest
) -> dict[UUID, Page[SessionRow]]:
    """The same page of each person's sessions, newest first."""
    statement, ordering = _sessions(people(scope, user_ids=user_ids), query, spread=is_cluster(connection))
    found: dict[UUID, list[SessionRow]] = {user_id: [] for user_id in user_ids}
    for row in await connection.execute(keyset_per(ordering.columns[1], statement, ordering, request)):
        found[row.parent].append(_row(row, query))
    return {user_id: cut(rows, ordering, request) for user_id, rows in found.items()}


async def domains(
    connection: AsyncConnection, scope: Scope, keys: Collection[SessionKey], query: SessionQuery
) -> dict[SessionKey, list[str]]:
    """Each session's distinct domains, in alphabetical order."""
    return await _distinct(connection, scope, keys, query, Behavior.domain)


async def urls(
    connection: AsyncConnection, scope: Scope, keys: Collection[SessionKey], query: SessionQuery
) -> dict[SessionKey, list[str]]:
    """Each session's distinct urls, in alphabetical order."""
    return await _distinct(connection, scope, keys, query, func.nullif(Behavior.url, ""))


async def _distinct(
    connection: AsyncConnection,
    scope: Scope,
    keys: Collection[SessionKey],
    query: SessionQuery,
    column: Any,
) -> dict[SessionKey, list[str]]:
    chosen = people(scope, user_ids={key.user_id for key in keys} - {ANONYMOUS}).cte("person")
    statement = (
        select(Behavior.user_id, Behavior.session_id, func.array_agg(distinct(column)))
        .where(
            tuple_(Behavior.user_id, Behavior.session_id).in_(keys),
            or_(Behavior.user_id.in_(select(chosen.c.user_id)), _anonymous_in(scope)),
            column.is_not(None),
            *_events(query, chosen, spread=is_cluster(connection)),
        )
        .group_by(Behavior.user_id, Behavior.session_id)
    )
    found: dict[SessionKey, list[str]] = {key: [] for key in keys}
    for user_id, session_id, values in await connection.execute(statement):
        found[SessionKey(user_id, session_id)] = sorted(values)
    return found


def _anonymous_in(scope: Scope) -> ColumnElement[bool]:
    return (Behavior.user_id == ANONYMOUS) if scope.organization_ids is None else false()


def _row(row: Any, query: SessionQuery) -> SessionRow:
    return SessionRow(row.user_id, row.session_id, row.start, row.end, row.seconds, row.events, query)


def _sessions(chosen: People, query: SessionQuery, *, spread: bool) -> tuple[AnySelect, Ordering[SessionRow]]:
    """All sessions of the chosen people, and their order."""
    persons = chosen.cte("person")
    first, last = func.min(Behavior.ts), func.max(Behavior.ts)
    grouped = (
        select(
            Behavior.user_id,
            Behavior.session_id,
            first.label("start"),
            last.label("end"),
            cast(extract("epoch", last - first), Double).label("seconds"),
            func.count().label("events"),
        )
        .join(persons, persons.c.user_id == Behavior.user_id)
        .where(*_events(query, persons, spread=spread))
        .group_by(Behavior.user_id, Behavior.session_id)
        .subquery("session")
    )
    ordering: Ordering[SessionRow] = Ordering(
        _NAME,
        (grouped.c.start, grouped.c.user_id, grouped.c.session_id),
        _TYPES,
        lambda row: (row.start, row.user_id, row.session_id),
        descending=True,
    )
    return select(grouped), ordering


def _events(query: SessionQuery, persons: CTE, *, spread: bool) -> list[ColumnElement[bool]]:
    start, end = query.time_range.start, query.time_range.end
    where = with_known_categories(query.where, persons, start, end, spread=spread)
    return [Behavior.ts >= start, Behavior.ts < end, matching(where)]
