"""Rejected events of people. What an operator looks at is in housekeeping.py: as a whole they belong to no tenant.

An event can name a person in two ways: in `user_id`, when it came with their key or named somebody who is known, and
in the `userId` of its payload, when it was refused before anybody asked whose it is.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, Uuid, any_, delete, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.scope import Scope
from db.models import ExtensionUser, RejectedEvent
from db.tenancy import within


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
_NAMED = func.replace(func.lower(func.substring(RejectedEvent.payload, r'"userId": "([0-9A-Fa-f-]{32,36})"')), "-", "")


async def page_of(
    connection: AsyncConnection, scope: Scope, user_id: UUID, *, after: int, limit: int
) -> Sequence[RejectedEventRow]:
    """At most `limit` rejected events of a person in scope after that id, in the order they came.

    Theirs are those with their key, and those without any that named them; not those with somebody else's key.
    """
    in_scope = select(ExtensionUser.id).where(ExtensionUser.id == user_id, within(scope, ExtensionUser.organization_id))
    theirs = or_(RejectedEvent.user_id == user_id, RejectedEvent.user_id.is_(None) & _names([user_id]))
    statement = select(*_COLUMNS).where(theirs, in_scope.exists(), RejectedEvent.id > after)
    rows: Any = await connection.execute(statement.order_by(RejectedEvent.id).limit(limit))
    return [RejectedEventRow(*row) for row in rows]


async def remove_of(connection: AsyncConnection, user_ids: Collection[UUID]) -> int:
    """Delete every rejected event of these people, and every one that names one of them; how many there were."""
    theirs = RejectedEvent.user_id == any_(literal(list(user_ids), ARRAY(Uuid())))
    statement = delete(RejectedEvent).where(or_(theirs, _names(user_ids)))
    return (await connection.execute(statement)).rowcount


def _names(user_ids: Collection[UUID]) -> ColumnElement[bool]:
    return any_(literal([user_id.hex for user_id in user_ids], ARRAY(Text()))) == _NAMED
