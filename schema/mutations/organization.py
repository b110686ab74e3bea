"""Organizations: create, update, delete."""

from typing import Annotated

import strawberry

from core.ids import encode_node_id, uuid_of
from core.token_scopes import TokenScope
from db.queries.erasures import ErasureRow
from db.queries.organizations import OrganizationRow
from execution.context import Info
from execution.declarations import SIGNED_IN
from execution.token_scopes import for_tokens
from resolvers import organizations
from schema.enums import WeekStart
from schema.erasure import Erasure
from schema.errors import InvalidInput, NotFound
from schema.mutations.field import mutation
from schema.organization import Organization


@strawberry.input(description="The organization to make.")
class CreateOrganizationInput:
    """The arguments."""

    name: str = strawberry.field(description="The name.")
    description: str | None = strawberry.field(default=None, description="A description of the organization.")
    week_start: WeekStart = strawberry.field(
        default=WeekStart.MONDAY,
        description="The day that weeks begin on in questions about it and its people, unless they say `weekStart`.",
    )


@strawberry.type(description="The organization is made. It has no members yet: offer membership to its first admin.")
class CreateOrganizationSuccess:
    """The outcome."""

    organization: OrganizationRow = strawberry.field(graphql_type=Organization, description="The organization.")


CreateOrganizationResult = Annotated[
    CreateOrganizationSuccess | InvalidInput,
    strawberry.union("CreateOrganizationResult", description="The result of `createOrganization`."),
]


@mutation(
    CreateOrganizationResult,
    metadata=SIGNED_IN,
    description="Make an organization. For super admins.",
)
async def create_organization(
    info: Info,
    input: Annotated[CreateOrganizationInput, strawberry.argument(description="The organization to make.")],
) -> CreateOrganizationSuccess:
    """Resolve the field."""
    organization = await organizations.create(info.context.caller, input.name, input.description, input.week_start)
    return CreateOrganizationSuccess(organization=organization)


@strawberry.input(description="The organization, and what to change. What is left out stays as it is.")
class UpdateOrganizationInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The organization.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description="Its new name.")
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="Its new description; null for none."
    )
    retention_days: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="The number of days for which events are kept from now on, 1 to 36500; null: for good. Events "
        "that are older are deleted within an hour, and do not come back.",
    )
    requires_api_key: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="True if events for its people are to be refused, from this moment on, unless they come with the "
        "person's API key. `extensionUserCounts` tells beforehand for how many people events still come without it.",
    )
    week_start: WeekStart | None = strawberry.field(
        default=strawberry.UNSET,
        description="The day that weeks begin on in questions about it and its people, unless they say `weekStart`.",
    )


@strawberry.type(description="The organization is changed.")
class UpdateOrganizationSuccess:
    """The outcome."""

    organization: OrganizationRow = strawberry.field(
        graphql_type=Organization, description="The organization as it is now."
    )


UpdateOrganizationResult = Annotated[
    UpdateOrganizationSuccess | InvalidInput | NotFound,
    strawberry.union("UpdateOrganizationResult", description="The result of `updateOrganization`."),
]


@mutation(
    UpdateOrganizationResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Change an organization's name, description or retention. For its admins.",
)
async def update_organization(
    info: Info,
    input: Annotated[UpdateOrganizationInput, strawberry.argument(description="The organization, and what to change.")],
) -> UpdateOrganizationSuccess:
    """Resolve the field."""
    given = {
        "name": input.name,
        "description": input.description,
        "retention_days": input.retention_days,
        "requires_api_key": input.requires_api_key,
        "week_start": input.week_start,
    }
    changes = {name: value for name, value in given.items() if value is not strawberry.UNSET}
    organization = await organizations.update(info.context.caller, uuid_of(input.id, "Organization"), changes)
    return UpdateOrganizationSuccess(organization=organization)


@strawberry.input(description="The organization to delete, for good.")
class DeleteOrganizationInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The organization.")


@strawberry.type(
    description="The organization is gone for everybody, with its memberships and its extension users, and all their "
    "events are deleted, or are being deleted: `erasure` tells."
)
class DeleteOrganizationSuccess:
    """The outcome."""

    deleted_id: strawberry.ID = strawberry.field(description="The id it had.")
    erasure: ErasureRow = strawberry.field(
        graphql_type=Erasure, description="The progress of deleting the events of all its people."
    )


DeleteOrganizationResult = Annotated[
    DeleteOrganizationSuccess | NotFound,
    strawberry.union("DeleteOrganizationResult", description="The result of `deleteOrganization`."),
]


@mutation(
    DeleteOrganizationResult,
    metadata=SIGNED_IN,
    description="Delete an organization with its memberships, extension users and all their events, for good. "
    "For its admins.",
)
async def delete_organization(
    info: Info,
    input: Annotated[DeleteOrganizationInput, strawberry.argument(description="The organization to delete.")],
) -> DeleteOrganizationSuccess:
    """Resolve the field."""
    erasure = await organizations.delete(info.context.caller, uuid_of(input.id, "Organization"))
    deleted_id = encode_node_id("Organization", erasure.organization_id.bytes)
    return DeleteOrganizationSuccess(deleted_id=strawberry.ID(deleted_id), erasure=erasure)
