"""Mail addresses of accounts: change one's own, and confirm one."""

from typing import Annotated

import strawberry

from execution.context import Info
from execution.declarations import OPEN_TO_EVERYBODY, SIGNED_IN
from resolvers import email_changes
from schema.enums import MailDelivery
from schema.errors import (
    InvalidCredentials,
    InvalidInput,
    InvalidLink,
    MailNotConfigured,
    PasswordsNotAccepted,
    TooManyAttempts,
)
from schema.mutations.field import mutation


@strawberry.input(description="The new mail address, and the password.")
class ChangeEmailInput:
    """The arguments."""

    email: str = strawberry.field(description="The mail address that the account is to have.")
    current_password: str = strawberry.field(description="The password: who has the address can replace it.")


@strawberry.type(
    description="A link is on its way to the new address. The account keeps the one that it has until it is opened."
)
class ChangeEmailSuccess:
    """The outcome."""

    mail: MailDelivery = strawberry.field(description="What became of the mail with the link.")
    mail_problem: str | None = strawberry.field(description="The reason why no mail was sent, if that failed.")


ChangeEmailResult = Annotated[
    ChangeEmailSuccess | InvalidCredentials | InvalidInput | MailNotConfigured | PasswordsNotAccepted | TooManyAttempts,
    strawberry.union("ChangeEmailResult", description="The result of `changeEmail`."),
]


@mutation(
    ChangeEmailResult,
    metadata=SIGNED_IN,
    description="Give one's own account another mail address, once the link that is mailed to it is opened.",
)
async def change_email(
    info: Info,
    input: Annotated[ChangeEmailInput, strawberry.argument(description="The new mail address, and the password.")],
) -> ChangeEmailSuccess:
    """Resolve the field."""
    context = info.context
    outcome = await email_changes.change(context.caller, context.account, input.email, input.current_password)
    return ChangeEmailSuccess(mail=outcome.delivery, mail_problem=outcome.problem)


@strawberry.input(description="The link from the mail.")
class ConfirmEmailInput:
    """The arguments."""

    token: str = strawberry.field(description="What stands behind the `#` of the link.")


@strawberry.type(description="The account has this address now. Other links of the account have ended.")
class ConfirmEmailSuccess:
    """The account."""

    username: str = strawberry.field(description="The name of the account.")
    email: str = strawberry.field(description="The mail address that it has now.")


ConfirmEmailResult = Annotated[
    ConfirmEmailSuccess | InvalidLink | TooManyAttempts,
    strawberry.union("ConfirmEmailResult", description="The result of `confirmEmail`."),
]


@mutation(
    ConfirmEmailResult,
    metadata=OPEN_TO_EVERYBODY,
    description="Confirm a mail address by the link that was mailed to it. Counts as an attempt to sign in.",
)
async def confirm_email(
    info: Info,
    input: Annotated[ConfirmEmailInput, strawberry.argument(description="The link from the mail.")],
) -> ConfirmEmailSuccess:
    """Resolve the field."""
    username, email = await email_changes.confirm(info.context.services, info.context.client, input.token)
    return ConfirmEmailSuccess(username=username, email=email)
