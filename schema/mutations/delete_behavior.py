"""deleteBehavior: delete one browsing event. For admins of the organization."""

from typing import Annotated

import strawberry

from core.ids import behavior_key
from resolvers import behavior as behaviors
from schema.context import Info
from schema.errors import NotFound


@strawberry.input(description="The event to delete, for good.")
class DeleteBehaviorInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="Which behavior, by its opaque id.")


@strawberry.type(description="The event is gone.")
class DeleteBehaviorSuccess:
    """The outcome."""

    deleted_id: strawberry.ID = strawberry.field(description="The id it had.")


DeleteBehaviorResult = Annotated[
    DeleteBehaviorSuccess | NotFound,
    strawberry.union("DeleteBehaviorResult", description="What `deleteBehavior` answers."),
]


async def delete_behavior(
    info: Info,
    input: Annotated[DeleteBehaviorInput, strawberry.argument(description="The event to delete.")],
) -> DeleteBehaviorSuccess:
    """Resolve the field."""
    key = await behaviors.delete(info.context.caller, behavior_key(input.id))
    return DeleteBehaviorSuccess(deleted_id=strawberry.ID(key.node_id))
