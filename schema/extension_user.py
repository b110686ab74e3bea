"""Extension users."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry

from db.queries.behavior import BehaviorRow
from db.queries.extension_user import ExtensionUserRow
from db.queries.filters import EventFilter
from db.queries.organization import OrganizationRow
from db.queries.people import Subject
from db.queries.session import SessionQuery, SessionRow
from resolvers import behavior as behaviors
from resolvers import insight as insights
from resolvers import organization as organizations
from resolvers import session as sessions
from resolvers.deep_work import DeepWork as DeepWorkRow
from resolvers.insight import UsageInsight as InsightRow
from resolvers.pages import Connection as ConnectionRow
from resolvers.pages import TwoWay
from resolvers.usage import Usage as UsageQuestion
from schema.behavior import Behavior, OrderByArgument, WhereArgument, events_asked_for, ordering
from schema.connection import After, Before, Connection, First, FirstOf, LastOf
from schema.context import Info
from schema.deep_work import DeepWork
from schema.enums import BehaviorOrder, Language
from schema.insight import LanguageArgument, UsageInsight
from schema.node import Node
from schema.session import Session
from schema.usage import PeriodArgument, TimeZoneArgument, Usage, UsageFilterArgument, question

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

    username: str = strawberry.field(description="Their name, unique in the organization whatever the case.")
    is_active: bool = strawberry.field(description="Whether their events are collected.")
    api_key_prefix: str = strawberry.field(description="The first characters of their API key, to recognise it by.")
    created_at: datetime = strawberry.field(description="When they were made.")
    updated_at: datetime = strawberry.field(description="When they were last changed.")
    last_used_at: datetime | None = strawberry.field(
        description="When their API key was last used, to within a minute; null when it never was."
    )

    @strawberry.field(
        graphql_type=Annotated["Organization", strawberry.lazy("schema.organization")],
        description="The organization they belong to.",
    )
    async def organization(root: strawberry.Parent[ExtensionUserRow], info: Info) -> OrganizationRow | None:
        return await organizations.organization(info.context.caller, root.organization_id)

    @strawberry.field(graphql_type=Connection[Behavior], description="Their browsing events.")
    async def behaviors(
        root: strawberry.Parent[ExtensionUserRow],
        info: Info,
        where: WhereArgument = None,
        order_by: OrderByArgument = BehaviorOrder.NEWEST_FIRST,
        first: FirstOf = None,
        after: After = None,
        last: LastOf = None,
        before: Before = None,
    ) -> ConnectionRow[BehaviorRow]:
        time_range, conditions = events_asked_for(where)
        place = TwoWay(first, after, last, before)
        return await behaviors.of_user(info.context.caller, root.id, time_range, conditions, ordering(order_by), place)

    @strawberry.field(graphql_type=Connection[Session], description="Their browsing sessions, the newest first.")
    async def sessions(
        root: strawberry.Parent[ExtensionUserRow],
        info: Info,
        period: PeriodArgument,
        first: First = 20,
        after: After = None,
    ) -> ConnectionRow[SessionRow]:
        query = SessionQuery(period.resolve(), EventFilter())
        return await sessions.of_user(info.context.caller, root.id, query, first, after)

    @strawberry.field(graphql_type=Usage | None, description="What they did in a period.")
    def usage(
        root: strawberry.Parent[ExtensionUserRow],
        info: Info,
        period: PeriodArgument,
        where: UsageFilterArgument = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
    ) -> UsageQuestion:
        return question(info, period, where, timezone, Subject.USER, root.id)

    @strawberry.field(graphql_type=DeepWork | None, description="The deep work done in a period.")
    def deep_work(
        root: strawberry.Parent[ExtensionUserRow],
        info: Info,
        period: PeriodArgument,
        where: UsageFilterArgument = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
    ) -> DeepWorkRow:
        return DeepWorkRow(question(info, period, where, timezone, Subject.USER, root.id))

    @strawberry.field(
        graphql_type=UsageInsight | None, description="What the figures of a period say about how they work."
    )
    async def insight(
        root: strawberry.Parent[ExtensionUserRow],
        info: Info,
        period: PeriodArgument,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
        language: LanguageArgument = Language.EN,
    ) -> InsightRow:
        asked = question(info, period, None, timezone, Subject.USER, root.id)
        return await insights.insight(info.context.caller, asked, root.organization_id, language)
