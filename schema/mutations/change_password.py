"""changePassword: set one's own password."""

from typing import Annotated

import strawberry

from db.queries.user import UserRow
from resolvers import sign_in
from schema.context import Info
from schema.errors import InvalidCredentials, InvalidInput, TooManyAttempts
from schema.user import User


@strawberry.input(description="The old password and the new.")
class ChangePasswordInput:
    """The arguments."""

    current_password: str = strawberry.field(description="The password until now.")
    new_password: str = strawberry.field(description="The password from now on: 12 to 256 characters.")


@strawberry.type(description="The password is changed. Every other session of the account has ended.")
class ChangePasswordSuccess:
    """Says whose."""

    viewer: UserRow = strawberry.field(graphql_type=User, description="Whose password it is.")


ChangePasswordResult = Annotated[
    ChangePasswordSuccess | InvalidCredentials | InvalidInput | TooManyAttempts,
    strawberry.union("ChangePasswordResult", description="What `changePassword` answers."),
]


async def change_password(
    info: Info,
    input: Annotated[ChangePasswordInput, strawberry.argument(description="The old password and the new.")],
) -> ChangePasswordSuccess:
    """Resolve the field."""
    await sign_in.change_password(info.context.caller, input.current_password, input.new_password)
    return ChangePasswordSuccess(viewer=info.context.account)
