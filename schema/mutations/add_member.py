"""addMember: make a user a member of an organization. For its admins."""

from typing import Annotated

import strawberry

from core.ids import uuid_of
from db.queries.membership import MembershipRow
from resolvers import membership as memberships
from schema.context import Info
from schema.enums import Role
from schema.errors import AlreadyMember, NotFound
from schema.membership import Membership


@strawberry.input(description="Who becomes a member of what.")
class AddMemberInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="Which organization.")
    username: str = strawberry.field(description="The username of the user; a super admin creates users.")
    role: Role = strawberry.field(description="What they may do.")


@strawberry.type(description="The user is a member.")
class AddMemberSuccess:
    """The outcome."""

    membership: MembershipRow = strawberry.field(graphql_type=Membership, description="The membership.")


AddMemberResult = Annotated[
    AddMemberSuccess | NotFound | AlreadyMember,
    strawberry.union("AddMemberResult", description="What `addMember` answers."),
]


async def add_member(
    info: Info,
    input: Annotated[AddMemberInput, strawberry.argument(description="Who becomes a member of what.")],
) -> AddMemberSuccess:
    """Resolve the field."""
    organization_id = uuid_of(input.organization_id, "Organization")
    membership = await memberships.add(info.context.caller, organization_id, input.username, input.role)
    return AddMemberSuccess(membership=membership)
