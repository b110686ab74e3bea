"""Counts of the parts of a document, as if its fragments were put in wherever they are spread.

Each fragment is counted once, and what it has is added wherever it is spread: the work grows with the length of the
document, not with what it stands for. (`...A ...A` in a chain of sixty fragments stands for 2^60 fields.)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
)

INTROSPECTION = frozenset({"__schema", "__type"})

Fragments: TypeAlias = Mapping[str, FragmentDefinitionNode]


@dataclass(frozen=True, slots=True)
class DocumentStats:
    """The counts of a part of a document.

    `depth` counts fields within one another, `chain` fragments within one another. Introspection is nested deeper than
    any data, so its depth is counted apart.
    """

    fields: int = 0
    aliases: int = 0
    directives: int = 0
    depth: int = 0
    introspection_depth: int = 0
    chain: int = 0
    value_depth: int = 0

    def __add__(self, other: "DocumentStats") -> "DocumentStats":
        return DocumentStats(
            self.fields + other.fields,
            self.aliases + other.aliases,
            self.directives + other.directives,
            max(self.depth, other.depth),
            max(self.introspection_depth, other.introspection_depth),
            max(self.chain, other.chain),
            max(self.value_depth, other.value_depth),
        )


class ChainTooLong(Exception):
    """Fragments are spread within one another too deeply to be followed."""


class Counter:
    """Counts the operations of a document. The spread of a fragment within itself counts as nothing."""

    def __init__(self, fragments: Fragments, longest_chain: int) -> None:
        self._fragments = fragments
        self._longest_chain = longest_chain
        self._known: dict[str, DocumentStats] = {}
        self._open: list[str] = []

    def operation(self, node: OperationDefinitionNode) -> DocumentStats:
        """The counts of an operation. ChainTooLong."""
        counted = self._selections(node.selection_set) + _directives(node.directives)
        for variable in node.variable_definitions or ():
            counted += _directives(variable.directives)
            if variable.default_value is not None:
                counted += _value(variable.default_value)
        return counted

    def _selections(self, selection_set: SelectionSetNode) -> DocumentStats:
        counted = DocumentStats()
        for selection in selection_set.selections:
            counted += self._selection(selection) + _directives(selection.directives)
        return counted

    def _selection(self, selection: SelectionNode) -> DocumentStats:
        if isinstance(selection, FieldNode):
            return self._field(selection)
        if isinstance(selection, InlineFragmentNode):
            return self._selections(selection.selection_set)
        assert isinstance(selection, FragmentSpreadNode)  # noqa: S101 - there is no fourth kind
        return self._fragment(selection.name.value)

    def _field(self, field: FieldNode) -> DocumentStats:
        below = DocumentStats() if field.selection_set is None else self._selections(field.selection_set)
        about_schema = field.name.value in INTROSPECTION
        counted = replace(
            below,
            fields=below.fields + 1,
            aliases=below.aliases + (field.alias is not None),
            depth=1 if about_schema else below.depth + 1,
            introspection_depth=below.depth if about_schema else below.introspection_depth,
        )
        for argument in field.arguments or ():
            counted += _value(argument.value)
        return counted

    def _fragment(self, name: str) -> DocumentStats:
        if name in self._known:
            return self._known[name]
        fragment = self._fragments.get(name)
        if fragment is None or name in self._open:  # validation will tell
            return DocumentStats()
        if len(self._open) >= self._longest_chain:
            raise ChainTooLong
        self._open.append(name)
        below = self._selections(fragment.selection_set) + _directives(fragment.directives)
        self._open.pop()
        counted = self._known[name] = replace(below, chain=below.chain + 1)
        if counted.chain > self._longest_chain:
            raise ChainTooLong
        return counted


def _directives(directives: Iterable[Any] | None) -> DocumentStats:
    counted = DocumentStats()
    for directive in directives or ():
        counted += DocumentStats(directives=1)
        for argument in directive.arguments or ():
            counted += _value(argument.value)
    return counted


def _value(value: ValueNode) -> DocumentStats:
    deepest = 0
    waiting = [(value, 0)]
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, ListValueNode):
            waiting += [(each, depth + 1) for each in node.values]
        elif isinstance(node, ObjectValueNode):
            waiting += [(member.value, depth + 1) for member in node.fields]
        deepest = max(deepest, depth)
    return DocumentStats(value_depth=deepest)
