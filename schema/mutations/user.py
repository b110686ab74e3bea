"""Accounts: create."""

from typing import Annotated

import strawberry

from db.queries.users import UserRow
from execution.context import Info
from execution.declarations import SIGNED_IN
from resolvers import users
from schema.errors import InvalidInput, NameTaken
from schema.mutations.field import mutation
from schema.user import User


@strawberry.input(description="The account to make.")
class CreateUserInput:
    """The arguments."""

    username: str = strawberry.field(description="The name to sign in with; unique in any case and form.")
    password: str = strawberry.field(description="The first password: 12 to 256 characters.")
    is_super_admin: bool = strawberry.field(default=False, description="True if they may see and manage everything.")


@strawberry.type(description="The account is made.")
class CreateUserSuccess:
    """The outcome."""

    user: UserRow = strawberry.field(graphql_type=User, description="The account.")


CreateUserResult = Annotated[
    CreateUserSuccess | InvalidInput | NameTaken,
    strawberry.union("CreateUserResult", description="The result of `createUser`."),
]


@mutation(
    CreateUserResult,
    metadata=SIGNED_IN,
    description="Make an account. For super admins.",
)
async def create_user(
    info: Info,
    input: Annotated[CreateUserInput, strawberry.argument(description="The account to make.")],
) -> CreateUserSuccess:
    """Resolve the field."""
    user = await users.create(info.context.caller, input.username, input.password, is_super_admin=input.is_super_admin)
    return CreateUserSuccess(user=user)
