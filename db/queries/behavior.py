"""Browsing events, one by one."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import FromClause, delete, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from core.cursors import Instant
from core.event_types import EventType
from core.ids import BehaviorKey
from core.periods import TimeRange
from core.scope import Scope
from db.cluster import is_cluster
from db.keyset import AnySelect, Column, Ordering, Page, PageRequest, condition, cut, keyset, keyset_per
from db.metrics.categories import with_known_categories
from db.models import Behavior
from db.queries import rollups
from db.queries.filters import EventFilter, matching
from db.queries.people import People, people
from db.queries.rollups import PersonHour


class BehaviorRow(NamedTuple):
    """A browsing event: a tuple, for a page has a thousand, and a dataclass takes five times as long to make."""

    user_id: UUID
    ts: datetime
    id: UUID
    received_at: datetime
    type: EventType
    x: int | None
    y: int | None
    session_id: str
    url: str
    domain: str | None

    @property
    def key(self) -> BehaviorKey:
        """The primary key."""
        return BehaviorKey(self.user_id, self.ts, self.id)


_COLUMNS = (
    Behavior.user_id,
    Behavior.ts,
    Behavior.id,
    Behavior.received_at,
    Behavior.type,
    Behavior.x,
    Behavior.y,
    Behavior.session_id,
    Behavior.url,
    Behavior.domain,
)
_SORT = (Behavior.ts, Behavior.user_id, Behavior.id)
_SORT_TYPES = (Instant, UUID, UUID)

OLDEST_FIRST: Ordering[BehaviorRow] = Ordering(
    "behaviorsOldestFirst", _SORT, _SORT_TYPES, lambda row: (row.ts, row.user_id, row.id)
)
NEWEST_FIRST: Ordering[BehaviorRow] = Ordering(
    "behaviorsNewestFirst", _SORT, _SORT_TYPES, lambda row: (row.ts, row.user_id, row.id), descending=True
)


_TYPES = {kind.value: kind for kind in EventType}


def _rows(found: Iterable[Any]) -> list[BehaviorRow]:
    """What a statement with these columns, in this order, has found."""
    return [
        BehaviorRow(user_id, ts, id_, received_at, _TYPES[kind], x, y, session_id, url, domain)
        for user_id, ts, id_, received_at, kind, x, y, session_id, url, domain in found
    ]


@dataclass(frozen=True, slots=True)
class BehaviorQuery:
    """A page of events: the time they fall in (None: any), their filter, order and place.

    A filter of categories needs a time: the domains met in it are what is categorised.
    """

    time_range: TimeRange | None
    where: EventFilter
    ordering: Ordering[BehaviorRow]
    request: PageRequest


async def page(connection: AsyncConnection, scope: Scope, query: BehaviorQuery) -> Page[BehaviorRow]:
    """A page of all events in scope."""
    spread = is_cluster(connection)
    who = {"organization_ids": query.where.organization_ids, "user_ids": query.where.extension_user_ids}
    chosen = people(scope, **who, spread=spread)
    if spread:
        statement = keyset(_all_events(chosen, query), query.ordering, query.request)
    else:
        statement, found = _first_per_person(chosen, query)
        sort = [found.c.ts, found.c.user_id, found.c.id]
        statement = statement.order_by(*_directed(sort, query)).limit(query.request.limit + 1)
    events = await connection.execute(statement)
    return cut(_rows(events.all()), query.ordering, query.request)


async def pages_by_user(
    connection: AsyncConnection, scope: Scope, user_ids: Collection[UUID], query: BehaviorQuery
) -> dict[UUID, Page[BehaviorRow]]:
    """The same page of each person's events."""
    chosen = people(scope, user_ids=user_ids)
    first: Iterable[Any]
    if is_cluster(connection):
        theirs = _all_events(chosen, query).where(Behavior.user_id.in_(user_ids))
        events = await connection.execute(keyset_per(Behavior.user_id, theirs, query.ordering, query.request))
        first = [row[1:] for row in events]
    else:
        statement, found = _first_per_person(chosen, query)
        events = await connection.execute(statement.order_by(*_directed([found.c.ts, found.c.id], query)))
        first = events.all()
    rows: dict[UUID, list[BehaviorRow]] = {user_id: [] for user_id in user_ids}
    for row in _rows(first):
        rows[row.user_id].append(row)
    return {user_id: cut(found, query.ordering, query.request) for user_id, found in rows.items()}


