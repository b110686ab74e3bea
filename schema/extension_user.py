"""Extension users."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry

from db.queries.behaviors import BehaviorRow
from db.queries.extension_users import ExtensionUserRow
from db.queries.goals import GoalRow
from db.queries.organizations import OrganizationRow
from db.queries.people import Subject
from db.queries.sessions import SessionRow
from db.queries.teams import TeamRow
from execution.context import Info
from execution.declarations import PERSON_DAY, priced
from resolvers import behaviors, goals, insights, organizations, sessions, teams
from resolvers.deep_work import DeepWorkRow
from resolvers.insights import UsageInsightRow
from resolvers.pages import ConnectionRow, TwoWay
from resolvers.usage import UsageQuery
from schema.behavior import (
    Behavior,
    BehaviorPeriodArgument,
    OrderByArgument,
    WhereArgument,
    events_asked_for,
    ordering,
)
from schema.connection import After, Before, Connection, CountedConnection, First, FirstOf, LastOf
from schema.deep_work import DeepWork
from schema.enums import BehaviorOrder, IntervalOrder, Language
from schema.goal import Goal
from schema.insight import INSIGHT_MEASURES, LanguageArgument, UsageInsight
from schema.node import Node
from schema.period import LocalTime, PeriodArgument, TimeZoneArgument, WeekStartArgument
from schema.session import Session, SessionOrderArgument
from schema.team import Team
from schema.usage import Usage
from schema.usage_question import UsageFilterArgument, question

if TYPE_CHECKING:
    from schema.organization import Organization


@strawberry.type(description="A person whose browsing is recorded by the extension.")
class ExtensionUser(Node):
    """Shows an ExtensionUserRow."""

    @classmethod
    def is_type_of(cls, value: object, _info: Any) -> bool:
        return isinstance(value, ExtensionUserRow)

    @strawberry.field(description="The plain id: the `userId` of the REST routes.")
    def uuid(root: strawberry.Parent[ExtensionUserRow]) -> UUID:
        return root.id

    username: str = strawberry.field(description="The name, unique in the organization, in any case and form.")
    is_active: bool = strawberry.field(description="True if their events are collected.")
    api_key_prefix: str = strawberry.field(description="The first characters of their API key, to recognise it by.")
    created_at: datetime = strawberry.field(description="The time at which they were created.")
    updated_at: datetime = strawberry.field(description="The time of the last change.")
    last_used_at: datetime | None = strawberry.field(
        description="The time at which their API key was last used, to within a minute; null if it never was."
    )
    last_keyless_event_at: datetime | None = strawberry.field(
        description="The time at which an event in their name was last stored without their API key, to within a "
        "minute; null when none ever was. Events that an admin sends by `ingestBehaviors` do not count."
    )
    clock_skew_seconds: float | None = strawberry.field(
        description="The seconds that their browser's clock was ahead of the server's (negative: behind) when it last "
        "told its time (`sentAt`), to within a minute of when it did; null if it never has. The time that the request "
        "took to arrive is in it."
    )

    @strawberry.field(
        graphql_type=Annotated["Organization", strawberry.lazy("schema.organization")],
        description="The organization they belong to.",
    )
    async def organization(root: strawberry.Parent[ExtensionUserRow], info: Info) -> OrganizationRow | None:
        return await organizations.organization(info.context.caller, root.organization_id)

    @strawberry.field(graphql_type=CountedConnection[Team] | None, description="The teams they are in, by name.")
    async def teams(
        root: strawberry.Parent[ExtensionUserRow], info: Info, first: First = 20, after: After = None
    ) -> ConnectionRow[TeamRow]:
        return await teams.of_person(info.context.caller, root.id, first, after)

    @strawberry.field(
        graphql_type=Connection[Behavior] | None, description="Their browsing events.", metadata=priced(day=PERSON_DAY)
    )
    async def behaviors(  # noqa: PLR0913, PLR0917 - the arguments of the field
        root: strawberry.Parent[ExtensionUserRow],
        info: Info,
        where: WhereArgument = None,
        order_by: OrderByArgument = BehaviorOrder.NEWEST_FIRST,
        first: FirstOf = None,
        after: After = None,
        last: LastOf = None,
        before: Before = None,
        period: BehaviorPeriodArgument = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
        week_start: WeekStartArgument = None,
    ) -> ConnectionRow[BehaviorRow]:
        time = LocalTime(timezone, week_start, root.organization_id)
        time_range, conditions = await events_asked_for(info, where, period, time)
        place = TwoWay(first, after, last, before)
        return await behaviors.of_user(info.context.caller, root.id, time_range, conditions, ordering(order_by), place)

    @strawberry.field(
        graphql_type=Connection[Session] | None,
        description="Their browsing sessions.",
        metadata=priced(day=PERSON_DAY, measures=1, from_events=True),
    )
    async def sessions(
        root: strawberry.Parent[ExtensionUserRow],
        info: Info,
        period: PeriodArgument,
        where: UsageFilterArgument = None,
        order_by: SessionOrderArgument = IntervalOrder.NEWEST_FIRST,
        first: First = 20,
        after: After = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
        week_start: WeekStartArgument = None,
    ) -> ConnectionRow[SessionRow]:
        time = LocalTime(timezone, week_start, root.organization_id)
        usage = await question(info, period, where, time, Subject.USER, root.id)
        return await sessions.of_user(info.context.caller, usage, order_by, first, after)

    @strawberry.field(
        graphql_type=Connection[Goal] | None,
        description="Their goals, the oldest first; none for leads.",
    )
    async def goals(
        root: strawberry.Parent[ExtensionUserRow], info: Info, first: First = 50, after: After = None
    ) -> ConnectionRow[GoalRow]:
        return await goals.of_person(info.context.caller, root.id, first, after)

    @strawberry.field(graphql_type=Usage | None, description="The usage in a period.", metadata=priced(day=PERSON_DAY))
    async def usage(
        root: strawberry.Parent[ExtensionUserRow],
        info: Info,
        period: PeriodArgument,
        where: UsageFilterArgument = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
        week_start: WeekStartArgument = None,
    ) -> UsageQuery:
        time = LocalTime(timezone, week_start, root.organization_id)
        return await question(info, period, where, time, Subject.USER, root.id)

    @strawberry.field(
        graphql_type=DeepWork | None, description="The deep work done in a period.", metadata=priced(day=PERSON_DAY)
    )
    async def deep_work(
        root: strawberry.Parent[ExtensionUserRow],
        info: Info,
        period: PeriodArgument,
        where: UsageFilterArgument = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
        week_start: WeekStartArgument = None,
    ) -> DeepWorkRow:
        time = LocalTime(timezone, week_start, root.organization_id)
        return DeepWorkRow(await question(info, period, where, time, Subject.USER, root.id))

    @strawberry.field(
        graphql_type=UsageInsight | None,
        description="A description of their work in a period, made from figures.",
        metadata=priced(day=PERSON_DAY, measures=INSIGHT_MEASURES),
    )
    async def insight(
        root: strawberry.Parent[ExtensionUserRow],
        info: Info,
        period: PeriodArgument,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
        week_start: WeekStartArgument = None,
        language: LanguageArgument = Language.EN,
    ) -> UsageInsightRow:
        time = LocalTime(timezone, week_start, root.organization_id)
        asked = await question(info, period, None, time, Subject.USER, root.id)
        return await insights.insight(info.context.caller, asked, root.organization_id, language)
