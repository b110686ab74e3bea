"""The queries."""

from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry

from ai.call_counters import Status
from core.ids import BehaviorKey, checked_node_id, checked_uuid, uuid_of
from db.queries.alert_rules import AlertRuleRow
from db.queries.audit_entries import AuditEntryRow
from db.queries.behaviors import BehaviorRow
from db.queries.erasures import ErasureRow
from db.queries.extension_users import ExtensionUserRow
from db.queries.goals import GoalRow
from db.queries.membership_offers import MembershipOfferRow
from db.queries.organizations import OrganizationRow
from db.queries.saved_queries import SavedQueryRow
from db.queries.sessions import SessionRow
from db.queries.teams import TeamRow
from db.queries.users import UserRow
from db.queries.webhook_events import WebhookEventRow
from execution.context import Info
from execution.declarations import EVERYBODY_DAY, SIGNED_IN, priced
from execution.documents.prices import alert_preview_points
from resolvers import (
    alert_rules,
    audit,
    behaviors,
    erasures,
    extension_users,
    goals,
    membership_offers,
    organizations,
    saved_queries,
    sessions,
    teams,
    users,
    webhooks,
)
from resolvers.alert_rules import AlertPreviewRow
from resolvers.deep_work import DeepWorkRow
from resolvers.insight_status import model_status
from resolvers.pages import ConnectionRow, TwoWay
from resolvers.usage import UsageQuery
from schema.alert_rule import AlertPreview, AlertRule, AlertRulePreviewInput
from schema.audit_entry import AuditEntry
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
from schema.enums import BehaviorOrder, IntervalOrder, WeekStart
from schema.erasure import Erasure
from schema.extension_user import ExtensionUser
from schema.filters import ExtensionUserFilter
from schema.goal import Goal
from schema.insight_status import InsightStatus
from schema.measure import MeasureInfo, measure_infos
from schema.membership_offer import MembershipOffer
from schema.node import NODE_TYPES, Node, NodeRow
from schema.organization import Organization
from schema.period import (
    LocalTime,
    PeriodArgument,
    PeriodPresetInfo,
    TimeZoneArgument,
    WeekStartArgument,
    preset_infos,
)
from schema.saved_query import SavedQuery
from schema.session import Session, SessionOrderArgument
from schema.stored_filters import conditions_of
from schema.team import Team
from schema.usage import Usage
from schema.usage_question import UsageFilterArgument, question
from schema.user import User
from schema.webhook_event import WebhookEvent

Id = Annotated[strawberry.ID, strawberry.argument(description="Its id, opaque or plain.")]
Search = Annotated[str | None, strawberry.argument(description="A text in the name, in any case and form.")]


