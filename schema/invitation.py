"""Invitations."""

from datetime import datetime

import strawberry

from core.ids import encode_node_id
from core.limits import INVITATION_HOURS
from db.queries.invitations import InvitationRow
from db.queries.users import UserRow
from execution.context import Info
from resolvers import users
from schema.enums import Role
from schema.user import User


@strawberry.type(
    description="An invitation to become a member: whoever has its link may accept it, once, with an account or by "
    "making one. It ends when it is accepted, revoked or expired, and when whoever made it is no admin any more."
)
class Invitation:
    """Shows an InvitationRow."""

    @strawberry.field(description="Opaque and stable: what `revokeInvitation` takes.")
    def id(root: strawberry.Parent[InvitationRow]) -> strawberry.ID:
        return strawberry.ID(encode_node_id("Invitation", root.id.bytes))

    @strawberry.field(description="The id of the organization that invites.")
    def organization_id(root: strawberry.Parent[InvitationRow]) -> strawberry.ID:
        return strawberry.ID(encode_node_id("Organization", root.organization_id.bytes))

    email: str = strawberry.field(description="The mail address, as it was written in `inviteMember`.")
    role: Role = strawberry.field(description="The role that whoever accepts it gets.")

    @strawberry.field(
        graphql_type=User | None,
        description="The admin who made it; null for a service account, and if the viewer may not see them.",
    )
    async def invited_by(root: strawberry.Parent[InvitationRow], info: Info) -> UserRow | None:
        return await users.user(info.context.caller, root.invited_by)

    created_at: datetime = strawberry.field(description="The time at which it was made.")
    expires_at: datetime = strawberry.field(
        description=f"The time from which it can no longer be accepted: {INVITATION_HOURS} hours later."
    )
