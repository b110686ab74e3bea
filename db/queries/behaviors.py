"""Browsing events, one by one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from core.cursors import Instant
from core.event_types import EventType
from core.ids import BehaviorKey
from core.scope import Scope
from db.cluster import topology_of
from db.keyset import Ordering
from db.models import Behavior
from db.queries import dirty_hours
from db.queries.filter_conditions import matching
from db.queries.filters import EventFilter
from db.queries.people import people
from db.queries.person_hours import PersonHour


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


COLUMNS = (
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
SORT = (Behavior.ts, Behavior.user_id, Behavior.id)
_SORT_TYPES = (Instant, UUID, UUID)

OLDEST_FIRST: Ordering[BehaviorRow] = Ordering(
    "behaviorsOldestFirst", SORT, _SORT_TYPES, lambda row: (row.ts, row.user_id, row.id)
)
NEWEST_FIRST: Ordering[BehaviorRow] = Ordering(
    "behaviorsNewestFirst", SORT, _SORT_TYPES, lambda row: (row.ts, row.user_id, row.id), descending=True
)


_TYPES = {kind.value: kind for kind in EventType}


def rows_of(found: Iterable[Any]) -> list[BehaviorRow]:
    """Return the rows of a statement that selects COLUMNS, in this order."""
    return [
        BehaviorRow(user_id, ts, id_, received_at, _TYPES[kind], x, y, session_id, url, domain)
        for user_id, ts, id_, received_at, kind, x, y, session_id, url, domain in found
    ]


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

    The limit is of events read, not of events admitted: a rare domain costs many statements, none of which takes long.
    """
    chosen = people(scope, topology=topology_of(connection)).subquery("person")
    conditions = [Behavior.user_id == user_id, select(chosen.c.user_id).where(chosen.c.user_id == user_id).exists()]
    if walk.start is not None:
        conditions.append(Behavior.ts >= walk.start)
    if walk.end is not None:
        conditions.append(Behavior.ts < walk.end)
    if place is not None:
        # The first condition follows from the second; partitions are ruled out by it alone.
        conditions += [Behavior.ts >= place[0], tuple_(Behavior.ts, Behavior.id) > place]
    statement = (
        select(*COLUMNS, matching(walk.where.within(scope)).label("admitted"))
        .where(*conditions)
        .order_by(Behavior.ts, Behavior.id)
        .limit(limit)
    )
    rows = (await connection.execute(statement)).all()
    more = (rows[-1].ts, rows[-1].id) if len(rows) == limit else None
    return Stretch(rows_of(row[:-1] for row in rows if row.admitted), more)


async def by_keys(
    connection: AsyncConnection, scope: Scope, keys: Iterable[BehaviorKey]
) -> dict[BehaviorKey, BehaviorRow]:
    """Return those of these events that are in scope, by key."""
    wanted = list(keys)
    chosen = people(scope, topology=topology_of(connection)).subquery("person")
    statement = select(*COLUMNS).where(
        tuple_(Behavior.user_id, Behavior.ts, Behavior.id).in_(wanted),
        Behavior.user_id.in_(select(chosen.c.user_id)),
    )
    found = await connection.execute(statement)
    return {row.key: row for row in rows_of(found.all())}


async def remove(connection: AsyncConnection, key: BehaviorKey) -> bool:
    """Delete an event and mark its hour; False when there was none. The caller has looked it up within its scope."""
    await dirty_hours.mark(connection, [PersonHour(key.user_id, key.ts.replace(minute=0, second=0, microsecond=0))])
    statement = delete(Behavior).where(Behavior.user_id == key.user_id, Behavior.ts == key.ts, Behavior.id == key.id)
    return (await connection.execute(statement)).rowcount > 0
