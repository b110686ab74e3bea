"""Leads of teams: members with the role LEAD, appointed and dismissed by admins. See ADR 36."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import AuditAction
from core.errors import InvalidInput, NotFound, TooManyTeamLeads
from core.limits import TEAM_LEADS, TEAMS_LED
from core.roles import Role
from db.queries import memberships, team_leads
from db.queries.memberships import MembershipRow
from db.queries.team_leads import MemberKey
from db.queries.teams import TeamRow
from db.queries.users import UserRow
from resolvers.audit import record_audit_entry
from resolvers.caller import Caller
from resolvers.teams import lock, managed

_NO_MEMBER = "There is no such member of the team's organization."


async def of_team(caller: Caller, team: TeamRow) -> list[UserRow]:
    """Return the leads of a team, by name. Forbidden for leads."""
    caller.viewer.require_whole(team.organization_id)
    return await caller.batches.load(team_leads.users_by_team, team.id) or []


async def teams_of(caller: Caller, membership: MembershipRow) -> list[TeamRow]:
    """Return the teams that a member leads, by name."""
    member = MemberKey(membership.organization_id, membership.user_id)
    return await caller.batches.load(team_leads.teams_by_member, member) or []


async def appoint(caller: Caller, team_id: UUID | None, user_id: UUID | None) -> tuple[TeamRow, MembershipRow]:
    """Make a member lead of a team; nothing changes if they are.

    NotFound, Forbidden, InvalidInput, TooManyTeamLeads.
    """
    team = await managed(caller, team_id)
    async with caller.database.write() as db:
        await lock(caller, db, team)
        membership = await _membership(caller, db, team, user_id)
        if membership.role is not Role.LEAD:
            raise InvalidInput(
                f"They are {membership.role.name}, and so see every team already. Only members with the role LEAD lead "
                "teams: change the role first (`updateMemberRole`).",
                "userId",
            )
        if await team_leads.add(db, team, membership.user_id):
            await _require_room(db, team, membership.user_id)
            await _record(caller, db, AuditAction.TEAM_LEAD_APPOINTED, team, membership.user_id)
    return team, membership


async def dismiss(caller: Caller, team_id: UUID | None, user_id: UUID | None) -> tuple[TeamRow, MembershipRow]:
    """Take a team from one of its leads, who stays a member. NotFound, Forbidden."""
    team = await managed(caller, team_id)
    async with caller.database.write() as db:
        await lock(caller, db, team)
        membership = await _membership(caller, db, team, user_id)
        if not await team_leads.remove(db, team, membership.user_id):
            raise NotFound("The member does not lead this team.")
        await _record(caller, db, AuditAction.TEAM_LEAD_DISMISSED, team, membership.user_id)
    return team, membership


async def _membership(caller: Caller, db: AsyncConnection, team: TeamRow, user_id: UUID | None) -> MembershipRow:
    """Return the membership of a user in the organization of a team. NotFound."""
    found = None
    if user_id is not None:
        found = await memberships.of_member(db, caller.viewer.manageable, team.organization_id, user_id)
    if found is None:
        raise NotFound(_NO_MEMBER)
    return found


async def _require_room(db: AsyncConnection, team: TeamRow, user_id: UUID) -> None:
    """Return if the lead that was just appointed is not one too many. TooManyTeamLeads."""
    leads, teams = await team_leads.counts(db, team, user_id)
    if leads > TEAM_LEADS:
        raise TooManyTeamLeads(f"A team has at most {TEAM_LEADS} leads. Dismiss one first.")
    if teams > TEAMS_LED:
        raise TooManyTeamLeads(
            f"A member leads at most {TEAMS_LED} teams. Take one from them first, or give them the role VIEWER, which "
            "sees all."
        )


async def _record(caller: Caller, db: AsyncConnection, action: AuditAction, team: TeamRow, user_id: UUID) -> None:
    details = {"teamId": str(team.id)}
    await record_audit_entry(
        db, caller.viewer, action, organization_id=team.organization_id, subject_id=user_id, details=details
    )
