"""Browsing events."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from core.ids import behavior_node_id
from core.periods import TimeRange
from db.keyset import Ordering
from db.queries import behavior as behavior_queries
from db.queries.behavior import BehaviorRow
from db.queries.extension_user import ExtensionUserRow
from db.queries.filters import EventFilter
from resolvers import extension_user as extension_users
from schema.context import Info
from schema.enums import BehaviorOrder, EventType
from schema.filters import BehaviorFilter
from schema.node import ID_DESCRIPTION, Node

if TYPE_CHECKING:
    from schema.extension_user import ExtensionUser

WhereArgument = Annotated[BehaviorFilter | None, strawberry.argument(description="Which behaviors; all, without it.")]
OrderByArgument = Annotated[BehaviorOrder, strawberry.argument(description="How to sort them.")]


@strawberry.type(description="One browsing event.")
class Behavior(Node):
    """Shows a BehaviorRow."""

    @classmethod
    def is_type_of(cls, value: object, _info: Any) -> bool:
        return isinstance(value, BehaviorRow)

    @strawberry.field(graphql_type=strawberry.ID, description=ID_DESCRIPTION)
    def id(root: strawberry.Parent[BehaviorRow]) -> str:
        return behavior_node_id(root.user_id, root.ts, root.id)  # at once: there may be a thousand of them

    @strawberry.field(description="The plain id: the `id` of the REST routes.")
    def uuid(root: strawberry.Parent[BehaviorRow]) -> UUID:
        return root.id

    session_id: str = strawberry.field(description="The browsing session it belongs to.")
    ts: datetime = strawberry.field(description="When it happened, by the browser's clock.")
    type: EventType = strawberry.field(description="What happened.")
    url: str = strawberry.field(description="Where; may be empty.")
    domain: str | None = strawberry.field(
        description="What it counts under: the url's host, or its scheme for other schemes."
    )
    x: int | None = strawberry.field(description="Where on the page, from the left, in pixels.")
    y: int | None = strawberry.field(description="Where on the page, from the top, in pixels.")
    received_at: datetime = strawberry.field(description="When it was stored.")

    @strawberry.field(
        graphql_type=Annotated["ExtensionUser", strawberry.lazy("schema.extension_user")] | None,
        description="Who did it; null for an anonymous event.",
    )
    async def extension_user(root: strawberry.Parent[BehaviorRow], info: Info) -> ExtensionUserRow | None:
        return await extension_users.extension_user(info.context.caller, root.user_id)


def ordering(order: BehaviorOrder) -> Ordering[BehaviorRow]:
    """The sort that an `orderBy` asks for."""
    if order is BehaviorOrder.OLDEST_FIRST:
        return behavior_queries.OLDEST_FIRST
    return behavior_queries.NEWEST_FIRST


def events_asked_for(where: BehaviorFilter | None) -> tuple[TimeRange | None, EventFilter]:
    """The time and conditions that a `where` asks for."""
    where = where or BehaviorFilter()
    return where.period.resolve() if where.period else None, where.conditions()
