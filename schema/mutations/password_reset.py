"""Forgotten passwords: ask for a link, and set a new password by it."""

from typing import Annotated

import strawberry

from execution.context import Info
from execution.declarations import OPEN_TO_EVERYBODY
from resolvers import password_resets
from schema.errors import InvalidInput, InvalidLink, MailNotConfigured, PasswordsNotAccepted, TooManyAttempts
from schema.mutations.field import mutation


@strawberry.input(description="The account whose password is forgotten.")
class RequestPasswordResetInput:
    """The arguments."""

    username: str = strawberry.field(description="The username, in any case and form.")


@strawberry.type(
    description="If the account exists and has a confirmed mail address, a link is mailed to it. Whether it does is "
    "not told."
)
class RequestPasswordResetSuccess:
    """The same for every name."""

    username: str = strawberry.field(description="The username, as it was written.")


RequestPasswordResetResult = Annotated[
    RequestPasswordResetSuccess | MailNotConfigured | PasswordsNotAccepted | TooManyAttempts,
    strawberry.union("RequestPasswordResetResult", description="The result of `requestPasswordReset`."),
]


@mutation(
    RequestPasswordResetResult,
    metadata=OPEN_TO_EVERYBODY,
    description="Have a link for a forgotten password mailed to the account's confirmed address. Answers the same, "
    "in the same time, for names that nobody has; counts as an attempt to sign in.",
)
async def request_password_reset(
    info: Info,
    input: Annotated[
        RequestPasswordResetInput, strawberry.argument(description="The account whose password is forgotten.")
    ],
) -> RequestPasswordResetSuccess:
    """Resolve the field."""
    await password_resets.request(info.context.services, info.context.client, input.username)
    return RequestPasswordResetSuccess(username=input.username)


@strawberry.input(description="The link from the mail, and the new password.")
class ResetPasswordInput:
    """The arguments."""

    token: str = strawberry.field(description="What stands behind the `#` of the link.")
    new_password: str = strawberry.field(description="The password from now on: 12 to 256 characters.")


@strawberry.type(
    description="The password is set. Every sign-in of the account has ended, and nobody is signed in by that."
)
class ResetPasswordSuccess:
    """The account."""

    username: str = strawberry.field(description="The name of the account: what it signs in with.")


ResetPasswordResult = Annotated[
    ResetPasswordSuccess | InvalidLink | InvalidInput | PasswordsNotAccepted | TooManyAttempts,
    strawberry.union("ResetPasswordResult", description="The result of `resetPassword`."),
]


@mutation(
    ResetPasswordResult,
    metadata=OPEN_TO_EVERYBODY,
    description="Set a new password by such a link, which is used up, and end every session of the account. Counts "
    "as an attempt to sign in.",
)
async def reset_password(
    info: Info,
    input: Annotated[
        ResetPasswordInput, strawberry.argument(description="The link from the mail, and the new password.")
    ],
) -> ResetPasswordSuccess:
    """Resolve the field."""
    context = info.context
    username = await password_resets.reset(context.services, context.client, input.token, input.new_password)
    return ResetPasswordSuccess(username=username)
