"""eraseExtensionUser: delete everything held on an extension user. For admins of the organization."""

from typing import Annotated

import strawberry

from core.ids import encode_node_id, uuid_of
from resolvers import extension_user as extension_users
from schema.context import Info
from schema.errors import NotFound
from schema.scalars import BigInt


@strawberry.input(description="The extension user to erase, for good. To keep their history, deactivate them instead.")
class EraseExtensionUserInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="Which extension user.")


@strawberry.type(
    description="The extension user is gone, with every event of theirs. The audit log keeps the id they had and these "
    "numbers. What an earlier attempt that was interrupted has deleted is not counted."
)
class EraseExtensionUserSuccess:
    """The outcome."""

    erased_id: strawberry.ID = strawberry.field(description="The id they had.")
    behaviors: BigInt = strawberry.field(description="How many events were deleted.")
    rejected_events: BigInt = strawberry.field(
        description="How many events were deleted that had been refused and kept for an operator to look at."
    )


EraseExtensionUserResult = Annotated[
    EraseExtensionUserSuccess | NotFound,
    strawberry.union("EraseExtensionUserResult", description="What `eraseExtensionUser` answers."),
]


async def erase_extension_user(
    info: Info,
    input: Annotated[EraseExtensionUserInput, strawberry.argument(description="The extension user to erase.")],
) -> EraseExtensionUserSuccess:
    """Resolve the field."""
    uuid, removed = await extension_users.erase(info.context.caller, uuid_of(input.id, "ExtensionUser"))
    return EraseExtensionUserSuccess(
        erased_id=strawberry.ID(encode_node_id("ExtensionUser", uuid.bytes)),
        behaviors=BigInt(removed.behaviors),
        rejected_events=BigInt(removed.rejected_events),
    )
