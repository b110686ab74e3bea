"""How much a document may have. The message says how much it has, how much it may, and what to do instead."""

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
from schema.documents.tally import Tally


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
        f"The document has {found} operations; at most {OPERATIONS} are allowed. Send only what is asked."
    )


def too_long_chain() -> GraphQLError:
    """The refusal of fragments that spread one another in too long a chain."""
    return too_complex(
        f"Fragments are spread within one another, more than {FRAGMENT_CHAIN} deep, which is the limit. Use fewer."
    )


def complaints(tally: Tally, root_fields: int, limits: DocumentLimits) -> Iterator[GraphQLError]:
    """What an operation has too much of."""
    if tally.depth > limits.depth:
        yield too_complex(
            f"Fields are nested {tally.depth} deep; at most {limits.depth} are allowed. Ask for what lies deeper by "
            "its id, in another request."
        )
    if tally.introspection_depth > INTROSPECTION_DEPTH:
        yield too_complex(
            f"The introspection is nested {tally.introspection_depth} deep; at most {INTROSPECTION_DEPTH} are allowed."
        )
    once = "fragments put in where they are spread"
    for found, allowed, what, instead in (
        (tally.aliases, limits.aliases, f"aliases, {once}", "Ask for lists instead of things one by one"),
        (root_fields, limits.root_fields, "fields of the query or mutation itself", "Ask in several requests"),
        (tally.directives, limits.directives, f"directives, {once}", "Put one on a fragment instead of its fields"),
        (tally.fields, SELECTED_FIELDS, f"fields, {once}", "Ask in several requests"),
    ):
        if found > allowed:
            yield too_complex(f"There are {_shown(found)} {what}; at most {allowed} are allowed. {instead}.")
    if tally.value_depth > VALUE_DEPTH:
        yield too_complex(f"A value is nested {tally.value_depth} deep; at most {VALUE_DEPTH} are allowed.")


def _shown(number: int) -> str:
    return str(number) if number < 10**6 else "more than a million"
