"""refreshSession: go on with a session after its access token has ended."""

from typing import Annotated

import strawberry

from core.errors import InvalidRefreshToken as InvalidRefreshTokenError
from resolvers import sign_in
from schema.context import Info
from schema.enums import TokenDelivery
from schema.errors import InvalidRefreshToken, TooManyAttempts
from schema.mutations.login import LoginSuccess, delivered


@strawberry.input(description="Which session to go on with.")
class RefreshSessionInput:
    """The arguments."""

    refresh_token: str | None = strawberry.field(
        default=None, description="The refresh token; left out by browsers that have it as a cookie."
    )
    delivery: TokenDelivery = strawberry.field(
        default=TokenDelivery.TOKENS, description="Whether the tokens come in the answer or as cookies."
    )


@strawberry.type(description="The session goes on with new tokens; the old refresh token is used up.")
class RefreshSessionSuccess(LoginSuccess):
    """A fresh pair of tokens."""


RefreshSessionResult = Annotated[
    RefreshSessionSuccess | InvalidRefreshToken | TooManyAttempts,
    strawberry.union("RefreshSessionResult", description="What `refreshSession` answers."),
]


async def refresh_session(
    info: Info,
    input: Annotated[RefreshSessionInput, strawberry.argument(description="Which session to go on with.")],
) -> RefreshSessionSuccess:
    """Resolve the field."""
    context = info.context
    token = input.refresh_token or context.cookies.refresh_token
    if token is None:
        raise InvalidRefreshTokenError("There is no session to go on with. Sign in.")
    if input.delivery is TokenDelivery.COOKIE:
        context.cookies.require()
    session = await sign_in.refresh(context.services, context.client, token)
    return delivered(context, session, input.delivery, RefreshSessionSuccess)
