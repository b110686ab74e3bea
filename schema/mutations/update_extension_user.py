"""updateExtensionUser: rename, deactivate or reactivate an extension user. For admins of the organization."""

from typing import Annotated

import strawberry

from core.ids import uuid_of
from db.queries.extension_user import ExtensionUserRow
from resolvers import extension_user as extension_users
from schema.context import Info
from schema.errors import InvalidInput, NameTaken, NotFound
from schema.extension_user import ExtensionUser


@strawberry.input(description="The extension user, and what to change. What is left out stays as it is.")
class UpdateExtensionUserInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="Which extension user.")
    username: str | None = strawberry.field(default=strawberry.UNSET, description="Their new name.")
    is_active: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether their events are collected from now on."
    )


@strawberry.type(description="The extension user is changed.")
class UpdateExtensionUserSuccess:
    """The outcome."""

    extension_user: ExtensionUserRow = strawberry.field(
        graphql_type=ExtensionUser, description="The extension user as they are now."
    )


UpdateExtensionUserResult = Annotated[
    UpdateExtensionUserSuccess | InvalidInput | NameTaken | NotFound,
    strawberry.union("UpdateExtensionUserResult", description="What `updateExtensionUser` answers."),
]


async def update_extension_user(
    info: Info,
    input: Annotated[
        UpdateExtensionUserInput, strawberry.argument(description="The extension user, and what to change.")
    ],
) -> UpdateExtensionUserSuccess:
    """Resolve the field."""
    given = {"username": input.username, "is_active": input.is_active}
    changes = {name: value for name, value in given.items() if value is not strawberry.UNSET and value is not None}
    person = await extension_users.update(info.context.caller, uuid_of(input.id, "ExtensionUser"), changes)
    return UpdateExtensionUserSuccess(extension_user=person)
