"""logout: end the session."""

from typing import Annotated

import strawberry

from resolvers import sign_in
from schema.context import Info


@strawberry.type(description="The session has ended: none of its tokens holds from now on.")
class LogoutSuccess:
    """Says who is gone."""

    username: str = strawberry.field(description="Who was signed in.")


LogoutResult = Annotated[LogoutSuccess, strawberry.union("LogoutResult", description="What `logout` answers.")]


async def logout(info: Info) -> LogoutSuccess:
    """Resolve the field."""
    username = info.context.account.username
    await sign_in.logout(info.context.caller)
    info.context.cookies.clear()
    return LogoutSuccess(username=username)
