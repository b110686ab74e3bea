"""login: begin a session with a password."""

from datetime import datetime
from typing import Annotated, TypeVar

import strawberry

from db.queries.user import UserRow
from resolvers import sign_in
from resolvers.sign_in import Session
from schema.context import Context, Info
from schema.enums import TokenDelivery
from schema.errors import InvalidCredentials, TooManyAttempts
from schema.user import User


@strawberry.input(description="Who signs in.")
class LoginInput:
    """The arguments."""

    username: str = strawberry.field(description="Their username, in any case.")
    password: str = strawberry.field(description="Their password.")
    delivery: TokenDelivery = strawberry.field(
        default=TokenDelivery.TOKENS, description="Whether the tokens come in the answer or as cookies."
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
    expires_at: datetime = strawberry.field(description="When the access token ends: in an hour.")
    viewer: UserRow = strawberry.field(graphql_type=User, description="Who is signed in now.")


Success = TypeVar("Success", bound=LoginSuccess)

LoginResult = Annotated[
    LoginSuccess | InvalidCredentials | TooManyAttempts,
    strawberry.union("LoginResult", description="What `login` answers."),
]


async def login(
    info: Info, input: Annotated[LoginInput, strawberry.argument(description="Who signs in.")]
) -> LoginSuccess:
    """Resolve the field."""
    context = info.context
    if input.delivery is TokenDelivery.COOKIE:
        context.cookies.require()
    session = await sign_in.login(context.services, context.client, input.username, input.password)
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
