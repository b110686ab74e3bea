"""The questions."""

from typing import Annotated
from zoneinfo import ZoneInfo

import strawberry

from ai.tally import Status
from core.ids import behavior_key, decode_node_id, uuid_of
from db.queries.audit_entry import AuditEntryRow
from db.queries.behavior import BehaviorRow
from db.queries.extension_user import ExtensionUserRow
from db.queries.organization import OrganizationRow
from db.queries.session import SessionQuery, SessionRow
from db.queries.user import UserRow
from resolvers import audit
from resolvers import behavior as behaviors
from resolvers import extension_user as extension_users
from resolvers import insight_status as insight_statuses
from resolvers import organization as organizations
from resolvers import session as sessions
from resolvers import user as users
from resolvers.deep_work import DeepWork as DeepWorkRow
from resolvers.pages import Connection as ConnectionRow
from resolvers.pages import TwoWay
from resolvers.usage import Usage as UsageQuestion
from schema.audit_entry import AuditEntry
from schema.behavior import Behavior, OrderByArgument, WhereArgument, events_asked_for, ordering
from schema.connection import After, Before, Connection, CountedConnection, First, FirstOf, LastOf
from schema.context import Info
from schema.deep_work import DeepWork
from schema.enums import BehaviorOrder
from schema.extension_user import ExtensionUser
from schema.filters import ExtensionUserFilter, UsageFilter
from schema.insight_status import InsightStatus
from schema.measure import MeasureInfo, measure_infos
from schema.node import Node, NodeRow
from schema.organization import Organization
from schema.period import PeriodPresetInfo, preset_infos
from schema.session import Session
from schema.usage import (
    PeriodArgument,
    TimeZoneArgument,
    Usage,
    UsageFilterArgument,
    question,
)
from schema.user import User

Id = Annotated[strawberry.ID, strawberry.argument(description="Its id, opaque or plain.")]
Search = Annotated[
    str | None, strawberry.argument(description="Only those whose name contains this, whatever the case.")
]


@strawberry.type(description="The questions. All of them need a sign-in, and answer within what the viewer may see.")
class Query:
    """Each field checks its arguments here and hands them to the resolver of its subject."""

    @strawberry.field(
        graphql_type=Node | None,
        description="The thing with this (opaque) id; null when there is none that the viewer may see.",
    )
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its opaque id.")]
    ) -> NodeRow | None:
        caller = info.context.caller
        behavior = behavior_key(id)
        if behavior is not None:
            return await behaviors.behavior(caller, behavior)
        type_name, _ = decode_node_id(id) or ("", b"")
        uuid = uuid_of(id, type_name)
        if uuid is None:
            return None
        if type_name == "User":
            return await users.user(caller, uuid)
        if type_name == "Organization":
            return await organizations.organization(caller, uuid)
        if type_name == "ExtensionUser":
            return await extension_users.extension_user(caller, uuid)
        return None

    @strawberry.field(graphql_type=User, description="Who is signed in.")
    def viewer(self, info: Info) -> UserRow:
        return info.context.account

    @strawberry.field(graphql_type=CountedConnection[User], description="All accounts, by name. For super admins.")
    async def users(
        self, info: Info, search: Search = None, first: First = 20, after: After = None
    ) -> ConnectionRow[UserRow]:
        return await users.connection(info.context.caller, search, first, after)

    @strawberry.field(
        graphql_type=Organization | None,
        description="An organization; null when there is none that the viewer may see.",
    )
    async def organization(self, info: Info, id: Id) -> OrganizationRow | None:
        caller, uuid = info.context.caller, uuid_of(id, "Organization")
        return None if uuid is None else await organizations.organization(caller, uuid)

    @strawberry.field(
        graphql_type=CountedConnection[Organization], description="The organizations that the viewer may see, by name."
    )
    async def organizations(
        self, info: Info, search: Search = None, first: First = 20, after: After = None
    ) -> ConnectionRow[OrganizationRow]:
        return await organizations.connection(info.context.caller, search, first, after)

    @strawberry.field(
        graphql_type=ExtensionUser | None,
        description="An extension user; null when there is none that the viewer may see.",
    )
    async def extension_user(self, info: Info, id: Id) -> ExtensionUserRow | None:
        caller, uuid = info.context.caller, uuid_of(id, "ExtensionUser")
        return None if uuid is None else await extension_users.extension_user(caller, uuid)

    @strawberry.field(
        graphql_type=CountedConnection[ExtensionUser],
        description="The extension users of every organization that the viewer may see, by name.",
    )
    async def extension_users(
        self,
        info: Info,
        where: Annotated[
            ExtensionUserFilter | None, strawberry.argument(description="Which extension users; all, without it.")
        ] = None,
        first: First = 20,
        after: After = None,
    ) -> ConnectionRow[ExtensionUserRow]:
        conditions = (where or ExtensionUserFilter()).conditions()
        return await extension_users.connection(info.context.caller, conditions, first, after)

    @strawberry.field(graphql_type=Connection[Behavior], description="The browsing events that the viewer may see.")
    async def behaviors(
        self,
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
        return await behaviors.connection(info.context.caller, time_range, conditions, ordering(order_by), place)

    @strawberry.field(
        graphql_type=Connection[Session], description="The browsing sessions that the viewer may see, the newest first."
    )
    async def sessions(
        self,
        info: Info,
        period: PeriodArgument,
        where: UsageFilterArgument = None,
        first: First = 20,
        after: After = None,
    ) -> ConnectionRow[SessionRow]:
        query = SessionQuery(period.resolve(), (where or UsageFilter()).conditions())
        return await sessions.connection(info.context.caller, query, first, after)

    @strawberry.field(
        graphql_type=Usage | None, description="What everybody whom the viewer may see did in a period, taken together."
    )
    def usage(
        self,
        info: Info,
        period: PeriodArgument,
        where: UsageFilterArgument = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
    ) -> UsageQuestion:
        info.context.require_sign_in()
        return question(info, period, where, timezone)

    @strawberry.field(
        graphql_type=DeepWork | None,
        description="The deep work of everybody whom the viewer may see in a period.",
    )
    def deep_work(
        self,
        info: Info,
        period: PeriodArgument,
        where: UsageFilterArgument = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
    ) -> DeepWorkRow:
        return DeepWorkRow(question(info, period, where, timezone))

    @strawberry.field(
        graphql_type=Connection[AuditEntry],
        description="What was done in the organizations that the viewer is an admin of, the newest first; for super "
        "admins, everything.",
    )
    async def audit_log(self, info: Info, first: First = 50, after: After = None) -> ConnectionRow[AuditEntryRow]:
        return await audit.connection(info.context.caller, first, after)

    @strawberry.field(description="The periods with a name, and what they span now.")
    def period_presets(
        self,
        info: Info,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
    ) -> list[PeriodPresetInfo]:
        info.context.require_sign_in()
        return preset_infos(timezone)

    @strawberry.field(
        graphql_type=InsightStatus,
        description="How the model that words insights is set up, and how it fares. For super admins.",
    )
    def insight_status(self, info: Info) -> Status:
        return insight_statuses.insight_status(info.context.caller)

    @strawberry.field(description="The catalogue of measures.")
    def measures(self, info: Info) -> list[MeasureInfo]:
        info.context.require_sign_in()
        return measure_infos()
