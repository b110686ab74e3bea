"""deleteExtensionUser: delete an extension user and their events. For admins of the organization."""

from typing import Annotated

import strawberry

from core.ids import encode_node_id, uuid_of
from resolvers import extension_user as extension_users
from schema.context import Info
from schema.errors import NotFound


@strawberry.input(description="The extension user to delete, for good. To keep their history, deactivate them instead.")
class DeleteExtensionUserInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="Which extension user.")


@strawberry.type(description="The extension user is gone, with every event of theirs.")
class DeleteExtensionUserSuccess:
    """The outcome."""

    deleted_id: strawberry.ID = strawberry.field(description="The id they had.")


DeleteExtensionUserResult = Annotated[
    DeleteExtensionUserSuccess | NotFound,
    strawberry.union("DeleteExtensionUserResult", description="What `deleteExtensionUser` answers."),
]


async def delete_extension_user(
    info: Info,
    input: Annotated[DeleteExtensionUserInput, strawberry.argument(description="The extension user to delete.")],
) -> DeleteExtensionUserSuccess:
    """Resolve the field."""
    uuid, _ = await extension_users.erase(info.context.caller, uuid_of(input.id, "ExtensionUser"))
    return DeleteExtensionUserSuccess(deleted_id=strawberry.ID(encode_node_id("ExtensionUser", uuid.bytes)))
