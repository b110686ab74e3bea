"""Rejected events of people. What an operator looks at is in housekeeping.py: as a whole they belong to no tenant.

An event can name a person in two ways: in `user_id`, when it came with their key or named somebody who is known, and
in `named_user_id`, when it came without a key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, delete, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from core.scope import Scope
from db.models import ExtensionUser, RejectedEvent
from db.tenancy import in_scope


@dataclass(frozen=True, slots=True)
class RejectedEventRow:
    """An event that was refused."""

    id: int
    received_at: datetime
    code: str
    message: str
    payload: str


_COLUMNS = (
    RejectedEvent.id,
    RejectedEvent.received_at,
    RejectedEvent.code,
    RejectedEvent.message,
    RejectedEvent.payload,
)


async def page_of(
    connection: AsyncConnection, scope: Scope, user_id: UUID, *, after: int, limit: int
) -> Sequence[RejectedEventRow]:
    """At most `limit` rejected events of a person in scope after that id, in the order they came.

    Theirs are those with their key, and those without any that named them; not those with somebody else's key.
    """
    person = select(ExtensionUser.id).where(ExtensionUser.id == user_id, in_scope(scope, ExtensionUser.organization_id))
    statement = (
        select(*_COLUMNS)
        .where(RejectedEvent.id.in_(_ids_of(user_id, limit, after=after)), person.exists())
        .order_by(RejectedEvent.id)
        .limit(limit)
    )
    rows: Any = await connection.execute(statement)
    return [RejectedEventRow(*row) for row in rows]


async def remove_some_of(connection: AsyncConnection, user_id: UUID, limit: int) -> int:
    """Delete at most `limit` rejected events of a person, or that name them; return how many there were."""
    some = select(_ids_of(user_id, limit).subquery().c.id).limit(limit)
    return (await connection.execute(delete(RejectedEvent).where(RejectedEvent.id.in_(some)))).rowcount


def _ids_of(user_id: UUID, limit: int, *, after: int = 0) -> CompoundSelect[tuple[int]]:
    """The first ids of a person's events by each of the two columns: `limit` steps along each index, no more."""
    by_each = (
        select(RejectedEvent.id)
        .where(column == user_id, RejectedEvent.id > after)
        .order_by(RejectedEvent.id)
        .limit(limit)
        for column in (RejectedEvent.user_id, RejectedEvent.named_user_id)
    )
    return union(*(select(each.subquery().c.id) for each in by_each))
