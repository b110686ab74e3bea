"""Leads of teams: appoint and dismiss."""

from typing import Annotated

import strawberry

from core.ids import uuid_of
from core.token_scopes import TokenScope
from db.queries.memberships import MembershipRow
from db.queries.teams import TeamRow
from execution.context import Info
from execution.declarations import SIGNED_IN
from execution.token_scopes import for_tokens
from resolvers import team_leads
from schema.errors import InvalidInput, NotFound, TooManyTeamLeads
from schema.membership import Membership
from schema.mutations.field import mutation
from schema.team import Team


@strawberry.input(description="The team, and the member to lead it.")
class AppointTeamLeadInput:
    """The arguments."""

    team_id: strawberry.ID = strawberry.field(description="The team.")
    user_id: strawberry.ID = strawberry.field(description="A member of the team's organization, with the role LEAD.")


@strawberry.type(description="The member leads the team: from their next request on they see its people.")
class AppointTeamLeadSuccess:
    """The outcome."""

    team: TeamRow = strawberry.field(graphql_type=Team, description="The team.")
    membership: MembershipRow = strawberry.field(graphql_type=Membership, description="The member.")


AppointTeamLeadResult = Annotated[
    AppointTeamLeadSuccess | InvalidInput | NotFound | TooManyTeamLeads,
    strawberry.union("AppointTeamLeadResult", description="The result of `appointTeamLead`."),
]


@mutation(
    AppointTeamLeadResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Make a member with the role LEAD lead of a team, whose people they see then. For the organization's "
    "admins.",
)
async def appoint_team_lead(
    info: Info,
    input: Annotated[AppointTeamLeadInput, strawberry.argument(description="The team, and the member to lead it.")],
) -> AppointTeamLeadSuccess:
    """Resolve the field."""
    team_id, user_id = uuid_of(input.team_id, "Team"), uuid_of(input.user_id, "User")
    team, membership = await team_leads.appoint(info.context.caller, team_id, user_id)
    return AppointTeamLeadSuccess(team=team, membership=membership)


@strawberry.input(description="The team, and the lead to take it from.")
class DismissTeamLeadInput:
    """The arguments."""

    team_id: strawberry.ID = strawberry.field(description="The team.")
    user_id: strawberry.ID = strawberry.field(description="The member who leads it.")


@strawberry.type(description="The member does not lead the team any more, and stays a member.")
class DismissTeamLeadSuccess:
    """The outcome."""

    team: TeamRow = strawberry.field(graphql_type=Team, description="The team.")
    membership: MembershipRow = strawberry.field(graphql_type=Membership, description="The member.")


DismissTeamLeadResult = Annotated[
    DismissTeamLeadSuccess | NotFound,
    strawberry.union("DismissTeamLeadResult", description="The result of `dismissTeamLead`."),
]


@mutation(
    DismissTeamLeadResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Take a team from one of its leads, who stays a member. For the organization's admins.",
)
async def dismiss_team_lead(
    info: Info,
    input: Annotated[DismissTeamLeadInput, strawberry.argument(description="The team, and the lead to take it from.")],
) -> DismissTeamLeadSuccess:
    """Resolve the field."""
    team_id, user_id = uuid_of(input.team_id, "Team"), uuid_of(input.user_id, "User")
    team, membership = await team_leads.dismiss(info.context.caller, team_id, user_id)
    return DismissTeamLeadSuccess(team=team, membership=membership)
