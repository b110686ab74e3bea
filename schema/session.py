"""Browsing sessions."""

from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated

import strawberry

from core.ids import encode_node_id
from db.queries.behaviors import BehaviorRow
from db.queries.extension_users import ExtensionUserRow
from db.queries.sessions import SessionRow
from execution.context import Info
from execution.declarations import priced
from resolvers import extension_users, sessions
from resolvers.pages import ConnectionRow, TwoWay
from schema.behavior import Behavior, OrderByArgument, ordering
from schema.connection import After, Before, Connection, FirstOf, LastOf
from schema.enums import BehaviorOrder, IntervalOrder
from schema.scalars import BigInt

if TYPE_CHECKING:
    from schema.extension_user import ExtensionUser

SessionOrderArgument = Annotated[IntervalOrder, strawberry.argument(description="The order of the sessions.")]

_KEY_BYTES = 16


@strawberry.type(
    description="A person's events with the same session id, as far as they lie in the period. A filter by domain, "
    "category or url chooses those with an event that meets it, and the parts of them that are counted."
)
class Session:
    """Shows a SessionRow."""

    @strawberry.field(
        description="Opaque. The same session has the same one each time it is asked for with the same period (as it "
        "is written), filter and time zone; with others it has another, since its values differ. Not for `node`."
    )
    def id(root: strawberry.Parent[SessionRow]) -> strawberry.ID:
        of = f"{root.query.fingerprint} {root.user_id} {root.session_id}"
        return strawberry.ID(encode_node_id("Session", sha256(of.encode()).digest()[:_KEY_BYTES]))

    session_id: str = strawberry.field(description="The id that the extension gave it.")

    @strawberry.field(
        graphql_type=Annotated["ExtensionUser", strawberry.lazy("schema.extension_user")] | None,
        description="The extension user; null for an anonymous session.",
    )
    async def extension_user(root: strawberry.Parent[SessionRow], info: Info) -> ExtensionUserRow | None:
        return await extension_users.extension_user(info.context.caller, root.user_id)

    start: datetime = strawberry.field(description="Its first event.")
    end: datetime = strawberry.field(description="Its last event.")
    seconds: float = strawberry.field(
        description="From the first event to the last, in seconds; filtered, the part that meets the filter."
    )
    events: BigInt = strawberry.field(description="The number of its events that meet the filter.")

    @strawberry.field(description="Its distinct domains that meet the filter, in alphabetical order.")
    async def domains(root: strawberry.Parent[SessionRow], info: Info) -> list[str] | None:
        return await sessions.domains(info.context.caller, root)

    @strawberry.field(description="Its distinct urls that meet the filter, in alphabetical order.")
    async def urls(
        root: strawberry.Parent[SessionRow],
        info: Info,
        first: Annotated[int, strawberry.argument(description="The number of urls to return, at most 1000.")] = 50,
    ) -> list[str] | None:
        return await sessions.urls(info.context.caller, root, first)

    @strawberry.field(
        graphql_type=Connection[Behavior] | None,
        description="Its events that meet the filter: those that `events` counts.",
        metadata=priced(measures=1, of_parent=True),
    )
    async def behaviors(
        root: strawberry.Parent[SessionRow],
        info: Info,
        order_by: OrderByArgument = BehaviorOrder.OLDEST_FIRST,
        first: FirstOf = None,
        after: After = None,
        last: LastOf = None,
        before: Before = None,
    ) -> ConnectionRow[BehaviorRow]:
        place = TwoWay(first, after, last, before)
        return await sessions.behaviors(info.context.caller, root, ordering(order_by), place)
