"""updateOrganization: change an organization's name, description or retention. For its admins."""

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
    retention_days: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="For how many days from now on events are kept, 1 to 36500; null: for good. Events that are older "
        "are deleted within an hour, and do not come back.",
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
    given = {"name": input.name, "description": input.description, "retention_days": input.retention_days}
    changes = {name: value for name, value in given.items() if value is not strawberry.UNSET}
    organization = await organizations.update(info.context.caller, uuid_of(input.id, "Organization"), changes)
    return UpdateOrganizationSuccess(organization=organization)
