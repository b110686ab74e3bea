"""The limits of a document. Each message says how much it has, how much it may have, and what to do instead."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import GraphQLError

from core.limits import (
    FRAGMENT_CHAIN,
    INTROSPECTION_DEPTH,
    OPERATIONS,
    SELECTED_FIELDS,
    VALUE_DEPTH,
)
from execution.documents.document_stats import DocumentStats


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """The limits that an operator may tune: of a document, and of each of its operations."""

    tokens: int = 2000
    depth: int = 12
    aliases: int = 30
    root_fields: int = 10
    directives: int = 50


def too_complex(message: str) -> GraphQLError:
    """The refusal of a document that has too much of something."""
    return GraphQLError(message, extensions={"code": "QUERY_TOO_COMPLEX"})


def too_many_tokens(allowed: int) -> GraphQLError:
    """The refusal of a document that is too long."""
    return too_complex(
        f"The document has more than {allowed} tokens, which is the limit. Put values into variables, which are not "
        "counted, or ask in several requests."
    )


def too_many_operations(found: int) -> GraphQLError:
    """The refusal of a document with too many operations."""
    return too_complex(
        f"The document has {found} operations; at most {OPERATIONS} are allowed. Send only the operation to run."
    )


def too_long_chain() -> GraphQLError:
    """The refusal of fragments that spread one another in too long a chain."""
    return too_complex(
        f"Fragments are spread within one another, more than {FRAGMENT_CHAIN} deep, which is the limit. Use fewer."
    )


def complaints(stats: DocumentStats, root_fields: int, limits: DocumentLimits) -> Iterator[GraphQLError]:
    """An error for each limit that an operation exceeds."""
    if stats.depth > limits.depth:
        yield too_complex(
            f"Fields are nested {stats.depth} deep; at most {limits.depth} are allowed. Ask for what lies deeper by "
            "its id, in another request."
        )
    if stats.introspection_depth > INTROSPECTION_DEPTH:
        yield too_complex(
            f"The introspection is nested {stats.introspection_depth} deep; at most {INTROSPECTION_DEPTH} are allowed."
        )
    once = "fragments put in where they are spread"
    for found, allowed, what, instead in (
        (stats.aliases, limits.aliases, f"aliases, {once}", "Ask for lists instead of things one by one"),
        (root_fields, limits.root_fields, "fields of the query or mutation itself", "Ask in several requests"),
        (
            stats.directives,
            limits.directives,
            f"directives, {once}",
            "Put one on a fragment instead of its fields",
        ),
        (stats.fields, SELECTED_FIELDS, f"fields, {once}", "Ask in several requests"),
    ):
        if found > allowed:
            yield too_complex(f"There are {_shown(found)} {what}; at most {allowed} are allowed. {instead}.")
    if stats.value_depth > VALUE_DEPTH:
        yield too_complex(f"A value is nested {stats.value_depth} deep; at most {VALUE_DEPTH} are allowed.")


def _shown(number: int) -> str:
    return str(number) if number < 10**6 else "more than a million"
