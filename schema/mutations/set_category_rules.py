"""setCategoryRules: create or change rules of which domains are of which category. For the organization's admins."""

from typing import Annotated

import strawberry

from core.category_changes import CategoryChanges
from core.ids import uuid_of
from resolvers import category_rule as category_rules
from resolvers.category_rule import CategoryRuleSet as RuleSetRow
from schema.category_rule import CategoryRuleInput, CategoryRuleSet
from schema.context import Info
from schema.errors import InvalidInput, NotFound, OutdatedVersion


@strawberry.input(description="The organization, and the rules to create or change: all of them, or none.")
class SetCategoryRulesInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="Which organization.")
    rules: list[CategoryRuleInput] = strawberry.field(description="The rules, at most 250 at once.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version that the caller knows; when it is not the latest, nothing is changed."
    )


@strawberry.type(description="The rules are set, and hold for the past, too.")
class SetCategoryRulesSuccess:
    """The outcome."""

    category_rules: RuleSetRow = strawberry.field(
        graphql_type=CategoryRuleSet, description="The organization's rules as they are now."
    )


SetCategoryRulesResult = Annotated[
    SetCategoryRulesSuccess | InvalidInput | NotFound | OutdatedVersion,
    strawberry.union("SetCategoryRulesResult", description="What `setCategoryRules` answers."),
]


async def set_category_rules(
    info: Info,
    input: Annotated[SetCategoryRulesInput, strawberry.argument(description="The organization and the rules.")],
) -> SetCategoryRulesSuccess:
    """Resolve the field."""
    changes = CategoryChanges.checked(to_set=[rule.pair() for rule in input.rules])
    organization_id = uuid_of(input.organization_id, "Organization")
    rules = await category_rules.change(info.context.caller, organization_id, changes, input.expected_version)
    return SetCategoryRulesSuccess(category_rules=rules)
