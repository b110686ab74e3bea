"""createUser: make an account. For super admins."""

from typing import Annotated

import strawberry

from db.queries.user import UserRow
from resolvers import user as users
from schema.context import Info
from schema.errors import InvalidInput, NameTaken
from schema.user import User


@strawberry.input(description="The account to make.")
class CreateUserInput:
    """The arguments."""

    username: str = strawberry.field(description="The name to sign in with; unique, whatever the case.")
    password: str = strawberry.field(description="The first password: 12 to 256 characters.")
    is_super_admin: bool = strawberry.field(default=False, description="Whether they may see and manage everything.")


@strawberry.type(description="The account is made.")
class CreateUserSuccess:
    """The outcome."""

    user: UserRow = strawberry.field(graphql_type=User, description="The account.")


CreateUserResult = Annotated[
    CreateUserSuccess | InvalidInput | NameTaken,
    strawberry.union("CreateUserResult", description="What `createUser` answers."),
]


async def create_user(
    info: Info,
    input: Annotated[CreateUserInput, strawberry.argument(description="The account to make.")],
) -> CreateUserSuccess:
    """Resolve the field."""
    user = await users.create(info.context.caller, input.username, input.password, is_super_admin=input.is_super_admin)
    return CreateUserSuccess(user=user)