def _all_events(chosen: People, query: BehaviorQuery) -> AnySelect:
    """The chosen people's events, to be cut to a page: a cluster walks along nobody's key, and has them sorted."""
    persons = chosen.cte("person")
    statement = select(*_COLUMNS).join(persons, persons.c.user_id == Behavior.user_id)
    if query.time_range is None:
        return statement.where(matching(query.where))
    start, end = query.time_range.start, query.time_range.end
    where = with_known_categories(query.where, persons, start, end, spread=True)
    return statement.where(Behavior.ts >= start, Behavior.ts < end, matching(where))


def _first_per_person(chosen: People, query: BehaviorQuery) -> tuple[AnySelect, FromClause]:
    """Each chosen person's first rows of the page: a short walk along the primary key, not a sort of everything."""
    persons = chosen.cte("person")
    where = query.where
    if query.time_range is not None:
        where = with_known_categories(where, persons, query.time_range.start, query.time_range.end)
    conditions = [Behavior.user_id == persons.c.user_id, matching(where)]
    if query.time_range is not None:
        conditions += [Behavior.ts >= query.time_range.start, Behavior.ts < query.time_range.end]
    bound = condition(query.ordering, query.request)
    if bound is not None:
        conditions.append(bound)
    found = (
        select(*_COLUMNS)
        .where(*conditions)
        .order_by(*_directed([Behavior.ts, Behavior.id], query))
        .limit(query.request.limit + 1)
        .lateral("event")
    )
    return select(*(found.c[column.key] for column in _COLUMNS)).select_from(persons.join(found, true())), found


def _directed(columns: Iterable[Column], query: BehaviorQuery) -> list[Column]:
    descending = query.ordering.descending != query.request.backward
    return [column.desc() if descending else column.asc() for column in columns]


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk through everything a person did between two instants (None: from the first, to the last), oldest first."""

    start: datetime | None
    end: datetime | None
    where: EventFilter


@dataclass(frozen=True, slots=True)
class Stretch:
    """The next events of a walk that its filter admits, and where to go on: None at the end."""

    rows: list[BehaviorRow]
    place: tuple[datetime, UUID] | None


async def stretch(
    connection: AsyncConnection,
    scope: Scope,
    user_id: UUID,
    walk: Walk,
    *,
    place: tuple[datetime, UUID] | None,
    limit: int,
) -> Stretch:
    """Look at the next `limit` events of a person in scope.

    So many are looked at, however few of them are admitted: a rare domain costs many statements, and none of them long.
    """
    chosen = people(scope, spread=is_cluster(connection)).subquery("person")
    conditions = [Behavior.user_id == user_id, select(chosen.c.user_id).where(chosen.c.user_id == user_id).exists()]
    if walk.start is not None:
        conditions.append(Behavior.ts >= walk.start)
    if walk.end is not None:
        conditions.append(Behavior.ts < walk.end)
    if place is not None:
        # The first condition follows from the second; partitions are ruled out by it alone.
        conditions += [Behavior.ts >= place[0], tuple_(Behavior.ts, Behavior.id) > place]
    statement = (
        select(*_COLUMNS, matching(walk.where).label("admitted"))
        .where(*conditions)
        .order_by(Behavior.ts, Behavior.id)
        .limit(limit)
    )
    rows = (await connection.execute(statement)).all()
    more = (rows[-1].ts, rows[-1].id) if len(rows) == limit else None
    return Stretch(_rows(row[:-1] for row in rows if row.admitted), more)


async def by_keys(
    connection: AsyncConnection, scope: Scope, keys: Iterable[BehaviorKey]
) -> dict[BehaviorKey, BehaviorRow]:
    """Those of these events that are in scope."""
    wanted = list(keys)
    chosen = people(scope, spread=is_cluster(connection)).subquery("person")
    statement = select(*_COLUMNS).where(
        tuple_(Behavior.user_id, Behavior.ts, Behavior.id).in_(wanted),
        Behavior.user_id.in_(select(chosen.c.user_id)),
    )
    found = await connection.execute(statement)
    return {row.key: row for row in _rows(found.all())}


async def remove(connection: AsyncConnection, key: BehaviorKey) -> bool:
    """Delete an event and mark its hour; False when there was none. The caller has looked it up within its scope."""
    await rollups.mark(connection, [PersonHour(key.user_id, key.ts.replace(minute=0, second=0, microsecond=0))])
    statement = delete(Behavior).where(Behavior.user_id == key.user_id, Behavior.ts == key.ts, Behavior.id == key.id)
    return (await connection.execute(statement)).rowcount > 0


async def remove_some_of(connection: AsyncConnection, user_id: UUID, limit: int) -> int:
    """Delete at most `limit` events of a person; how many there were."""
    some = select(*_SORT).where(Behavior.user_id == user_id).limit(limit)
    return (await connection.execute(delete(Behavior).where(tuple_(*_SORT).in_(some)))).rowcount
