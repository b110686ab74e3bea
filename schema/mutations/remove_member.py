"""removeMember: end a membership. For admins of the organization."""

from typing import Annotated

import strawberry

from core.ids import encode_node_id, uuid_of
from resolvers import membership as memberships
from schema.context import Info
from schema.errors import LastAdmin, NotFound


@strawberry.input(description="Who leaves what.")
class RemoveMemberInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="Which organization.")
    user_id: strawberry.ID = strawberry.field(description="Which member.")


@strawberry.type(description="The user is no member any more.")
class RemoveMemberSuccess:
    """The outcome."""

    organization_id: strawberry.ID = strawberry.field(description="The organization they left.")
    user_id: strawberry.ID = strawberry.field(description="Who left.")


RemoveMemberResult = Annotated[
    RemoveMemberSuccess | NotFound | LastAdmin,
    strawberry.union("RemoveMemberResult", description="What `removeMember` answers."),
]


async def remove_member(
    info: Info,
    input: Annotated[RemoveMemberInput, strawberry.argument(description="Who leaves what.")],
) -> RemoveMemberSuccess:
    """Resolve the field."""
    organization_id, user_id = await memberships.remove(
        info.context.caller, uuid_of(input.organization_id, "Organization"), uuid_of(input.user_id, "User")
    )
    return RemoveMemberSuccess(
        organization_id=strawberry.ID(encode_node_id("Organization", organization_id.bytes)),
        user_id=strawberry.ID(encode_node_id("User", user_id.bytes)),
    )
