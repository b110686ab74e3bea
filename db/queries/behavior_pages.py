"""Pages of browsing events, by statements that are built once for each shape of pages: see db/prepared.py."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from core.periods import TimeRange
from core.scope import Reach, Scope
from db.cluster import topology_of
from db.keyset import AnySelect, Column, Ordering, PageRequest, RowPage, condition, keyset, keyset_per, paginate_rows
from db.metrics.domain_values import with_domain_values
from db.models import Behavior
from db.prepared import SHAPES, Prepared, fetch, parameter, prepared
from db.queries.behaviors import COLUMNS, SORT, BehaviorRow, rows_of
from db.queries.filter_conditions import matching
from db.queries.filters import EventFilter
from db.queries.people import People, Subject, is_asked, people_asked
from db.tenancy import scope_values
from db.topology import Topology

_START, _END = (parameter(name, DateTime(timezone=True)) for name in ("start", "end"))
_BOUND = {f"bound_{column.key}": column.type for column in SORT}


@dataclass(frozen=True, slots=True)
class BehaviorQuery:
    """A page of events: their time range (None: any), filter, order and position.

    A filter of categories or sites needs a time range: those of the domains in it are found.
    """

    time_range: TimeRange | None
    where: EventFilter
    ordering: Ordering[BehaviorRow]
    request: PageRequest


async def page(connection: AsyncConnection, scope: Scope, query: BehaviorQuery) -> RowPage[BehaviorRow]:
    """A page of all events in scope."""
    return paginate_rows(await _rows(connection, scope, None, query), query.ordering, query.request)


async def pages_by_user(
    connection: AsyncConnection, scope: Scope, user_ids: Collection[UUID], query: BehaviorQuery
) -> dict[UUID, RowPage[BehaviorRow]]:
    """The same page of each person's events."""
    rows: dict[UUID, list[BehaviorRow]] = {user_id: [] for user_id in user_ids}
    for row in await _rows(connection, scope, user_ids, query):
        rows[row.user_id].append(row)
    return {user_id: paginate_rows(found, query.ordering, query.request) for user_id, found in rows.items()}


@dataclass(frozen=True, slots=True)
class _Shape:
    """A page without the values that differ from question to question.

    `reach`: the kind of the viewer's scope; `each`: a page of each of some people, instead of one of all
    together; `in_time`: the events fall in a time range.
    """

    topology: Topology
    reach: Reach
    each: bool
    in_time: bool
    where: EventFilter
    ordering: Ordering[BehaviorRow]
    limit: int
    bounded: bool
    backward: bool

    @property
    def request(self) -> PageRequest:
        """The request for the page, with parameters in place of its bound."""
        bound = tuple(parameter(name, kind) for name, kind in _BOUND.items())
        return PageRequest(self.limit, bound if self.bounded else None, self.backward)


async def _rows(
    connection: AsyncConnection, scope: Scope, user_ids: Collection[UUID] | None, query: BehaviorQuery
) -> list[BehaviorRow]:
    """The page's rows and one more, of all people or of each of these."""
    request = query.request
    shape = _Shape(
        topology=topology_of(connection),
        reach=scope.reach,
        each=user_ids is not None,
        in_time=query.time_range is not None,
        where=query.where.within(scope),
        ordering=query.ordering,
        limit=request.limit,
        bounded=request.bound is not None,
        backward=request.backward,
    )
    values: dict[str, Any] = {**scope_values(scope), "ids": list(user_ids or ())}
    if query.time_range is not None:
        values |= {"start": query.time_range.start, "end": query.time_range.end}
    if request.bound is not None:
        values |= zip(_BOUND, request.bound, strict=True)
    return rows_of(await fetch(connection, _statement(shape), values))


@lru_cache(SHAPES)
def _statement(shape: _Shape) -> Prepared:
    subject = Subject.USER if shape.each else None
    chosen = people_asked(reach=shape.reach, subject=subject, where=shape.where, topology=shape.topology)
    if shape.topology.walks_keys:
        return prepared(_first_of_each(chosen, shape))
    events = _all_events(chosen, shape)
    if not shape.each:
        return prepared(keyset(events, shape.ordering, shape.request))
    events = events.where(*is_asked(Behavior.user_id, subject, shape.where))
    statement = keyset_per(Behavior.user_id, events, shape.ordering, shape.request)
    _parent, *columns = statement.selected_columns
    return prepared(statement.with_only_columns(*columns))


def _all_events(chosen: People, shape: _Shape) -> AnySelect:
    """The chosen people's events, to be cut to a page: a cluster sorts them, since it walks along no key."""
    persons = chosen.cte("person")
    statement = select(*COLUMNS).join(persons, persons.c.user_id == Behavior.user_id)
    if not shape.in_time:
        return statement.where(matching(shape.where))
    where = with_domain_values(shape.where, persons, _START, _END)
    return statement.where(Behavior.ts >= _START, Behavior.ts < _END, matching(where))


def _first_of_each(chosen: People, shape: _Shape) -> AnySelect:
    """The page out of each chosen person's first rows: a short walk along the primary key, not a sort of everything."""
    persons = chosen.cte("person")
    where = shape.where
    if shape.in_time:
        where = with_domain_values(where, persons, _START, _END)
    conditions = [Behavior.user_id == persons.c.user_id, matching(where)]
    if shape.in_time:
        conditions += [Behavior.ts >= _START, Behavior.ts < _END]
    bound = condition(shape.ordering, shape.request)
    if bound is not None:
        conditions.append(bound)
    first = shape.limit + 1
    found = (
        select(*COLUMNS)
        .where(*conditions)
        .order_by(*_directed([Behavior.ts, Behavior.id], shape))
        .limit(first)
        .lateral("event")
    )
    statement: AnySelect = (
        select(*(found.c[column.key] for column in COLUMNS))
        .select_from(persons.join(found, true()))
        .order_by(*_directed((found.c[column.key] for column in SORT), shape))
    )
    return statement if shape.each else statement.limit(first)


def _directed(columns: Iterable[Column], shape: _Shape) -> list[Column]:
    descending = shape.ordering.descending != shape.backward
    return [column.desc() if descending else column.asc() for column in columns]
