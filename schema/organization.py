"""Organizations."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry

from core.category_changes import CategoryChanges
from db.queries.audit_entry import AuditEntryRow
from db.queries.extension_user import ExtensionUserCounts as CountsRow
from db.queries.extension_user import ExtensionUserRow
from db.queries.membership import MembershipRow
from db.queries.organization import OrganizationRow
from db.queries.people import Subject
from resolvers import audit
from resolvers import category_rule as category_rules
from resolvers import extension_user as extension_users
from resolvers import insight as insights
from resolvers import membership as memberships
from resolvers.category_rule import CategoryRuleSet as RuleSetRow
from resolvers.category_rule import CategoryRulesPreview as PreviewRow
from resolvers.deep_work import DeepWork as DeepWorkRow
from resolvers.insight import UsageInsight as InsightRow
from resolvers.pages import Connection as ConnectionRow
from resolvers.usage import Usage as UsageQuestion
from schema.audit_entry import AuditEntry
from schema.category_rule import CategoryRuleInput, CategoryRuleSet, CategoryRulesPreview
from schema.connection import After, Connection, CountedConnection, First
from schema.context import Info
from schema.deep_work import DeepWork
from schema.enums import Language, Role
from schema.extension_user import ExtensionUser
from schema.filters import ExtensionUserFilter
from schema.insight import LanguageArgument, UsageInsight
from schema.membership import Membership
from schema.node import Node
from schema.scalars import BigInt
from schema.usage import PeriodArgument, TimeZoneArgument, Usage, UsageFilterArgument, question


@strawberry.type(description="An organization's extension users in numbers.")
class ExtensionUserCounts:
    """Shows db.queries.extension_user.ExtensionUserCounts."""

    total: BigInt = strawberry.field(description="All of them.")
    active: BigInt = strawberry.field(description="Those whose events are collected.")
    inactive: BigInt = strawberry.field(description="Those whose events are refused.")
    used_today: BigInt = strawberry.field(description="Those whose key was used today (UTC).")
    used_this_week: BigInt = strawberry.field(
        description="Those whose key was used today or in the six days before (UTC)."
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

    name: str = strawberry.field(description="What it is called; need not be unique.")
    description: str | None = strawberry.field(description="What it is, in words.")
    retention_days: int | None = strawberry.field(
        description="For how many days events are kept, counted from when they happened; null: for good."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")

    @strawberry.field(description="The viewer's role in it; null for a super admin who is no member.")
    def viewer_role(root: strawberry.Parent[OrganizationRow], info: Info) -> Role | None:
        return info.context.caller.viewer.roles.get(root.id)

    @strawberry.field(graphql_type=CountedConnection[Membership], description="Its members, in the order they joined.")
    async def members(
        root: strawberry.Parent[OrganizationRow], info: Info, first: First = 50, after: After = None
    ) -> ConnectionRow[MembershipRow]:
        return await memberships.of_organization(info.context.caller, root.id, first, after)

    @strawberry.field(
        graphql_type=CountedConnection[ExtensionUser], description="The people whose browsing is recorded, by name."
    )
    async def extension_users(
        root: strawberry.Parent[OrganizationRow],
        info: Info,
        where: Annotated[
            ExtensionUserFilter | None, strawberry.argument(description="Which extension users; all, without it.")
        ] = None,
        first: First = 20,
        after: After = None,
    ) -> ConnectionRow[ExtensionUserRow]:
        conditions = (where or ExtensionUserFilter()).conditions()
        return await extension_users.of_organization(info.context.caller, root.id, conditions, first, after)

    @strawberry.field(graphql_type=ExtensionUserCounts, description="Its extension users in numbers.")
    async def extension_user_counts(root: strawberry.Parent[OrganizationRow], info: Info) -> CountsRow:
        return await extension_users.counts(info.context.caller, root.id)

    @strawberry.field(
        graphql_type=Connection[AuditEntry] | None,
        description="What was done in it, the newest first. For its admins.",
    )
    async def audit_log(
        root: strawberry.Parent[OrganizationRow], info: Info, first: First = 50, after: After = None
    ) -> ConnectionRow[AuditEntryRow]:
        return await audit.of_organization(info.context.caller, root.id, first, after)

    @strawberry.field(graphql_type=Usage | None, description="What its extension users did in a period.")
    def usage(
        root: strawberry.Parent[OrganizationRow],
        info: Info,
        period: PeriodArgument,
        where: UsageFilterArgument = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
    ) -> UsageQuestion:
        return question(info, period, where, timezone, Subject.ORGANIZATION, root.id)

    @strawberry.field(graphql_type=DeepWork | None, description="The deep work done in a period.")
    def deep_work(
        root: strawberry.Parent[OrganizationRow],
        info: Info,
        period: PeriodArgument,
        where: UsageFilterArgument = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
    ) -> DeepWorkRow:
        asked = question(info, period, where, timezone, Subject.ORGANIZATION, root.id)
        return DeepWorkRow(asked)

    @strawberry.field(
        graphql_type=UsageInsight | None, description="What the figures of a period say about how its people work."
    )
    async def insight(
        root: strawberry.Parent[OrganizationRow],
        info: Info,
        period: PeriodArgument,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
        language: LanguageArgument = Language.EN,
    ) -> InsightRow:
        asked = question(info, period, None, timezone, Subject.ORGANIZATION, root.id)
        return await insights.insight(info.context.caller, asked, root.id, language)

    @strawberry.field(
        graphql_type=CategoryRuleSet,
        description="The organization's own rules of which domains are of which category; changed by "
        "`setCategoryRules` and `deleteCategoryRules`.",
    )
    async def category_rules(
        root: strawberry.Parent[OrganizationRow],
        info: Info,
        version: Annotated[
            int | None, strawberry.argument(description="Which version; the latest, without it.")
        ] = None,
    ) -> RuleSetRow:
        return await category_rules.rule_set(info.context.caller, root.id, version)

    @strawberry.field(
        graphql_type=CategoryRulesPreview,
        description="Which domains a change of the rules would move from one category to another, and what they weigh "
        "in a period. Changes nothing. Looks at the 10,000 domains with the most events.",
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
    ) -> PreviewRow:
        changes = CategoryChanges.checked([rule.pair() for rule in rules or []], patterns or [])
        asked = question(info, period, None, timezone, Subject.ORGANIZATION, root.id)
        return await category_rules.preview(info.context.caller, asked, changes)
