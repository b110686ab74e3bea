"""logout: end the session."""

from typing import Annotated

import strawberry

from core.errors import Unauthenticated
from resolvers import sign_in
from schema.context import Context, Info


@strawberry.type(description="The session has ended: none of its tokens holds from now on.")
class LogoutSuccess:
    """Says who is gone."""

    username: str = strawberry.field(description="Who was signed in.")


LogoutResult = Annotated[LogoutSuccess, strawberry.union("LogoutResult", description="What `logout` answers.")]


async def logout(info: Info) -> LogoutSuccess:
    """Resolve the field."""
    try:
        return LogoutSuccess(username=await _end(info.context))
    finally:
        info.context.cookies.clear()


async def _end(context: Context) -> str:
    """End the access token's sign-in or, where that token has expired, the refresh cookie's; whose it was."""
    refresh_token = context.cookies.refresh_token
    if refresh_token is not None and isinstance(context.authentication, Unauthenticated):
        return (await sign_in.logout_by_refresh_token(context.services, refresh_token)).username
    await sign_in.logout(context.caller)
    return context.account.username
