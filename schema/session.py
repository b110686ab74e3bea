"""Browsing sessions."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db.queries.extension_user import ExtensionUserRow
from db.queries.session import SessionRow
from resolvers import extension_user as extension_users
from resolvers import session as sessions
from schema.context import Info
from schema.scalars import BigInt

if TYPE_CHECKING:
    from schema.extension_user import ExtensionUser


@strawberry.type(
    description="A person's events with the same session id, as far as they lie in the period and meet the filter."
)
class Session:
    """Shows a SessionRow."""

    session_id: str = strawberry.field(description="What the extension called it.")

    @strawberry.field(
        graphql_type=Annotated["ExtensionUser", strawberry.lazy("schema.extension_user")] | None,
        description="Whose it is; null for an anonymous one.",
    )
    async def extension_user(root: strawberry.Parent[SessionRow], info: Info) -> ExtensionUserRow | None:
        return await extension_users.extension_user(info.context.caller, root.user_id)

    start: datetime = strawberry.field(description="Its first event.")
    end: datetime = strawberry.field(description="Its last event.")
    seconds: float = strawberry.field(description="From the first event to the last, in seconds.")
    events: BigInt = strawberry.field(description="How many events it has.")

    @strawberry.field(description="Its distinct domains, in alphabetical order.")
    async def domains(root: strawberry.Parent[SessionRow], info: Info) -> list[str]:
        return await sessions.domains(info.context.caller, root)

    @strawberry.field(description="Its distinct urls, in alphabetical order.")
    async def urls(
        root: strawberry.Parent[SessionRow],
        info: Info,
        first: Annotated[int, strawberry.argument(description="How many to return, at most 1000.")] = 50,
    ) -> list[str]:
        return await sessions.urls(info.context.caller, root, first)
