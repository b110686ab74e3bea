"""Organizations."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry

from db.queries.audit_entry import AuditEntryRow
from db.queries.extension_user import ExtensionUserCounts as CountsRow
from db.queries.extension_user import ExtensionUserRow
from db.queries.membership import MembershipRow
from db.queries.organization import OrganizationRow
from db.queries.people import Subject
from resolvers import audit
from resolvers import deep_work as deep_works
from resolvers import extension_user as extension_users
from resolvers import membership as memberships
from resolvers.deep_work import DeepWork as DeepWorkRow
from resolvers.pages import Connection as ConnectionRow
from resolvers.usage import Usage as UsageQuestion
from schema.audit_entry import AuditEntry
from schema.connection import After, Connection, CountedConnection, First
from schema.context import Info
from schema.deep_work import DeepWork
from schema.enums import Role
from schema.extension_user import ExtensionUser
from schema.filters import ExtensionUserFilter
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
    async def deep_work(
        root: strawberry.Parent[OrganizationRow],
        info: Info,
        period: PeriodArgument,
        where: UsageFilterArgument = None,
        timezone: TimeZoneArgument = ZoneInfo("UTC"),  # noqa: B008 - immutable
    ) -> DeepWorkRow:
        asked = question(info, period, where, timezone, Subject.ORGANIZATION, root.id)
        return await deep_works.deep_work(info.context.caller, asked)
