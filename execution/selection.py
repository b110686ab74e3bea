"""The fields that a query selects below a field, so that only these are computed.

Fragments, aliases and `@skip`/`@include` are followed; fields of the same name are taken together.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLResolveInfo,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionNode,
)
from graphql.execution import VariableValues
from graphql.execution.values import get_directive_values

from execution.context import Info


def selected(info: Info, *path: str) -> list[FieldNode]:
    """The fields selected below the current one, at the end of `path`: `selected(info, "nodes", "measures")`."""
    raw = info._raw_info  # noqa: SLF001 - Strawberry's own way to graphql-core's
    fields: Sequence[FieldNode] = raw.field_nodes
    for name in path:
        fields = [field for field in _below(raw, fields) if field.name.value == name]
    return list(_below(raw, fields))


def selected_names(info: Info, *path: str) -> set[str]:
    """The names of those fields, `__typename` aside."""
    return {field.name.value for field in selected(info, *path)} - {"__typename"}


def variables(info: GraphQLResolveInfo[Any]) -> VariableValues:
    """The request's variables as graphql-core's functions take them: Strawberry hands on their bare values."""
    given: Any = info.variable_values
    return VariableValues({}, getattr(given, "coerced", given))


def _below(info: GraphQLResolveInfo[Any], fields: Iterable[FieldNode]) -> Iterator[FieldNode]:
    for field in fields:
        if field.selection_set is not None:
            yield from _flat(info, field.selection_set.selections)


def _flat(info: GraphQLResolveInfo[Any], selections: Iterable[SelectionNode]) -> Iterator[FieldNode]:
    for selection in selections:
        if not _included(info, selection):
            continue
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            yield from _flat(info, selection.selection_set.selections)
        elif isinstance(selection, FragmentSpreadNode):
            yield from _flat(info, info.fragments[selection.name.value].selection_set.selections)


def _included(info: GraphQLResolveInfo[Any], selection: SelectionNode) -> bool:
    skip = get_directive_values(GraphQLSkipDirective, selection, variables(info))
    include = get_directive_values(GraphQLIncludeDirective, selection, variables(info))
    return not (skip and skip["if"]) and (include is None or bool(include["if"]))
