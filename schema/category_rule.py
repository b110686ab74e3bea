"""Category rules: patterns of domains, and their categories."""

from datetime import datetime
from typing import Annotated

import strawberry

from core.categories import Category as CategoryValue
from core.category_list import built_in_version
from core.limits import PAGE
from db.queries.category_rules import RulesVersionRow
from execution.context import Info
from resolvers import category_rules
from resolvers.category_rules import CategoryMoveRow, CategoryRuleSetRow, CategoryRulesPreviewRow
from resolvers.pages import check_size
from schema.domain_display import DOMAIN_DISPLAY, shown_domain
from schema.enums import Category
from schema.scalars import BigInt

FirstHundred = Annotated[int, strawberry.argument(description="The number of domains to return, at most 100.")]


@strawberry.input(description="A rule to create, or to change the category of when there is one with its pattern.")
class CategoryRuleInput:
    """A pattern and a category."""

    pattern: str = strawberry.field(
        description="The domains: `mail.google.com` just this one, `.github.com` it and everything under it, "
        "`jira.*.com` any characters without a dot in place of `*`. Without port."
    )
    category: Category = strawberry.field(description="The category of these domains.")

    def pair(self) -> tuple[str, CategoryValue]:
        """The pattern and the category, as the core takes them."""
        return (self.pattern, self.category)


@strawberry.type(description="Domains that match the pattern are of the category.")
class CategoryRule:
    """Shows a core.categories.CategoryRule."""

    pattern: str = strawberry.field(description="The domains: small letters, international names as `xn--…`.")
    category: Category = strawberry.field(description="The category of these domains.")


@strawberry.type(description="A change of an organization's rules.")
class CategoryRulesVersion:
    """Shows a RulesVersionRow."""

    version: int = strawberry.field(description="The number of the version that the change made, from 1.")
    changed_at: datetime = strawberry.field(description="The time of the change.")
    changed_by: str | None = strawberry.field(
        description="The username of whoever made the change. Null if they are no member of the organization (any "
        "more), except to super admins."
    )


@strawberry.type(
    description="An organization's own rules, in one version. They come before the built-in ones, and hold for the "
    "past as for the future."
)
class CategoryRuleSet:
    """Shows a resolvers.category_rules.CategoryRuleSetRow."""

    version: int = strawberry.field(
        description="The number of the version; 0 as long as nothing was ever changed. What changes rules takes it as "
        "`expectedVersion`."
    )
    rules: list[CategoryRule] = strawberry.field(
        description="The rules by pattern, a leading dot aside; at most 1000. Where none matches, the built-in ones "
        "decide."
    )

    @strawberry.field(description="The version of the built-in rules: the day of their last change.")
    def built_in_version(root: strawberry.Parent[CategoryRuleSetRow]) -> str:
        return built_in_version()

    @strawberry.field(
        graphql_type=list[CategoryRulesVersion],
        description="All changes of the organization's rules, the newest first.",
    )
    async def history(
        root: strawberry.Parent[CategoryRuleSetRow],
        info: Info,
        first: FirstHundred = 20,
        before: Annotated[
            int | None, strawberry.argument(description="Only versions before this one: the last of the page before.")
        ] = None,
    ) -> list[RulesVersionRow]:
        return await category_rules.history(info.context.caller, root.organization_id, first, before)


@strawberry.type(description="A domain that a change of rules moves from one category to another.")
class CategoryMove:
    """Shows a resolvers.category_rules.CategoryMoveRow."""

    domain: str = strawberry.field(description="The domain.")
    domain_display: str = strawberry.field(resolver=shown_domain, description=DOMAIN_DISPLAY)
    before: Category = strawberry.field(description="Its category by the rules as they are.")
    after: Category = strawberry.field(description="Its category by the changed rules.")
    events: BigInt = strawberry.field(description="Its events in the period.")
    tracked_seconds: float = strawberry.field(description="Its tracked time in the period, in seconds.")


@strawberry.type(description="The effect that a change of rules would have on a period.")
class CategoryRulesPreview:
    """Shows a resolvers.category_rules.CategoryRulesPreviewRow."""

    total_count: BigInt = strawberry.field(description="The number of domains that move.")

    @strawberry.field(
        graphql_type=list[CategoryMove], description="The domains that move, the one with the most tracked time first."
    )
    def moves(root: strawberry.Parent[CategoryRulesPreviewRow], first: FirstHundred = 100) -> list[CategoryMoveRow]:
        check_size("first", first, PAGE)
        return root.moves[:first]
