"""deleteOrganization: delete an organization and everything in it. For its admins."""

from typing import Annotated

import strawberry

from core.ids import encode_node_id, uuid_of
from resolvers import organization as organizations
from schema.context import Info
from schema.errors import NotFound


@strawberry.input(description="The organization to delete, for good.")
class DeleteOrganizationInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="Which organization.")


@strawberry.type(
    description="The organization is gone, with its memberships, its extension users and all their events."
)
class DeleteOrganizationSuccess:
    """The outcome."""

    deleted_id: strawberry.ID = strawberry.field(description="The id it had.")


DeleteOrganizationResult = Annotated[
    DeleteOrganizationSuccess | NotFound,
    strawberry.union("DeleteOrganizationResult", description="What `deleteOrganization` answers."),
]


async def delete_organization(
    info: Info,
    input: Annotated[DeleteOrganizationInput, strawberry.argument(description="The organization to delete.")],
) -> DeleteOrganizationSuccess:
    """Resolve the field."""
    uuid = await organizations.delete(info.context.caller, uuid_of(input.id, "Organization"))
    return DeleteOrganizationSuccess(deleted_id=strawberry.ID(encode_node_id("Organization", uuid.bytes)))
