"""Teams."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry

from db.queries.extension_users import ExtensionUserRow
from db.queries.filters import EventFilter
from db.queries.goals import GoalRow
from db.queries.organizations import OrganizationRow
from db.queries.teams import TeamRow
from db.queries.users import UserRow
from execution.context import Info
from execution.declarations import ORGANIZATION_DAY, priced
from resolvers import goals, organizations, team_leads, teams
from resolvers.deep_work import DeepWorkRow
from resolvers.pages import ConnectionRow
from resolvers.usage import UsageQuery
from schema.connection import After, Connection, CountedConnection, First
from schema.deep_work import DeepWork
from schema.goal import Goal
from schema.node import Node
from schema.period import LocalTime, PeriodArgument, TimeZoneArgument, WeekStartArgument
from schema.usage import Usage
from schema.usage_question import UsageFilterArgument, question

if TYPE_CHECKING:
    from schema.extension_user import ExtensionUser
    from schema.organization import Organization
    from schema.user import User


@strawberry.type(
    description="Some of an organization's people. Events count for the teams that their person is in now, whenever "
    "they happened."
)
class Team(Node):
    """Shows a TeamRow."""

    @classmethod
    def is_type_of(cls, value: object, _info: Any) -> bool:
        return isinstance(value, TeamRow)

    @strawberry.field(description="The plain id.")
    def uuid(root: strawberry.Parent[TeamRow]) -> UUID:
        return root.id

    name: str = strawberry.field(description="The name, unique in the organization, in any case and form.")
    created_at: datetime = strawberry.field(description="The time at which it was created.")
    updated_at: datetime = strawberry.field(description="The time at which it was last renamed.")

    @strawberry.field(
        graphql_type=Annotated["Organization", strawberry.lazy("schema.organization")],
        description="The organization it belongs to.",
    )
    async def organization(root: strawberry.Parent[TeamRow], info: Info) -> OrganizationRow | None:
        return await organizations.organization(info.context.caller, root.organization_id)

    @strawberry.field(
        graphql_type=CountedConnection[Annotated["ExtensionUser", strawberry.lazy("schema.extension_user")]] | None,
        description="The people in it, by name.",
    )
    async def people(
        root: strawberry.Parent[TeamRow], info: Info, first: First = 20, after: After = None
    ) -> ConnectionRow[ExtensionUserRow]:
        return await teams.people(info.context.caller, root.id, first, after)

    @strawberry.field(
        graphql_type=Connection[Goal] | None,
        description="Its goals, the oldest first; none for leads.",
    )
    async def goals(
        root: strawberry.Parent[TeamRow], info: Info, first: First = 50, after: After = None
    ) -> ConnectionRow[GoalRow]:
        return await goals.of_team(info.context.caller, root.id, first, after)

    @strawberry.field(
        graphql_type=list[Annotated["User", strawberry.lazy("schema.user")]] | None,
        description="The members who lead it, by name: at most 50. Leads may not ask.",
    )
    async def leads(root: strawberry.Parent[TeamRow], info: Info) -> list[UserRow]:
        return await team_leads.of_team(info.context.caller, root)

    @strawberry.field(
        graphql_type=Usage | None,
        description="The usage of its people in a period, taken together. To compare teams, ask for `groups` by TEAM.",
        metadata=priced(day=ORGANIZATION_DAY),
    )
    async def usage(
        root: strawberry.Parent[TeamRow],
        info: Info,
        period: PeriodArgument,
        where: UsageFilterArgument = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
        week_start: WeekStartArgument = None,
    ) -> UsageQuery:
        time = LocalTime(timezone, week_start, root.organization_id)
        return await question(info, period, where, time, within=_people_of(root))

    @strawberry.field(
        graphql_type=DeepWork | None,
        description="The deep work of its people in a period.",
        metadata=priced(day=ORGANIZATION_DAY),
    )
    async def deep_work(
        root: strawberry.Parent[TeamRow],
        info: Info,
        period: PeriodArgument,
        where: UsageFilterArgument = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
        week_start: WeekStartArgument = None,
    ) -> DeepWorkRow:
        time = LocalTime(timezone, week_start, root.organization_id)
        return DeepWorkRow(await question(info, period, where, time, within=_people_of(root)))


def _people_of(row: TeamRow) -> EventFilter:
    return EventFilter(organization_ids=(row.organization_id,), team_ids=(row.id,))
