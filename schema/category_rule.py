"""Rules of which domains are of which category."""

from datetime import datetime
from typing import Annotated

import strawberry

from core.categories import Category as CategoryValue
from core.category_list import built_in_version
from core.limits import PAGE
from db.queries.category_rule import RulesVersionRow
from resolvers import category_rule as category_rules
from resolvers.category_rule import CategoryMove as MoveRow
from resolvers.category_rule import CategoryRuleSet as RuleSetRow
from resolvers.category_rule import CategoryRulesPreview as PreviewRow
from resolvers.pages import check_size
from schema.context import Info
from schema.enums import Category
from schema.scalars import BigInt

FirstHundred = Annotated[int, strawberry.argument(description="How many to return, at most 100.")]


@strawberry.input(description="A rule to create, or to change the category of when there is one with its pattern.")
class CategoryRuleInput:
    """A pattern and a category."""

    pattern: str = strawberry.field(
        description="Which domains: `mail.google.com` just this one, `.github.com` it and everything under it, "
        "`jira.*.com` any characters without a dot in place of `*`. Without port."
    )
    category: Category = strawberry.field(description="Of which category they are.")

    def pair(self) -> tuple[str, CategoryValue]:
        """The same for the core."""
        return (self.pattern, self.category)


@strawberry.type(description="Domains that match the pattern are of the category.")
class CategoryRule:
    """Shows a core.categories.CategoryRule."""

    pattern: str = strawberry.field(description="Which domains: small letters, international names as `xn--…`.")
    category: Category = strawberry.field(description="Of which category they are.")


@strawberry.type(description="A change of an organization's rules.")
class CategoryRulesVersion:
    """Shows a RulesVersionRow."""

    version: int = strawberry.field(description="The number of the version that the change made, from 1.")
    changed_at: datetime = strawberry.field(description="When.")
    changed_by: str | None = strawberry.field(
        description="By whom: their username. Null for who is no member of the organization (any more), except to "
        "super admins."
    )


@strawberry.type(
    description="An organization's own rules, in one version. They come before the built-in ones, and hold for the "
    "past as for the future."
)
class CategoryRuleSet:
    """Shows a resolvers.category_rule.CategoryRuleSet."""

    version: int = strawberry.field(
        description="The number of the version; 0 as long as nothing was ever changed. What changes rules takes it as "
        "`expectedVersion`."
    )
    rules: list[CategoryRule] = strawberry.field(
        description="The rules by pattern, a leading dot aside; at most 1000. Where none matches, the built-in ones "
        "decide."
    )

    @strawberry.field(description="The version of the built-in rules: the day of their last change.")
    def built_in_version(root: strawberry.Parent[RuleSetRow]) -> str:
        return built_in_version()

    @strawberry.field(
        graphql_type=list[CategoryRulesVersion],
        description="All changes of the organization's rules, the newest first.",
    )
    async def history(
        root: strawberry.Parent[RuleSetRow],
        info: Info,
        first: FirstHundred = 20,
        before: Annotated[
            int | None, strawberry.argument(description="Only versions before this one: the last of the page before.")
        ] = None,
    ) -> list[RulesVersionRow]:
        return await category_rules.history(info.context.caller, root.organization_id, first, before)


@strawberry.type(description="A domain that a change of rules moves from one category to another.")
class CategoryMove:
    """Shows a resolvers.category_rule.CategoryMove."""

    domain: str = strawberry.field(description="The domain.")
    before: Category = strawberry.field(description="Its category by the rules as they are.")
    after: Category = strawberry.field(description="Its category by the changed rules.")
    events: BigInt = strawberry.field(description="Its events in the period.")
    tracked_seconds: float = strawberry.field(description="Its tracked time in the period, in seconds.")


@strawberry.type(description="What a change of rules would do to a period.")
class CategoryRulesPreview:
    """Shows a resolvers.category_rule.CategoryRulesPreview."""

    total_count: BigInt = strawberry.field(description="How many domains move.")

    @strawberry.field(
        graphql_type=list[CategoryMove], description="The domains that move, the one with the most tracked time first."
    )
    def moves(root: strawberry.Parent[PreviewRow], first: FirstHundred = 100) -> list[MoveRow]:
        check_size("first", first, PAGE)
        return root.moves[:first]
