"""Sign-ins: begin, renew and end a session; change the password."""

from datetime import datetime
from typing import Annotated, TypeVar

import strawberry

from core.errors import InvalidRefreshToken as InvalidRefreshTokenError
from core.errors import Unauthenticated
from db.queries.users import UserRow
from execution.context import Context, Info
from execution.declarations import OPEN_TO_EVERYBODY, SIGNED_IN, SIGNS_IN
from execution.token_scopes import for_tokens
from resolvers import sign_ins
from resolvers.sign_ins import Session
from schema.enums import TokenDelivery
from schema.errors import InvalidCredentials, InvalidInput, InvalidRefreshToken, PasswordsNotAccepted, TooManyAttempts
from schema.mutations.field import mutation
from schema.user import User


@strawberry.input(description="The credentials, and the delivery of the tokens.")
class LoginInput:
    """The arguments."""

    username: str = strawberry.field(description="The username, in any case and form.")
    password: str = strawberry.field(description="The password.")
    delivery: TokenDelivery = strawberry.field(
        default=TokenDelivery.TOKENS, description="The way in which the tokens are sent: in the answer or as cookies."
    )


@strawberry.type(description="The viewer is signed in.")
class LoginSuccess:
    """A fresh pair of tokens."""

    access_token: str | None = strawberry.field(
        description="Send it as `Authorization: Bearer …`. Null when delivered as a cookie."
    )
    refresh_token: str | None = strawberry.field(
        description="Good for one `refreshSession` within 30 days. Null when delivered as a cookie."
    )
    expires_at: datetime = strawberry.field(description="The time at which the access token ends: in an hour.")
    viewer: UserRow = strawberry.field(graphql_type=User, description="The user who is signed in now.")


Success = TypeVar("Success", bound=LoginSuccess)

LoginResult = Annotated[
    LoginSuccess | InvalidCredentials | PasswordsNotAccepted | TooManyAttempts,
    strawberry.union("LoginResult", description="The result of `login`."),
]


@mutation(
    LoginResult,
    metadata=SIGNS_IN | for_tokens(),
    description="Begin a session. Counts against the account and the address, whatever the outcome.",
)
async def login(
    info: Info,
    input: Annotated[LoginInput, strawberry.argument(description="The credentials, and the delivery of the tokens.")],
) -> LoginSuccess:
    """Resolve the field."""
    context = info.context
    if input.delivery is TokenDelivery.COOKIE:
        context.cookies.require()
    session = await sign_ins.login(context.services, context.client, input.username, input.password)
    return delivered(context, session, input.delivery, LoginSuccess)


def delivered(context: Context, session: Session, delivery: TokenDelivery, success: type[Success]) -> Success:
    """The success to answer with: the tokens in it or, put into cookies, not."""
    # From here on the request speaks for whoever signed in: the viewer's own fields may be selected on the answer.
    context.adopt(session)
    by_cookie = delivery is TokenDelivery.COOKIE
    if by_cookie:
        context.cookies.set(session)
    return success(
        access_token=None if by_cookie else session.access_token,
        refresh_token=None if by_cookie else session.refresh_token,
        expires_at=session.expires_at,
        viewer=session.user,
    )


@strawberry.input(description="The session to renew.")
class RefreshSessionInput:
    """The arguments."""

    refresh_token: str | None = strawberry.field(
        default=None, description="The refresh token; left out by browsers that have it as a cookie."
    )
    delivery: TokenDelivery = strawberry.field(
        default=TokenDelivery.TOKENS, description="The way in which the tokens are sent: in the answer or as cookies."
    )


@strawberry.type(description="The session goes on with new tokens; the old refresh token is used up.")
class RefreshSessionSuccess(LoginSuccess):
    """A fresh pair of tokens."""


RefreshSessionResult = Annotated[
    RefreshSessionSuccess | InvalidRefreshToken | PasswordsNotAccepted | TooManyAttempts,
    strawberry.union("RefreshSessionResult", description="The result of `refreshSession`."),
]


@mutation(
    RefreshSessionResult,
    metadata=SIGNS_IN | for_tokens(),
    description="Go on with a session whose access token has ended. A refresh token is good for one use; "
    "a second one ends the session.",
)
async def refresh_session(
    info: Info,
    input: Annotated[RefreshSessionInput, strawberry.argument(description="The session to renew.")],
) -> RefreshSessionSuccess:
    """Resolve the field."""
    context = info.context
    token = input.refresh_token or context.cookies.refresh_token
    if token is None:
        advice = "There is no session to go on with. Sign in."
        raise InvalidRefreshTokenError(" ".join(filter(None, (advice, context.cookies.missing))))
    if input.delivery is TokenDelivery.COOKIE:
        context.cookies.require()
    session = await sign_ins.refresh(context.services, context.client, token)
    return delivered(context, session, input.delivery, RefreshSessionSuccess)


@strawberry.type(description="The session has ended: none of its tokens holds from now on.")
class LogoutSuccess:
    """The user who has signed out."""

    username: str = strawberry.field(description="The user who was signed in.")


LogoutResult = Annotated[LogoutSuccess, strawberry.union("LogoutResult", description="The result of `logout`.")]


@mutation(
    LogoutResult,
    metadata=OPEN_TO_EVERYBODY,
    description="End the session.",
)
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
        return (await sign_ins.logout_by_refresh_token(context.services, context.client, refresh_token)).username
    context.caller.viewer.require_sign_in()
    await sign_ins.logout(context.caller)
    return context.account.username


@strawberry.input(description="The old password and the new.")
class ChangePasswordInput:
    """The arguments."""

    current_password: str = strawberry.field(description="The password until now.")
    new_password: str = strawberry.field(description="The password from now on: 12 to 256 characters.")


@strawberry.type(description="The password is changed. Every other session of the account has ended.")
class ChangePasswordSuccess:
    """The account."""

    viewer: UserRow = strawberry.field(graphql_type=User, description="The user whose password it is.")


ChangePasswordResult = Annotated[
    ChangePasswordSuccess | InvalidCredentials | InvalidInput | PasswordsNotAccepted | TooManyAttempts,
    strawberry.union("ChangePasswordResult", description="The result of `changePassword`."),
]


@mutation(
    ChangePasswordResult,
    metadata=SIGNED_IN,
    description="Set one's own password and end every other session of the account.",
)
async def change_password(
    info: Info,
    input: Annotated[ChangePasswordInput, strawberry.argument(description="The old password and the new.")],
) -> ChangePasswordSuccess:
    """Resolve the field."""
    await sign_ins.change_password(info.context.caller, input.current_password, input.new_password)
    return ChangePasswordSuccess(viewer=info.context.account)