@strawberry.type(description="The queries. All of them need a sign-in; they answer within what the viewer may see.")
class Query:
    """Each field checks its arguments here and hands them to the resolver of its subject."""

    @strawberry.field(
        graphql_type=Node | None,
        description="The thing with this opaque id; null when there is none that the viewer may see. What is no opaque "
        "id is refused with `BAD_USER_INPUT`, plain ids too.",
        metadata=SIGNED_IN,
    )
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its opaque id.")]
    ) -> NodeRow | None:
        caller = info.context.caller
        type_name, key = checked_node_id(id, NODE_TYPES)
        if type_name == "Behavior":
            return await behaviors.behavior(caller, BehaviorKey.from_bytes(key))
        uuid = UUID(bytes=key)
        if type_name == "User":
            return await users.user(caller, uuid)
        if type_name == "Organization":
            return await organizations.organization(caller, uuid)
        if type_name == "Team":
            return await teams.team(caller, uuid)
        return await extension_users.extension_user(caller, uuid)

    @strawberry.field(graphql_type=User, description="The signed-in user.", metadata=SIGNED_IN)
    def viewer(self, info: Info) -> UserRow:
        return info.context.account

    @strawberry.field(
        graphql_type=Connection[MembershipOffer] | None,
        description="The offers of membership to the viewer that wait for their answer, the oldest first.",
        metadata=SIGNED_IN,
    )
    async def membership_offers(
        self, info: Info, first: First = 20, after: After = None
    ) -> ConnectionRow[MembershipOfferRow]:
        return await membership_offers.to_viewer(info.context.caller, first, after)

    @strawberry.field(
        graphql_type=WebhookEvent | None,
        description="The event with this id that webhooks were told, of an organization whose admin the viewer is; "
        "null when there is none. A webhook's `selection` is what is selected of it.",
        metadata=SIGNED_IN,
    )
    async def webhook_event(self, info: Info, id: Id) -> WebhookEventRow | None:
        event_id = checked_uuid(id, "WebhookEvent")
        return None if event_id is None else await webhooks.event(info.context.caller, event_id)

    @strawberry.field(
        graphql_type=CountedConnection[User] | None,
        description="All accounts, by name. For super admins.",
        metadata=SIGNED_IN,
    )
    async def users(
        self, info: Info, search: Search = None, first: First = 20, after: After = None
    ) -> ConnectionRow[UserRow]:
        return await users.list_page(info.context.caller, search, first, after)

    @strawberry.field(
        graphql_type=Organization | None,
        description="An organization; null when there is none that the viewer may see.",
        metadata=SIGNED_IN,
    )
    async def organization(self, info: Info, id: Id) -> OrganizationRow | None:
        caller, uuid = info.context.caller, checked_uuid(id, "Organization")
        return None if uuid is None else await organizations.organization(caller, uuid)

    @strawberry.field(
        graphql_type=CountedConnection[Organization] | None,
        description="The organizations that the viewer may see, by name.",
        metadata=SIGNED_IN,
    )
    async def organizations(
        self, info: Info, search: Search = None, first: First = 20, after: After = None
    ) -> ConnectionRow[OrganizationRow]:
        return await organizations.list_page(info.context.caller, search, first, after)

    @strawberry.field(
        graphql_type=ExtensionUser | None,
        description="An extension user; null when there is none that the viewer may see.",
        metadata=SIGNED_IN,
    )
    async def extension_user(self, info: Info, id: Id) -> ExtensionUserRow | None:
        caller, uuid = info.context.caller, checked_uuid(id, "ExtensionUser")
        return None if uuid is None else await extension_users.extension_user(caller, uuid)

    @strawberry.field(
        graphql_type=Team | None,
        description="A team; null when there is none that the viewer may see.",
        metadata=SIGNED_IN,
    )
    async def team(self, info: Info, id: Id) -> TeamRow | None:
        caller, uuid = info.context.caller, checked_uuid(id, "Team")
        return None if uuid is None else await teams.team(caller, uuid)

    @strawberry.field(
        graphql_type=AlertRule | None,
        description="An alert rule; null when there is none that the viewer may see.",
        metadata=SIGNED_IN,
    )
    async def alert_rule(self, info: Info, id: Id) -> AlertRuleRow | None:
        caller, uuid = info.context.caller, checked_uuid(id, "AlertRule")
        return None if uuid is None else await alert_rules.alert_rule(caller, uuid)

    @strawberry.field(
        graphql_type=AlertPreview | None,
        description="The alerts that a rule would have fired in the last 30 days. Saves nothing.",
        metadata=SIGNED_IN | priced(by_input=alert_preview_points),
    )
    async def alert_rule_preview(
        self,
        info: Info,
        input: Annotated[AlertRulePreviewInput, strawberry.argument(description="The organization and the rule.")],
    ) -> AlertPreviewRow | None:
        return await alert_rules.preview(
            info.context.caller, uuid_of(input.organization_id, "Organization"), input.rule.content(), conditions_of
        )

    @strawberry.field(
        graphql_type=Goal | None,
        description="A goal; null when there is none that the viewer may see.",
        metadata=SIGNED_IN,
    )
    async def goal(self, info: Info, id: Id) -> GoalRow | None:
        caller, uuid = info.context.caller, checked_uuid(id, "Goal")
        return None if uuid is None else await goals.goal(caller, uuid)

    @strawberry.field(
        graphql_type=SavedQuery | None,
        description="A saved query; null when there is none that the viewer may see.",
        metadata=SIGNED_IN,
    )
    async def saved_query(self, info: Info, id: Id) -> SavedQueryRow | None:
        caller, uuid = info.context.caller, checked_uuid(id, "SavedQuery")
        return None if uuid is None else await saved_queries.saved_query(caller, uuid)

    @strawberry.field(
        graphql_type=CountedConnection[ExtensionUser] | None,
        description="The extension users of every organization that the viewer may see, by name.",
        metadata=SIGNED_IN,
    )
    async def extension_users(
        self,
        info: Info,
        where: Annotated[
            ExtensionUserFilter | None,
            strawberry.argument(description="A filter of extension users; without it all are listed."),
        ] = None,
        first: First = 20,
        after: After = None,
    ) -> ConnectionRow[ExtensionUserRow]:
        conditions = (where or ExtensionUserFilter()).conditions()
        return await extension_users.list_page(info.context.caller, conditions, first, after)

    @strawberry.field(
        graphql_type=Connection[Behavior] | None,
        description="The browsing events that the viewer may see.",
        metadata=SIGNED_IN | priced(day=EVERYBODY_DAY),
    )
    async def behaviors(  # noqa: PLR0913, PLR0917 - the arguments of the field
        self,
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
        time = LocalTime(timezone, week_start)
        time_range, conditions = await events_asked_for(info, where, period, time)
        place = TwoWay(first, after, last, before)
        return await behaviors.list_page(info.context.caller, time_range, conditions, ordering(order_by), place)

    @strawberry.field(
        graphql_type=Connection[Session] | None,
        description="The browsing sessions that the viewer may see.",
        metadata=SIGNED_IN | priced(day=EVERYBODY_DAY, measures=1, from_events=True),
    )
    async def sessions(
        self,
        info: Info,
        period: PeriodArgument,
        where: UsageFilterArgument = None,
        order_by: SessionOrderArgument = IntervalOrder.NEWEST_FIRST,
        first: First = 20,
        after: After = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
        week_start: WeekStartArgument = None,
    ) -> ConnectionRow[SessionRow]:
        usage = await question(info, period, where, LocalTime(timezone, week_start))
        return await sessions.list_page(info.context.caller, usage, order_by, first, after)

    @strawberry.field(
        graphql_type=Usage | None,
        description="The usage of everybody whom the viewer may see in a period, taken together.",
        metadata=SIGNED_IN | priced(day=EVERYBODY_DAY),
    )
    async def usage(
        self,
        info: Info,
        period: PeriodArgument,
        where: UsageFilterArgument = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
        week_start: WeekStartArgument = None,
    ) -> UsageQuery:
        info.context.require_sign_in()
        return await question(info, period, where, LocalTime(timezone, week_start))

    @strawberry.field(
        graphql_type=DeepWork | None,
        description="The deep work of everybody whom the viewer may see in a period.",
        metadata=SIGNED_IN | priced(day=EVERYBODY_DAY),
    )
    async def deep_work(
        self,
        info: Info,
        period: PeriodArgument,
        where: UsageFilterArgument = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
        week_start: WeekStartArgument = None,
    ) -> DeepWorkRow:
        return DeepWorkRow(await question(info, period, where, LocalTime(timezone, week_start)))

    @strawberry.field(
        graphql_type=Connection[AuditEntry] | None,
        description="The audit log of the organizations that the viewer is an admin of, the newest first; for super "
        "admins, everything.",
        metadata=SIGNED_IN,
    )
    async def audit_log(self, info: Info, first: First = 50, after: After = None) -> ConnectionRow[AuditEntryRow]:
        return await audit.list_page(info.context.caller, first, after)

    @strawberry.field(
        graphql_type=Erasure | None,
        description="The progress of an erasure; null when there is none that the viewer may see. For admins of its "
        "organization, and for whoever had the organization deleted.",
        metadata=SIGNED_IN,
    )
    async def erasure(self, info: Info, id: Id) -> ErasureRow | None:
        caller, uuid = info.context.caller, checked_uuid(id, "Erasure")
        return None if uuid is None else await erasures.erasure(caller, uuid)

    @strawberry.field(description="The periods with a name, and what they span now.", metadata=SIGNED_IN)
    def period_presets(
        self,
        info: Info,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
        week_start: WeekStartArgument = None,
    ) -> list[PeriodPresetInfo]:
        info.context.require_sign_in()
        return preset_infos(info.context.received_at, timezone, week_start or WeekStart.MONDAY)

    @strawberry.field(
        graphql_type=InsightStatus | None,
        description="The configuration and state of the model that words insights. For super admins.",
        metadata=SIGNED_IN,
    )
    def insight_status(self, info: Info) -> Status:
        return model_status(info.context.caller)

    @strawberry.field(description="The catalogue of measures.", metadata=SIGNED_IN)
    def measures(self, info: Info) -> list[MeasureInfo]:
        info.context.require_sign_in()
        return measure_infos()
