"""createOrganization: make an organization. For super admins."""

from typing import Annotated

import strawberry

from db.queries.organization import OrganizationRow
from resolvers import organization as organizations
from schema.context import Info
from schema.errors import InvalidInput
from schema.organization import Organization


@strawberry.input(description="The organization to make.")
class CreateOrganizationInput:
    """The arguments."""

    name: str = strawberry.field(description="What it is called.")
    description: str | None = strawberry.field(default=None, description="What it is, in words.")


@strawberry.type(description="The organization is made. It has no members yet: add its first admin.")
class CreateOrganizationSuccess:
    """The outcome."""

    organization: OrganizationRow = strawberry.field(graphql_type=Organization, description="The organization.")


CreateOrganizationResult = Annotated[
    CreateOrganizationSuccess | InvalidInput,
    strawberry.union("CreateOrganizationResult", description="What `createOrganization` answers."),
]


async def create_organization(
    info: Info,
    input: Annotated[CreateOrganizationInput, strawberry.argument(description="The organization to make.")],
) -> CreateOrganizationSuccess:
    """Resolve the field."""
    organization = await organizations.create(info.context.caller, input.name, input.description)
    return CreateOrganizationSuccess(organization=organization)
