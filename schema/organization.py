"""Organizations."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry

from core.calendar import local_days
from core.category_changes import CategoryChanges
from core.limits import ALERTS_KEPT
from db.queries.alert_rules import AlertRuleRow
from db.queries.alerts import AlertList, AlertRow
from db.queries.annotations import AnnotationRow
from db.queries.api_tokens import ApiTokenRow
from db.queries.audit_entries import AuditEntryRow
from db.queries.extension_users import ExtensionUserCountsRow, ExtensionUserRow
from db.queries.goals import GoalRow
from db.queries.invitations import InvitationRow
from db.queries.membership_offers import MembershipOfferRow
from db.queries.memberships import MembershipRow
from db.queries.organizations import OrganizationRow
from db.queries.people import Subject
from db.queries.saved_queries import SavedQueryRow
from db.queries.teams import TeamRow
from db.queries.webhooks import WebhookRow
from execution.context import Info
from execution.declarations import ORGANIZATION_DAY, priced
from resolvers import (
    alert_rules,
    alerts,
    annotations,
    api_tokens,
    audit,
    category_rules,
    extension_users,
    goals,
    insights,
    invitations,
    membership_offers,
    memberships,
    saved_queries,
    teams,
    webhooks,
)
from resolvers.category_rules import CategoryRuleSetRow, CategoryRulesPreviewRow
from resolvers.deep_work import DeepWorkRow
from resolvers.insights import UsageInsightRow
from resolvers.pages import ConnectionRow
from resolvers.usage import UsageQuery
from schema.alert import Alert, AlertStateArgument
from schema.alert_rule import AlertRule
from schema.annotation import Annotation
from schema.api_token import ServiceAccount
from schema.audit_entry import AuditEntry
from schema.category_rule import CategoryRuleInput, CategoryRuleSet, CategoryRulesPreview
from schema.connection import After, Connection, CountedConnection, First
from schema.deep_work import DeepWork
from schema.enums import Language, Role, WeekStart
from schema.extension_user import ExtensionUser
from schema.filters import ExtensionUserFilter
from schema.goal import Goal
from schema.insight import INSIGHT_MEASURES, LanguageArgument, UsageInsight
from schema.invitation import Invitation
from schema.membership import Membership
from schema.membership_offer import MembershipOffer
from schema.node import Node
from schema.period import LocalTime, Period, PeriodArgument, TimeZoneArgument, WeekStartArgument
from schema.saved_query import SavedQuery
from schema.scalars import BigInt
from schema.team import Team
from schema.usage import Usage
from schema.usage_question import UsageFilterArgument, question
from schema.webhook import Webhook


@strawberry.type(description="An organization's extension users in numbers.")
class ExtensionUserCounts:
    """Shows db.queries.extension_users.ExtensionUserCountsRow."""

    total: BigInt = strawberry.field(description="The number of all of them.")
    active: BigInt = strawberry.field(description="The number of those whose events are collected.")
    inactive: BigInt = strawberry.field(description="The number of those whose events are refused.")
    used_today: BigInt = strawberry.field(description="The number of those whose key was used today (UTC).")
    used_this_week: BigInt = strawberry.field(
        description="The number of those whose key was used today or in the six days before (UTC)."
    )
    keyless_last_7_days: BigInt = strawberry.field(
        name="keylessLast7Days",
        description="The number of those with an event without their key in the last seven days, to the minute.",
    )
    keyless_last_30_days: BigInt = strawberry.field(
        name="keylessLast30Days",
        description="The number of those with an event without their key in the last 30 days, to the minute. Where it "
        "is 0, nobody's events are refused once keys are required (`requiresApiKey`).",
    )


@strawberry.type(description="A tenant: its members read, its admins manage, its extension users are recorded.")
class Organization(Node):
    """Shows an OrganizationRow."""

    @classmethod
    def is_type_of(cls, value: object, _info: Any) -> bool:
        return isinstance(value, OrganizationRow)

    @strawberry.field(description="The plain id.")
    def uuid(root: strawberry.Parent[OrganizationRow]) -> UUID:
        return root.id

    name: str = strawberry.field(description="The name; need not be unique.")
    description: str | None = strawberry.field(description="A description of the organization.")
    retention_days: int | None = strawberry.field(
        description="The number of days for which events are kept after they happened; null: for good."
    )
    requires_api_key: bool = strawberry.field(
        description="True if events for its people are refused unless they come with the person's API key."
    )
    week_start: WeekStart = strawberry.field(
        description="The day that weeks begin on in questions about it and its people, unless they say `weekStart`."
    )
    created_at: datetime = strawberry.field(description="The time at which it was created.")
    updated_at: datetime = strawberry.field(description="The time of its last change.")

    @strawberry.field(description="The viewer's role in it; null for a super admin who is no member.")
    def viewer_role(root: strawberry.Parent[OrganizationRow], info: Info) -> Role | None:
        return info.context.caller.viewer.roles.get(root.id)

    @strawberry.field(
        graphql_type=CountedConnection[Membership] | None,
        description="Its members, in the order they joined. Leads may not ask.",
    )
    async def members(
        root: strawberry.Parent[OrganizationRow], info: Info, first: First = 50, after: After = None
    ) -> ConnectionRow[MembershipRow]:
        return await memberships.of_organization(info.context.caller, root.id, first, after)

    @strawberry.field(
        graphql_type=Connection[MembershipOffer] | None,
        description="Its offers of membership that wait for an answer, the oldest first. For its admins.",
    )
    async def membership_offers(
        root: strawberry.Parent[OrganizationRow], info: Info, first: First = 50, after: After = None
    ) -> ConnectionRow[MembershipOfferRow]:
        return await membership_offers.of_organization(info.context.caller, root.id, first, after)

    @strawberry.field(
        graphql_type=Connection[Invitation] | None,
        description="Its open invitations, the oldest first. For its admins.",
    )
    async def invitations(
        root: strawberry.Parent[OrganizationRow], info: Info, first: First = 50, after: After = None
    ) -> ConnectionRow[InvitationRow]:
        return await invitations.of_organization(info.context.caller, root.id, first, after)

    @strawberry.field(
        graphql_type=list[ServiceAccount] | None,
        description="Its service accounts, the newest first: at most 50. For its admins.",
    )
    async def service_accounts(root: strawberry.Parent[OrganizationRow], info: Info) -> list[ApiTokenRow]:
        return await api_tokens.of_organization(info.context.caller, root.id)

    @strawberry.field(
        graphql_type=list[Webhook] | None,
        description="Its webhooks, the oldest first: at most 20. For its admins.",
    )
    async def webhooks(root: strawberry.Parent[OrganizationRow], info: Info) -> list[WebhookRow]:
        return await webhooks.of_organization(info.context.caller, root.id)

    @strawberry.field(
        graphql_type=CountedConnection[ExtensionUser] | None,
        description="The people whose browsing is recorded, by name; for a lead those of the teams they lead.",
    )
    async def extension_users(
        root: strawberry.Parent[OrganizationRow],
        info: Info,
        where: Annotated[
            ExtensionUserFilter | None,
            strawberry.argument(description="A filter of extension users; without it all are listed."),
        ] = None,
        first: First = 20,
        after: After = None,
    ) -> ConnectionRow[ExtensionUserRow]:
        conditions = (where or ExtensionUserFilter()).conditions()
        return await extension_users.of_organization(info.context.caller, root.id, conditions, first, after)

    @strawberry.field(
        graphql_type=CountedConnection[Team] | None, description="Its teams, by name; for a lead those they lead."
    )
    async def teams(
        root: strawberry.Parent[OrganizationRow], info: Info, first: First = 50, after: After = None
    ) -> ConnectionRow[TeamRow]:
        return await teams.of_organization(info.context.caller, root.id, first, after)

    @strawberry.field(
        graphql_type=Connection[Annotation] | None,
        description="The notes on its days, by their first day. Leads may not ask.",
        metadata=priced(day=0),
    )
    async def annotations(
        root: strawberry.Parent[OrganizationRow],
        info: Info,
        period: Annotated[
            Period | None,
            strawberry.argument(description="The time whose days to look at; without it all annotations are listed."),
        ] = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
        week_start: WeekStartArgument = None,
        first: First = 50,
        after: After = None,
    ) -> ConnectionRow[AnnotationRow]:
        time = LocalTime(timezone, week_start or root.week_start)
        days = None if period is None else local_days(await time.resolve(info, period), timezone)
        return await annotations.of_organization(info.context.caller, root.id, days, first, after)

    @strawberry.field(
        graphql_type=CountedConnection[AlertRule] | None, description="Its alert rules, by name. Leads may not ask."
    )
    async def alert_rules(
        root: strawberry.Parent[OrganizationRow], info: Info, first: First = 50, after: After = None
    ) -> ConnectionRow[AlertRuleRow]:
        return await alert_rules.of_organization(info.context.caller, root.id, first, after)

    @strawberry.field(
        graphql_type=Connection[Alert] | None,
        description=f"Its alerts, the newest first: of each rule the last {ALERTS_KEPT}. Leads may not ask.",
    )
    async def alerts(
        root: strawberry.Parent[OrganizationRow],
        info: Info,
        state: AlertStateArgument = None,
        first: First = 50,
        after: After = None,
    ) -> ConnectionRow[AlertRow]:
        return await alerts.list_page(info.context.caller, AlertList(root.id, None, state), first, after)

    @strawberry.field(
        graphql_type=Connection[Goal] | None,
        description="Its goals, those of its teams and people included, the oldest first. Leads may not ask.",
    )
    async def goals(
        root: strawberry.Parent[OrganizationRow], info: Info, first: First = 50, after: After = None
    ) -> ConnectionRow[GoalRow]:
        return await goals.of_organization(info.context.caller, root.id, first, after)

    @strawberry.field(
        graphql_type=Connection[SavedQuery] | None, description="Its saved queries, by name. Not for leads."
    )
    async def saved_queries(
        root: strawberry.Parent[OrganizationRow], info: Info, first: First = 50, after: After = None
    ) -> ConnectionRow[SavedQueryRow]:
        return await saved_queries.of_organization(info.context.caller, root.id, first, after)

    @strawberry.field(
        graphql_type=ExtensionUserCounts | None, description="Its extension users in numbers. Leads may not ask."
    )
    async def extension_user_counts(root: strawberry.Parent[OrganizationRow], info: Info) -> ExtensionUserCountsRow:
        return await extension_users.counts(info.context.caller, root.id)

    @strawberry.field(
        graphql_type=Connection[AuditEntry] | None,
        description="Its audit log, the newest first. For its admins.",
    )
    async def audit_log(
        root: strawberry.Parent[OrganizationRow], info: Info, first: First = 50, after: After = None
    ) -> ConnectionRow[AuditEntryRow]:
        return await audit.of_organization(info.context.caller, root.id, first, after)

    @strawberry.field(
        graphql_type=Usage | None,
        description="The usage of its extension users in a period. Leads ask their `teams` instead.",
        metadata=priced(day=ORGANIZATION_DAY),
    )
    async def usage(
        root: strawberry.Parent[OrganizationRow],
        info: Info,
        period: PeriodArgument,
        where: UsageFilterArgument = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
        week_start: WeekStartArgument = None,
    ) -> UsageQuery:
        time = LocalTime(timezone, week_start or root.week_start)
        return await question(info, period, where, time, Subject.ORGANIZATION, root.id)

    @strawberry.field(
        graphql_type=DeepWork | None,
        description="The deep work done in a period. Leads ask their `teams` instead.",
        metadata=priced(day=ORGANIZATION_DAY),
    )
    async def deep_work(
        root: strawberry.Parent[OrganizationRow],
        info: Info,
        period: PeriodArgument,
        where: UsageFilterArgument = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
        week_start: WeekStartArgument = None,
    ) -> DeepWorkRow:
        time = LocalTime(timezone, week_start or root.week_start)
        asked = await question(info, period, where, time, Subject.ORGANIZATION, root.id)
        return DeepWorkRow(asked)

    @strawberry.field(
        graphql_type=UsageInsight | None,
        description="A description of its people's work in a period, made from figures. Leads may not ask.",
        metadata=priced(day=ORGANIZATION_DAY, measures=INSIGHT_MEASURES),
    )
    async def insight(
        root: strawberry.Parent[OrganizationRow],
        info: Info,
        period: PeriodArgument,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
        week_start: WeekStartArgument = None,
        language: LanguageArgument = Language.EN,
    ) -> UsageInsightRow:
        time = LocalTime(timezone, week_start or root.week_start)
        asked = await question(info, period, None, time, Subject.ORGANIZATION, root.id)
        return await insights.insight(info.context.caller, asked, root.id, language)

    @strawberry.field(
        graphql_type=CategoryRuleSet | None,
        description="The organization's own rules of which domains are of which category; changed by "
        "`setCategoryRules` and `deleteCategoryRules`. Leads may not ask.",
    )
    async def category_rules(
        root: strawberry.Parent[OrganizationRow],
        info: Info,
        version: Annotated[int | None, strawberry.argument(description="The version; the latest by default.")] = None,
    ) -> CategoryRuleSetRow:
        return await category_rules.of_organization(info.context.caller, root.id, version)

    @strawberry.field(
        graphql_type=CategoryRulesPreview | None,
        description="The domains that a change of the rules would move from one category to another, and their usage "
        "in a period. Changes nothing. Looks at the 10,000 domains with the most events. Leads may not ask.",
        metadata=priced(day=ORGANIZATION_DAY, measures=2, from_events=True),
    )
    async def category_rules_preview(
        root: strawberry.Parent[OrganizationRow],
        info: Info,
        period: PeriodArgument,
        rules: Annotated[
            list[CategoryRuleInput] | None, strawberry.argument(description="The rules to create or change.")
        ] = None,
        patterns: Annotated[
            list[str] | None, strawberry.argument(description="The patterns of the rules to delete.")
        ] = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
        week_start: WeekStartArgument = None,
    ) -> CategoryRulesPreviewRow:
        changes = CategoryChanges.checked([rule.pair() for rule in rules or []], patterns or [])
        time = LocalTime(timezone, week_start or root.week_start)
        asked = await question(info, period, None, time, Subject.ORGANIZATION, root.id)
        return await category_rules.preview(info.context.caller, asked, changes)
