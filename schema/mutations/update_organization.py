"""updateOrganization: change an organization's name or description. For its admins."""

from typing import Annotated

import strawberry

from core.ids import uuid_of
from db.queries.organization import OrganizationRow
from resolvers import organization as organizations
from schema.context import Info
from schema.errors import InvalidInput, NotFound
from schema.organization import Organization


@strawberry.input(description="The organization, and what to change. What is left out stays as it is.")
class UpdateOrganizationInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="Which organization.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description="Its new name.")
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="Its new description; null for none."
    )


@strawberry.type(description="The organization is changed.")
class UpdateOrganizationSuccess:
    """The outcome."""

    organization: OrganizationRow = strawberry.field(
        graphql_type=Organization, description="The organization as it is now."
    )


UpdateOrganizationResult = Annotated[
    UpdateOrganizationSuccess | InvalidInput | NotFound,
    strawberry.union("UpdateOrganizationResult", description="What `updateOrganization` answers."),
]


async def update_organization(
    info: Info,
    input: Annotated[UpdateOrganizationInput, strawberry.argument(description="The organization, and what to change.")],
) -> UpdateOrganizationSuccess:
    """Resolve the field."""
    given = {"name": input.name, "description": input.description}
    changes = {name: value for name, value in given.items() if value is not strawberry.UNSET}
    organization = await organizations.update(info.context.caller, uuid_of(input.id, "Organization"), changes)
    return UpdateOrganizationSuccess(organization=organization)
