"""Validation of a document against the schema: graphql-core's rules, with bounds on their work.

Two of them can be made to work for seconds by a document of a few kilobytes: fields of the same name are compared with
one another, each with each; and every error may come with a guess at what was meant, for which all names are compared.
"""

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule

from execution.documents.limits import too_complex

ERRORS = 10
COMPARISONS = 5000
"""In graphql-core's units, of which a pair of fields takes one or two. Queries that no machine has made take none."""

_OUT_OF_COMPARISONS = "Validation aborted."


class _BoundedOverlaps(OverlappingFieldsCanBeMergedRule):
    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = COMPARISONS


def _bounded(rule: type[ASTValidationRule]) -> type[ASTValidationRule]:
    return _BoundedOverlaps if rule is OverlappingFieldsCanBeMergedRule else rule


# Strawberry's rule of `@oneOf` is left out: graphql-core's ValuesOfCorrectTypeRule has it, and knows fragments.
RULES = (*map(_bounded, specified_rules), MaybeNullValidationRule)


def violations(schema: GraphQLSchema, document: DocumentNode, *, suggest: bool) -> list[GraphQLError]:
    """The first few violations of the schema. With `suggest`, errors suggest similar names."""
    found = validate(schema, document, RULES, max_errors=ERRORS, hide_suggestions=not suggest)
    return [_told(error) for error in found]


def _told(error: GraphQLError) -> GraphQLError:
    if error.message != _OUT_OF_COMPARISONS:
        return error
    return too_complex(
        "The same fields are selected too often to be compared with one another, or fragments too deep within one "
        "another to be followed. Select each field once."
    )
