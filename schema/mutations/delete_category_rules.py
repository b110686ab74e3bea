"""deleteCategoryRules: delete rules of which domains are of which category. For the organization's admins."""

from typing import Annotated

import strawberry

from core.category_changes import CategoryChanges
from core.ids import uuid_of
from resolvers import category_rule as category_rules
from resolvers.category_rule import CategoryRuleSet as RuleSetRow
from schema.category_rule import CategoryRuleSet
from schema.context import Info
from schema.errors import InvalidInput, NotFound, OutdatedVersion


@strawberry.input(description="The organization, and which of its rules to delete: all of them, or none.")
class DeleteCategoryRulesInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="Which organization.")
    patterns: list[str] = strawberry.field(description="The patterns of the rules, at most 250 at once.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version that the caller knows; when it is not the latest, nothing is changed."
    )


@strawberry.type(description="The rules are gone; for the past, too, the built-in ones decide again.")
class DeleteCategoryRulesSuccess:
    """The outcome."""

    category_rules: RuleSetRow = strawberry.field(
        graphql_type=CategoryRuleSet, description="The organization's rules as they are now."
    )


DeleteCategoryRulesResult = Annotated[
    DeleteCategoryRulesSuccess | InvalidInput | NotFound | OutdatedVersion,
    strawberry.union("DeleteCategoryRulesResult", description="What `deleteCategoryRules` answers."),
]


async def delete_category_rules(
    info: Info,
    input: Annotated[DeleteCategoryRulesInput, strawberry.argument(description="The organization and the patterns.")],
) -> DeleteCategoryRulesSuccess:
    """Resolve the field."""
    changes = CategoryChanges.checked(to_delete=input.patterns)
    organization_id = uuid_of(input.organization_id, "Organization")
    rules = await category_rules.change(info.context.caller, organization_id, changes, input.expected_version)
    return DeleteCategoryRulesSuccess(category_rules=rules)
