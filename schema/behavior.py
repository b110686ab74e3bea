"""Browsing events."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from core.errors import InvalidInput
from core.ids import behavior_node_id
from core.periods import TimeRange
from db.keyset import Ordering
from db.queries import behaviors
from db.queries.behaviors import BehaviorRow
from db.queries.extension_users import ExtensionUserRow
from db.queries.filters import EventFilter
from execution.context import Info
from resolvers import extension_users
from schema.domain_display import DOMAIN_DISPLAY, shown_domain_or_null
from schema.enums import BehaviorOrder, EventType
from schema.filters import BehaviorFilter
from schema.node import ID_DESCRIPTION, Node
from schema.period import LocalTime, Period

if TYPE_CHECKING:
    from schema.extension_user import ExtensionUser

WhereArgument = Annotated[
    BehaviorFilter | None, strawberry.argument(description="A filter of behaviors; without it all are listed.")
]
BehaviorPeriodArgument = Annotated[
    Period | None,
    strawberry.argument(description="The time to look at, instead of `where.period`; without either, all time."),
]
OrderByArgument = Annotated[BehaviorOrder, strawberry.argument(description="The order of the behaviors.")]


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
    ts: datetime = strawberry.field(description="The time of the event, by the browser's clock.")
    type: EventType = strawberry.field(description="The type of the event.")
    url: str = strawberry.field(description="The url of the page; may be empty.")
    domain: str | None = strawberry.field(
        description="The domain that the event counts for: the url's host, or its scheme for other schemes."
    )
    domain_display: str | None = strawberry.field(resolver=shown_domain_or_null, description=DOMAIN_DISPLAY)
    x: int | None = strawberry.field(description="The distance from the left of the page, in pixels.")
    y: int | None = strawberry.field(description="The distance from the top of the page, in pixels.")
    received_at: datetime = strawberry.field(description="The time at which it was stored.")

    @strawberry.field(
        graphql_type=Annotated["ExtensionUser", strawberry.lazy("schema.extension_user")] | None,
        description="The extension user who did it; null for an anonymous event.",
    )
    async def extension_user(root: strawberry.Parent[BehaviorRow], info: Info) -> ExtensionUserRow | None:
        return await extension_users.extension_user(info.context.caller, root.user_id)


def ordering(order: BehaviorOrder) -> Ordering[BehaviorRow]:
    """The sort order of an `orderBy` argument."""
    if order is BehaviorOrder.OLDEST_FIRST:
        return behaviors.OLDEST_FIRST
    return behaviors.NEWEST_FIRST


async def events_asked_for(
    info: Info, where: BehaviorFilter | None, period: Period | None, time: LocalTime
) -> tuple[TimeRange | None, EventFilter]:
    """The time range and the conditions of a field's arguments. InvalidInput if a period is given twice."""
    where = where or BehaviorFilter()
    if period and where.period:
        raise InvalidInput("`period` is given twice: in `where` and beside it. Give one of them.", "period")
    chosen = period or where.period
    return await time.resolve(info, chosen) if chosen else None, where.conditions()
