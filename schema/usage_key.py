"""The key of a group of usage."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from core.dimensions import Dimension
from core.domain_display import domain_display
from core.sites import site_of
from db.queries.extension_users import ExtensionUserRow
from db.queries.organizations import OrganizationRow
from db.queries.teams import TeamRow
from execution.context import Info
from resolvers import category_rules, extension_users, organizations, teams
from resolvers.usage import UsageKeyRow
from schema.domain_display import DOMAIN_DISPLAY
from schema.enums import Category, EventType

if TYPE_CHECKING:
    from schema.extension_user import ExtensionUser
    from schema.organization import Organization
    from schema.team import Team


@strawberry.type(description="A group's value for each dimension it was grouped by; null for the others.")
class UsageKey:
    """Shows a resolvers.usage.UsageKeyRow."""

    @strawberry.field(description="The domain.")
    def domain(root: strawberry.Parent[UsageKeyRow]) -> str | None:
        return root.values.get(Dimension.DOMAIN)

    @strawberry.field(description=DOMAIN_DISPLAY)
    def domain_display(root: strawberry.Parent[UsageKeyRow]) -> str | None:
        domain = root.values.get(Dimension.DOMAIN)
        return None if domain is None else domain_display(domain)

    @strawberry.field(description="The site; of a group by domain the domain's.")
    def site(root: strawberry.Parent[UsageKeyRow]) -> str | None:
        site: str | None = root.values.get(Dimension.SITE)
        domain: str | None = root.values.get(Dimension.DOMAIN)
        return site_of(domain) if site is None and domain is not None else site

    @strawberry.field(
        description="The category; of a group by domain the domain's. Null where organizations whose events it may "
        "have put the domain into different ones."
    )
    async def category(root: strawberry.Parent[UsageKeyRow], info: Info) -> Category | None:
        return await category_rules.category_of_group(info.context.caller, root)

    @strawberry.field(description="The url.")
    def url(root: strawberry.Parent[UsageKeyRow]) -> str | None:
        return root.values.get(Dimension.URL)

    @strawberry.field(description="The type of event.")
    def event_type(root: strawberry.Parent[UsageKeyRow]) -> EventType | None:
        return root.values.get(Dimension.EVENT_TYPE)

    @strawberry.field(
        graphql_type=Annotated["ExtensionUser", strawberry.lazy("schema.extension_user")] | None,
        description="The person; also whose session it is.",
    )
    async def extension_user(root: strawberry.Parent[UsageKeyRow], info: Info) -> ExtensionUserRow | None:
        session = root.values.get(Dimension.SESSION)
        user_id: UUID | None = root.values.get(Dimension.EXTENSION_USER) or (session and session.user_id)
        return None if user_id is None else await extension_users.extension_user(info.context.caller, user_id)

    @strawberry.field(
        graphql_type=Annotated["Organization", strawberry.lazy("schema.organization")] | None,
        description="The organization.",
    )
    async def organization(root: strawberry.Parent[UsageKeyRow], info: Info) -> OrganizationRow | None:
        organization_id: UUID | None = root.values.get(Dimension.ORGANIZATION)
        if organization_id is None:
            return None
        return await organizations.organization(info.context.caller, organization_id)

    @strawberry.field(
        graphql_type=Annotated["Team", strawberry.lazy("schema.team")] | None,
        description="The team.",
    )
    async def team(root: strawberry.Parent[UsageKeyRow], info: Info) -> TeamRow | None:
        team_id: UUID | None = root.values.get(Dimension.TEAM)
        return None if team_id is None else await teams.team(info.context.caller, team_id)

    @strawberry.field(description="The session's id.")
    def session_id(root: strawberry.Parent[UsageKeyRow]) -> str | None:
        session = root.values.get(Dimension.SESSION)
        return None if session is None else session.session_id

    @strawberry.field(description="The hour on the clock, 0 to 23.")
    def hour_of_day(root: strawberry.Parent[UsageKeyRow]) -> int | None:
        return root.values.get(Dimension.HOUR_OF_DAY)

    @strawberry.field(description="The day of the week, 1 (Monday) to 7 (Sunday).")
    def day_of_week(root: strawberry.Parent[UsageKeyRow]) -> int | None:
        return root.values.get(Dimension.DAY_OF_WEEK)
