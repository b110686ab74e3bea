"""Category rules of an organization: set, delete."""

from typing import Annotated

import strawberry

from core.category_changes import CategoryChanges
from core.ids import uuid_of
from core.token_scopes import TokenScope
from execution.context import Info
from execution.declarations import SIGNED_IN
from execution.token_scopes import for_tokens
from resolvers import category_rules
from resolvers.category_rules import CategoryRuleSetRow
from schema.category_rule import CategoryRuleInput, CategoryRuleSet
from schema.errors import InvalidInput, NotFound, OutdatedVersion
from schema.mutations.field import mutation


@strawberry.input(description="The organization, and the rules to create or change: all of them, or none.")
class SetCategoryRulesInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="The organization.")
    rules: list[CategoryRuleInput] = strawberry.field(description="The rules, at most 250 at once.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version that the caller knows; when it is not the latest, nothing is changed."
    )


@strawberry.type(description="The rules are set, and hold for the past, too.")
class SetCategoryRulesSuccess:
    """The outcome."""

    category_rules: CategoryRuleSetRow = strawberry.field(
        graphql_type=CategoryRuleSet, description="The organization's rules as they are now."
    )


SetCategoryRulesResult = Annotated[
    SetCategoryRulesSuccess | InvalidInput | NotFound | OutdatedVersion,
    strawberry.union("SetCategoryRulesResult", description="The result of `setCategoryRules`."),
]


@mutation(
    SetCategoryRulesResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Create or change rules of which domains are of which category. For the organization's admins.",
)
async def set_category_rules(
    info: Info,
    input: Annotated[SetCategoryRulesInput, strawberry.argument(description="The organization and the rules.")],
) -> SetCategoryRulesSuccess:
    """Resolve the field."""
    changes = CategoryChanges.checked(to_set=[rule.pair() for rule in input.rules])
    organization_id = uuid_of(input.organization_id, "Organization")
    rules = await category_rules.change(info.context.caller, organization_id, changes, input.expected_version)
    return SetCategoryRulesSuccess(category_rules=rules)


@strawberry.input(description="The organization, and which of its rules to delete: all of them, or none.")
class DeleteCategoryRulesInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="The organization.")
    patterns: list[str] = strawberry.field(description="The patterns of the rules, at most 250 at once.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version that the caller knows; when it is not the latest, nothing is changed."
    )


@strawberry.type(description="The rules are gone; for the past, too, the built-in ones decide again.")
class DeleteCategoryRulesSuccess:
    """The outcome."""

    category_rules: CategoryRuleSetRow = strawberry.field(
        graphql_type=CategoryRuleSet, description="The organization's rules as they are now."
    )


DeleteCategoryRulesResult = Annotated[
    DeleteCategoryRulesSuccess | InvalidInput | NotFound | OutdatedVersion,
    strawberry.union("DeleteCategoryRulesResult", description="The result of `deleteCategoryRules`."),
]


@mutation(
    DeleteCategoryRulesResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Delete rules of which domains are of which category. For the organization's admins.",
)
async def delete_category_rules(
    info: Info,
    input: Annotated[DeleteCategoryRulesInput, strawberry.argument(description="The organization and the patterns.")],
) -> DeleteCategoryRulesSuccess:
    """Resolve the field."""
    changes = CategoryChanges.checked(to_delete=input.patterns)
    organization_id = uuid_of(input.organization_id, "Organization")
    rules = await category_rules.change(info.context.caller, organization_id, changes, input.expected_version)
    return DeleteCategoryRulesSuccess(category_rules=rules)
