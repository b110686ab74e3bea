"""Memberships."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db.queries.memberships import MembershipRow
from db.queries.organizations import OrganizationRow
from db.queries.teams import TeamRow
from db.queries.users import UserRow
from execution.context import Info
from resolvers import organizations, team_leads, users
from schema.enums import Role
from schema.user import User

if TYPE_CHECKING:
    from schema.organization import Organization
    from schema.team import Team


@strawberry.type(description="A user's place in an organization.")
class Membership:
    """Shows a MembershipRow."""

    @strawberry.field(graphql_type=User, description="The member.")
    async def user(root: strawberry.Parent[MembershipRow], info: Info) -> UserRow | None:
        return await users.member(info.context.caller, root.user_id)

    @strawberry.field(
        graphql_type=Annotated["Organization", strawberry.lazy("schema.organization")],
        description="The organization.",
    )
    async def organization(root: strawberry.Parent[MembershipRow], info: Info) -> OrganizationRow | None:
        return await organizations.organization(info.context.caller, root.organization_id)

    role: Role = strawberry.field(description="The role in the organization.")

    @strawberry.field(
        graphql_type=list[Annotated["Team", strawberry.lazy("schema.team")]],
        description="The teams that they lead, by name: at most 100; none unless their role is LEAD.",
    )
    async def led_teams(root: strawberry.Parent[MembershipRow], info: Info) -> list[TeamRow]:
        return await team_leads.teams_of(info.context.caller, root)

    joined_at: datetime = strawberry.field(description="The time at which they became a member.")
    by_sso: bool = strawberry.field(
        description="True if it follows the user's groups at the provider of single sign-on, at each of their sign-ins."
    )
