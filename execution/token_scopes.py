"""The scopes that an API token needs for an operation, found from the fields that it selects before it is run.

Two declarations decide it, and nothing else does:

- A mutation declares its scopes beside itself (`for_tokens`); one that declares none is for sign-ins alone.
- A type has a scope (`schema/token_scopes.py`), which every field of it needs. Through an organization or a person one
  gets on to other objects without it: `organization(id: …) { usage(…) { total { events } } }` needs the scope of
  measures alone.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
)

from core.token_scopes import TokenScope
from execution.declarations import MissingDeclaration, metadata_of
from execution.documents.document_stats import Fragments

TypeScopes = Mapping[str, TokenScope | None]
"""The scope of each type by its name; None: its values tell nothing of anybody."""

_SCOPE = "token-scope"
"""Where graphql-core's types keep their scope, in `extensions`."""
_SUCCESS = "Success"
_LEAD_ON = {"Organization", "ExtensionUser"}
"""Types through which one gets on to other objects without their own scope."""
_OF_NODES = ("Connection", "Edge")


def for_tokens(*scopes: TokenScope) -> dict[Any, Any]:
    """The declaration of the scopes with which an API token may ask for a mutation."""
    return {TokenScope: frozenset(scopes)}


def declare_type_scopes(schema: GraphQLSchema, scopes: TypeScopes) -> None:
    """Give every type with fields its scope. MissingDeclaration if one has none."""
    for kind in _types(schema):
        if kind not in {schema.query_type, schema.mutation_type}:
            kind.extensions[_SCOPE] = _scope_of(kind, scopes)


class ScopesOfOperation:
    """The scopes that an operation needs; computed when a token first asks for it."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Fragments) -> None:
        self._schema = schema
        self._operation = operation
        self._fragments = fragments
        self._seen: set[str] = set()

    @cached_property
    def needed(self) -> frozenset[TokenScope] | None:
        """The scopes; None if API tokens may not run the operation at all. The document must be valid."""
        root = self._schema.get_root_type(self._operation.operation)
        if root is None:
            return None
        found = frozenset(self._below(root, self._operation.selection_set))
        return None if None in found else frozenset(scope for scope in found if scope is not None)

    def _below(self, parent: GraphQLNamedType, selections: SelectionSetNode) -> Iterator[TokenScope | None]:
        """The scopes of the fields below an object; None for a mutation that is for sign-ins alone."""
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                yield from self._of_field(parent, selection)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                narrowed = parent if condition is None else self._schema.type_map[condition.name.value]
                yield from self._below(narrowed, selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self._fragments[selection.name.value]
                if selection.name.value not in self._seen:
                    self._seen.add(selection.name.value)
                    kind = self._schema.type_map[fragment.type_condition.name.value]
                    yield from self._below(kind, fragment.selection_set)

    def _of_field(self, parent: GraphQLNamedType, field: FieldNode) -> Iterator[TokenScope | None]:
        name = field.name.value
        if name.startswith("__") or not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return
        definition = parent.fields[name]
        if parent is self._schema.mutation_type:
            declared = metadata_of(definition).get(TokenScope)
            yield from declared if declared is not None else [None]
        kind = get_named_type(definition.type)
        leads_on = is_composite_type(kind)
        if leads_on and field.selection_set is not None:
            yield from self._below(kind, field.selection_set)
        scope: TokenScope | None = parent.extensions.get(_SCOPE)
        if scope is not None and not (leads_on and parent.name in _LEAD_ON):
            yield scope


def _types(schema: GraphQLSchema) -> Iterator[GraphQLObjectType | GraphQLInterfaceType]:
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not kind.name.startswith("__"):
            yield kind


def _scope_of(kind: GraphQLObjectType | GraphQLInterfaceType, scopes: TypeScopes) -> TokenScope | None:
    """The scope of a type: of pages that of their nodes, of a mutation's outcome none. MissingDeclaration."""
    name = kind.name
    if name in scopes:
        return scopes[name]
    if name.endswith(_SUCCESS) or any(interface.name == "Error" for interface in kind.interfaces):
        return None
    for ending in _OF_NODES:
        node = name.removesuffix(ending)
        if node != name and node in scopes:
            return scopes[node]
    raise MissingDeclaration(
        f"{name} has no scope: add it to `TYPE_SCOPES` in schema/token_scopes.py with the scope that an API token "
        "needs to read its values, or None if they tell nothing of anybody."
    )
