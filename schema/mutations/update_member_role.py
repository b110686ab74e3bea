"""updateMemberRole: change a member's role. For admins of the organization."""

from typing import Annotated

import strawberry

from core.ids import uuid_of
from db.queries.membership import MembershipRow
from resolvers import membership as memberships
from schema.context import Info
from schema.enums import Role
from schema.errors import LastAdmin, NotFound
from schema.membership import Membership


@strawberry.input(description="Whose role to change.")
class UpdateMemberRoleInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="Which organization.")
    user_id: strawberry.ID = strawberry.field(description="Which member.")
    role: Role = strawberry.field(description="What they may do from now on.")


@strawberry.type(description="The role is changed.")
class UpdateMemberRoleSuccess:
    """The outcome."""

    membership: MembershipRow = strawberry.field(graphql_type=Membership, description="The membership as it is now.")


UpdateMemberRoleResult = Annotated[
    UpdateMemberRoleSuccess | NotFound | LastAdmin,
    strawberry.union("UpdateMemberRoleResult", description="What `updateMemberRole` answers."),
]


async def update_member_role(
    info: Info,
    input: Annotated[UpdateMemberRoleInput, strawberry.argument(description="Whose role to change.")],
) -> UpdateMemberRoleSuccess:
    """Resolve the field."""
    organization_id, user_id = uuid_of(input.organization_id, "Organization"), uuid_of(input.user_id, "User")
    membership = await memberships.update_role(info.context.caller, organization_id, user_id, input.role)
    return UpdateMemberRoleSuccess(membership=membership)
