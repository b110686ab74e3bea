"""Goals, and how they are met."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry
from strawberry.scalars import JSON

from core.ids import encode_node_id
from core.weeks import Weekday as WeekdayValue
from db.queries.extension_users import ExtensionUserRow
from db.queries.goals import GoalRow
from db.queries.organizations import OrganizationRow
from db.queries.teams import TeamRow
from execution.context import Info
from execution.declarations import ORGANIZATION_DAY, priced
from resolvers import extension_users, goals, organizations, teams
from resolvers.goals import GoalBucketRow, GoalProgressRow
from schema.enums import GoalInterval, GoalState, UsageMeasure, Weekday
from schema.period import LocalTime, PeriodArgument, WeekStartArgument
from schema.stored_filters import conditions_of

if TYPE_CHECKING:
    from schema.extension_user import ExtensionUser
    from schema.organization import Organization
    from schema.team import Team


@strawberry.type(description="A day, week or month of a goal's progress.")
class GoalBucket:
    """Shows a resolvers.goals.GoalBucketRow."""

    start: datetime = strawberry.field(description="The first instant of the bucket.")
    end: datetime = strawberry.field(description="The first instant after the bucket.")
    value: float | None = strawberry.field(
        description="The measure in the bucket, as `usage` tells it; null where it is a percentage of nothing."
    )
    met: bool | None = strawberry.field(
        description="True if the goal is met, false if it is missed; null if neither is decided, or on days off."
    )
    state: GoalState = strawberry.field(
        description="The same in a word, which tells days off and undecided ones apart."
    )


@strawberry.type(description="How a goal is met in a period, in whole buckets.")
class GoalProgress:
    """Shows a resolvers.goals.GoalProgressRow."""

    buckets: list[GoalBucketRow] = strawberry.field(
        graphql_type=list[GoalBucket],
        description="The days, weeks or months that the period touches, all of them whole: the first and the last "
        "reach beyond the period if it cuts them.",
        metadata=priced(each_day=True),
    )
    streak: int = strawberry.field(
        description="The number of buckets met in a row, up to the end of the period. One that is not over counts once "
        "it is met; days off and undecided buckets neither count nor break it."
    )
    rate: float | None = strawberry.field(
        description="The part of the buckets met or missed that is met, from 0 to 1; null while there is none."
    )


@strawberry.type(
    description="Bounds of a measure, in each day, week or month: of a person (`extensionUser`), of a team (`team`), "
    "or, where both are null, of the organization."
)
class Goal:
    """Shows a GoalRow."""

    @strawberry.field(description="Opaque and stable.")
    def id(root: strawberry.Parent[GoalRow]) -> strawberry.ID:
        return strawberry.ID(encode_node_id("Goal", root.id.bytes))

    @strawberry.field(description="The plain id.")
    def uuid(root: strawberry.Parent[GoalRow]) -> UUID:
        return root.id

    name: str = strawberry.field(description="The name.")

    @strawberry.field(description="The measure.")
    def measure(root: strawberry.Parent[GoalRow]) -> UsageMeasure:
        return UsageMeasure(root.measure)

    @strawberry.field(description="The filter of what is measured, in the form of a `UsageFilter`; null for none.")
    def where(root: strawberry.Parent[GoalRow]) -> JSON | None:
        return None if root.conditions is None else JSON(root.conditions)

    @strawberry.field(description="The length of the buckets that it is judged by.")
    def every(root: strawberry.Parent[GoalRow]) -> GoalInterval:
        return root.interval

    at_least: float | None = strawberry.field(description="The least value that meets it; null for none.")
    at_most: float | None = strawberry.field(description="The largest value that meets it; null for none.")

    @strawberry.field(description="The days of the week it is for, from Monday on; null for all of them.")
    def weekdays(root: strawberry.Parent[GoalRow]) -> list[Weekday] | None:
        chosen = root.weekdays
        return None if chosen is None else [day for day in WeekdayValue if day.isoweekday in chosen]

    timezone: ZoneInfo = strawberry.field(description="The time zone of its days, weeks and months.")
    created_at: datetime = strawberry.field(description="The time at which it was set.")
    updated_at: datetime = strawberry.field(description="The time of its last change.")

    @strawberry.field(
        graphql_type=Annotated["Organization", strawberry.lazy("schema.organization")],
        description="The organization it belongs to.",
    )
    async def organization(root: strawberry.Parent[GoalRow], info: Info) -> OrganizationRow | None:
        return await organizations.organization(info.context.caller, root.organization_id)

    @strawberry.field(
        graphql_type=Annotated["Team", strawberry.lazy("schema.team")] | None,
        description="The team whose goal it is; null if it is no team's.",
    )
    async def team(root: strawberry.Parent[GoalRow], info: Info) -> TeamRow | None:
        return None if root.team_id is None else await teams.team(info.context.caller, root.team_id)

    @strawberry.field(
        graphql_type=Annotated["ExtensionUser", strawberry.lazy("schema.extension_user")] | None,
        description="The person whose goal it is; null if it is no person's.",
    )
    async def extension_user(root: strawberry.Parent[GoalRow], info: Info) -> ExtensionUserRow | None:
        user_id = root.extension_user_id
        return None if user_id is None else await extension_users.extension_user(info.context.caller, user_id)

    @strawberry.field(
        graphql_type=GoalProgress | None,
        description="How it is met in a period, in the goal's time zone. Computed from the events as they are now, "
        "whenever the goal was set.",
        metadata=priced(day=ORGANIZATION_DAY, measures=1),
    )
    async def progress(
        root: strawberry.Parent[GoalRow], info: Info, period: PeriodArgument, week_start: WeekStartArgument = None
    ) -> GoalProgressRow:
        time_range = await LocalTime(root.timezone, week_start, root.organization_id).resolve(info, period)
        where, at = conditions_of(root.conditions), info.context.received_at
        return await goals.progress(info.context.caller, root, where, time_range, at, week_start)
