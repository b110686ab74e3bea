"""Leads of teams. Rights come of it for members with the role LEAD alone."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, case, delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.roles import Role
from core.scope import Scope
from db.models import Membership, Team, TeamLead, User
from db.queries.teams import BY_NAME, TEAM_COLUMNS, TeamRow
from db.queries.users import USER_COLUMNS, UserRow
from db.tenancy import in_scope, teams_in_scope


class MemberKey(NamedTuple):
    """A member of an organization."""

    organization_id: UUID
    user_id: UUID


def teams_led() -> ColumnElement[list[UUID] | None]:
    """The ids of the teams that a row of `Membership` leads: null for every other role, for which nothing is read."""
    led = (
        select(func.array_agg(TeamLead.team_id, type_=ARRAY(Uuid())))
        .where(TeamLead.organization_id == Membership.organization_id, TeamLead.user_id == Membership.user_id)
        .correlate(Membership)
        .scalar_subquery()
    )
    return case((Membership.role == Role.LEAD.value, led)).label("teams_led")


async def users_by_team(
    connection: AsyncConnection, scope: Scope, team_ids: Collection[UUID]
) -> dict[UUID, list[UserRow]]:
    """The accounts that lead each team of an organization in scope, by name: TEAM_LEADS of each at most."""
    found: dict[UUID, list[UserRow]] = {team_id: [] for team_id in team_ids}
    statement = (
        select(TeamLead.team_id, *USER_COLUMNS)
        .join(User, User.id == TeamLead.user_id)
        .where(TeamLead.team_id.in_(found), in_scope(scope, TeamLead.organization_id))
        .order_by(User.normalized_username, User.id)
    )
    for row in await connection.execute(statement):
        found[row.team_id].append(UserRow(*row[1:]))
    return found


async def teams_by_member(
    connection: AsyncConnection, scope: Scope, members: Collection[MemberKey]
) -> dict[MemberKey, list[TeamRow]]:
    """The teams in scope that each member leads, by name: TEAMS_LED at most."""
    found: dict[MemberKey, list[TeamRow]] = {member: [] for member in members}
    statement = (
        select(TeamLead.user_id, *TEAM_COLUMNS)
        .join(TeamLead, TeamLead.team_id == Team.id)
        .where(
            tuple_(TeamLead.organization_id, TeamLead.user_id).in_(found),
            teams_in_scope(scope, Team.id, Team.organization_id),
        )
        .order_by(*BY_NAME.columns)
    )
    for row in await connection.execute(statement):
        team = TeamRow(*row[1:])
        found[MemberKey(team.organization_id, row.user_id)].append(team)
    return found


async def add(connection: AsyncConnection, team: TeamRow, user_id: UUID) -> bool:
    """Make a member of the team's organization its lead; False if they are already. Team and member are locked."""
    values = {"organization_id": team.organization_id, "user_id": user_id, "team_id": team.id}
    statement = insert(TeamLead).values(values).on_conflict_do_nothing()
    return (await connection.execute(statement)).rowcount > 0


async def counts(connection: AsyncConnection, team: TeamRow, user_id: UUID) -> tuple[int, int]:
    """The number of the team's leads, and that of the teams that the member leads in its organization."""
    of_team = select(func.count()).where(TeamLead.team_id == team.id).scalar_subquery()
    of_member = (
        select(func.count())
        .where(TeamLead.organization_id == team.organization_id, TeamLead.user_id == user_id)
        .scalar_subquery()
    )
    leads, teams = (await connection.execute(select(of_team, of_member))).one()
    return leads, teams


async def remove(connection: AsyncConnection, team: TeamRow, user_id: UUID) -> bool:
    """Take a team from one of its leads; False if they do not lead it. The team is locked."""
    statement = delete(TeamLead).where(TeamLead.team_id == team.id, TeamLead.user_id == user_id)
    return (await connection.execute(statement)).rowcount > 0


async def remove_of_member(connection: AsyncConnection, organization_id: UUID, user_id: UUID) -> None:
    """Take all teams of an organization, which is locked, from a member."""
    await connection.execute(
        delete(TeamLead).where(TeamLead.organization_id == organization_id, TeamLead.user_id == user_id)
    )
