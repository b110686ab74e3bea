"""Random queries that fit a schema: aliases, fragments, directives, fields asked for twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_leaf_type,
)

Arguments = Callable[[str, GraphQLField], str | None]
"""The arguments to ask a field with, as text; None where it is not to be asked."""

_DIRECTIVES = (
    "",
    "",
    "",
    "",
    "",
    "",
    " @include(if: true)",
    " @skip(if: $no)",
    " @include(if: $no)",
    " @skip(if: true)",
)


def without_arguments(_name: str, field: GraphQLField) -> str | None:
    """Arguments for a schema whose fields need none."""
    return "" if not field.args else "(times: 2)"


@dataclass
class QueryMaker:
    """Makes queries for `schema`, their selections nested at most `depth` deep. Each has a variable, $no."""

    schema: GraphQLSchema
    rng: Random
    depth: int = 5
    arguments: Arguments = without_arguments
    _fragments: list[str] = field(default_factory=list)

    def query(self) -> str:
        """A query."""
        assert self.schema.query_type
        selection = self._selection(self.schema.query_type, self.depth)
        root = self.schema.query_type.name
        query = f"query Random($no: Boolean = false) {{ __typename @include(if: $no) ...on {root} {selection} }}"
        return "\n".join([query, *self._fragments])

    def _selection(self, kind: GraphQLNamedType, depth: int) -> str:
        parts = [self._part(kind, depth) for _ in range(self.rng.randint(1, 6))]
        found = [part for part in parts if part]
        return "{ " + " ".join(found or ["__typename"]) + " }"

    def _part(self, kind: GraphQLNamedType, depth: int) -> str:
        chance = self.rng.random()
        if chance < 0.08:
            return "__typename"
        if chance < 0.2 and depth > 1:
            return self._fragment(kind, depth - 1)
        return (
            self._field(kind, depth)
            if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
            else self._fragment(kind, depth)
        )

    def _field(self, kind: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        possible = {
            name: field
            for name, field in kind.fields.items()
            if (depth > 1 or is_leaf_type(get_named_type(field.type))) and self.arguments(name, field) is not None
        }
        if not possible:
            return ""
        name, chosen = self.rng.choice(list(possible.items()))
        inner = get_named_type(chosen.type)
        # The alias tells one type's field from another's, whose answers might not merge.
        alias = f"{kind.name}_{name}: " if self.rng.random() < 0.3 or kind is not self.schema.query_type else ""
        below = f" {self._selection(inner, depth - 1)}" if is_composite_type(inner) else ""
        return f"{alias}{name}{self.arguments(name, chosen)}{self.rng.choice(_DIRECTIVES)}{below}"

    def _fragment(self, kind: GraphQLNamedType, depth: int) -> str:
        on = self.rng.choice(self._possible(kind))
        selection, directive = self._selection(on, depth), self.rng.choice(_DIRECTIVES)
        if self.rng.random() < 0.5:
            return f"... on {on.name}{directive} {selection}"
        name = f"Part{len(self._fragments)}"
        self._fragments.append(f"fragment {name} on {on.name} {selection}")
        return f"...{name}{directive}"

    def _possible(self, kind: GraphQLNamedType) -> Sequence[GraphQLNamedType]:
        if is_abstract_type(kind):
            return self.schema.get_possible_types(kind)
        return [kind, *getattr(kind, "interfaces", ())]
