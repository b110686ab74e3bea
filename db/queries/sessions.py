"""Browsing sessions: a person's events that carry the same session id."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Double, Subquery, cast, distinct, extract, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from core.cursors import Instant
from core.events import ANONYMOUS
from core.interval_order import IntervalOrder
from core.periods import TimeRange
from core.scope import Scope
from db.cluster import topology_of
from db.keyset import AnySelect, Ordering, PageRequest, RowPage, keyset, keyset_per, paginate_rows
from db.metrics.domain_values import with_domain_values
from db.metrics.measure_query import as_seconds, microseconds
from db.models import Behavior
from db.queries.filter_conditions import matching
from db.queries.filters import EventFilter
from db.queries.people import People, people
from db.tenancy import anonymous_in_scope

_NAME = "sessions"


class SessionKey(NamedTuple):
    """The identity of a session."""

    user_id: UUID
    session_id: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as far as it lies within the period, of the events that the filter narrows it to.

    `start` and `end` are its first and last event, `seconds` the time between them. If the filter chooses parts, the
    session has one, and `seconds` and `events` are those of the chosen parts.
    """

    user_id: UUID
    session_id: str
    start: datetime
    end: datetime
    seconds: float
    events: int
    query: "SessionQuery"

    @property
    def key(self) -> SessionKey:
        """The identity of the session."""
        return SessionKey(self.user_id, self.session_id)


@dataclass(frozen=True, slots=True)
class SessionQuery:
    """The events that make up the sessions. `fingerprint` is that of the question: see core.cursors."""

    time_range: TimeRange
    where: EventFilter
    fingerprint: str


def key_types(order: IntervalOrder) -> tuple[Any, ...]:
    """The types of the sort key of sessions in this order."""
    return (float, Instant, UUID, str) if order.by_length else (Instant, UUID, str)


async def page(
    connection: AsyncConnection, scope: Scope, query: SessionQuery, order: IntervalOrder, request: PageRequest
) -> RowPage[SessionRow]:
    """A page of all sessions in scope."""
    topology = topology_of(connection)
    where = query.where
    who = {
        "organization_ids": where.organization_ids,
        "user_ids": where.extension_user_ids,
        "team_ids": where.team_ids,
    }
    statement, ordering = _sessions(people(scope, **who, topology=topology), scope, query, order)
    rows = await connection.execute(keyset(statement, ordering, request))
    return paginate_rows([_row(row, query) for row in rows], ordering, request)


async def pages_by_user(
    connection: AsyncConnection,
    scope: Scope,
    user_ids: Collection[UUID],
    query: SessionQuery,
    order: IntervalOrder,
    request: PageRequest,
) -> dict[UUID, RowPage[SessionRow]]:
    """The same page of each person's sessions."""
    topology = topology_of(connection)
    statement, ordering = _sessions(people(scope, user_ids=user_ids, topology=topology), scope, query, order)
    found: dict[UUID, list[SessionRow]] = {user_id: [] for user_id in user_ids}
    for row in await connection.execute(keyset_per(statement.selected_columns.user_id, statement, ordering, request)):
        found[row.parent].append(_row(row, query))
    return {user_id: paginate_rows(rows, ordering, request) for user_id, rows in found.items()}


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
    statement = (
        select(Behavior.user_id, Behavior.session_id, func.array_agg(distinct(column)))
        .where(*counted_events(connection, scope, keys, query), column.is_not(None))
        .group_by(Behavior.user_id, Behavior.session_id)
    )
    found: dict[SessionKey, list[str]] = {key: [] for key in keys}
    for user_id, session_id, values in await connection.execute(statement):
        found[SessionKey(user_id, session_id)] = sorted(values)
    return found


def counted_events(
    connection: AsyncConnection, scope: Scope, keys: Collection[SessionKey], query: SessionQuery
) -> list[ColumnElement[bool]]:
    """The conditions on the events in scope that these sessions count."""
    counted, users = query.time_range.counted, {key.user_id for key in keys}
    chosen = people(scope, user_ids=users - {ANONYMOUS}, topology=topology_of(connection)).cte("person")
    return [
        Behavior.user_id.in_(users),
        tuple_(Behavior.user_id, Behavior.session_id).in_(keys),
        or_(Behavior.user_id.in_(select(chosen.c.user_id)), anonymous_in_scope(scope, Behavior.user_id)),
        *_in_time(query),
        matching(with_domain_values(query.where.within(scope), chosen, counted.start, counted.end)),
    ]


def _row(row: Any, query: SessionQuery) -> SessionRow:
    return SessionRow(row.user_id, row.session_id, row.start, row.end, row.seconds, row.events, query)


def _sessions(
    chosen: People, scope: Scope, query: SessionQuery, order: IntervalOrder
) -> tuple[AnySelect, Ordering[SessionRow]]:
    """All sessions of the chosen people, and their order."""
    persons, counted = chosen.cte("person"), query.time_range.counted
    where = with_domain_values(query.where.within(scope), persons, counted.start, counted.end)
    narrowed = (
        select(Behavior.user_id, Behavior.session_id)
        .join(persons, persons.c.user_id == Behavior.user_id)
        .where(*_in_time(query), matching(where.narrowing))
    )
    chosen_parts = where.choosing != EventFilter()
    grouped = (_of_chosen_parts(narrowed, where.choosing) if chosen_parts else _whole(narrowed)).subquery("session")
    return select(grouped), _ordering(grouped, order)


def _ordering(session: Subquery, order: IntervalOrder) -> Ordering[SessionRow]:
    names = ("seconds",) * order.by_length + ("start", "user_id", "session_id")
    columns = tuple(session.c[name] for name in names)
    return Ordering(_NAME, columns, key_types(order), attrgetter(*names), descending=order.descending)


def _whole(narrowed: AnySelect) -> AnySelect:
    """The sessions of these events."""
    first, last = func.min(Behavior.ts), func.max(Behavior.ts)
    return narrowed.add_columns(
        first.label("start"),
        last.label("end"),
        cast(extract("epoch", last - first), Double).label("seconds"),
        func.count().label("events"),
    ).group_by(Behavior.user_id, Behavior.session_id)


def _of_chosen_parts(narrowed: AnySelect, choosing: EventFilter) -> AnySelect:
    """The sessions of these events that have a chosen one; the time to the next event belongs to the earlier one."""
    following = func.coalesce(
        func.lead(Behavior.ts).over(
            partition_by=[Behavior.user_id, Behavior.session_id], order_by=[Behavior.ts, Behavior.id]
        ),
        Behavior.ts,
    )
    event = narrowed.add_columns(
        Behavior.ts, microseconds(following - Behavior.ts).label("us"), matching(choosing).label("is_chosen")
    ).subquery("event")
    return (
        select(
            event.c.user_id,
            event.c.session_id,
            func.min(event.c.ts).label("start"),
            func.max(event.c.ts).label("end"),
            as_seconds(func.sum(event.c.us).filter(event.c.is_chosen)).label("seconds"),
            func.count().filter(event.c.is_chosen).label("events"),
        )
        .group_by(event.c.user_id, event.c.session_id)
        .having(func.bool_or(event.c.is_chosen))
    )


def _in_time(query: SessionQuery) -> list[ColumnElement[bool]]:
    counted = query.time_range.counted
    return [Behavior.ts >= counted.start, Behavior.ts < counted.end]
