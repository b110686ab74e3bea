"""What running an operation will cost, found before it is run: from what it selects and from its arguments alone.

The operation is walked as it will be executed: fragments put in, fields of one name taken together, `@skip` and
`@include` followed. How many fields that can be is limited (limits.py), and so is the work of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import ceil
from typing import Any

import orjson
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SchemaMetaFieldDef,
    SelectionSetNode,
    TypeMetaFieldDef,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from core.limits import BEHAVIORS_PAGE
from resolvers.behavior import DEFAULT_PAGE
from schema.documents import prices
from schema.documents.arguments import Given, argument, included
from schema.documents.tally import Fragments

_META = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}
_REMEMBERED = 64
_LONGEST_KEY = 2000


@dataclass(frozen=True, slots=True)
class Cost:
    """Points, and what most of them are for: the path of a field and its points."""

    points: int
    dearest: str
    dearest_points: int


class CostOfOperation:
    """The cost of an operation by its variables. It is remembered by the values of those that make a difference."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Fragments) -> None:
        self._schema = schema
        self._operation = operation
        self._fragments = fragments
        self._variables: tuple[str, ...] = ()
        self._known: dict[bytes, Cost] = {}

    def of(self, variables: Mapping[str, Any]) -> Cost:
        """The cost of a request with these variables, not coerced yet."""
        known = self._known.get(self._key(variables))
        if known is not None:
            return known
        given = Given(self._operation, variables)
        estimate = _Estimate(self._schema, self._fragments, given)
        estimate.operation(self._operation)
        cost = estimate.cost()
        if not given.asked_for <= set(self._variables):
            self._variables = tuple(sorted(given.asked_for.union(self._variables)))
            self._known.clear()
        key = self._key(variables)
        if len(key) <= _LONGEST_KEY:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = cost
        return cost

    def _key(self, variables: Mapping[str, Any]) -> bytes:
        # One that was left out is not one that is null.
        return orjson.dumps([[variables[name]] if name in variables else [] for name in self._variables])


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk is: how many objects there are of the kind at hand, and how many elements a list of them has.

    `reading` is what a measure costs here, `days` what it is of.
    """

    path: str = ""
    objects: float = 1
    page: float = prices.A_LIST
    reading: float = 0
    days: int = 1


@dataclass(slots=True)
class _Estimate:
    schema: GraphQLSchema
    fragments: Fragments
    given: Given
    parts: dict[str, float] = field(default_factory=dict)

    def operation(self, operation: OperationDefinitionNode) -> None:
        root = self.schema.get_root_type(operation.operation)
        assert root is not None  # noqa: S101 - the document is valid
        price = prices.MUTATION if operation.operation is OperationType.MUTATION else 0
        for parent, nodes in self._fields(root, [operation.selection_set]):
            self._charge(_Place(path=_key(nodes[0])), price)
            self._field(parent, nodes, _Place())

    def cost(self) -> Cost:
        """What it comes to; nothing is for nothing."""
        dearest = max(self.parts, key=lambda path: self.parts[path], default="")
        return Cost(max(1, ceil(sum(self.parts.values()))), dearest, ceil(self.parts.get(dearest, 0)))

    def _charge(self, place: _Place, points: float) -> None:
        self.parts[place.path] = self.parts.get(place.path, 0) + points

    def _field(self, parent: GraphQLNamedType, nodes: list[FieldNode], place: _Place) -> None:
        node = nodes[0]
        definition = _definition(parent, node.name.value)
        if definition is None:  # `__typename`
            return
        self._read(parent.name, node, place)
        below = self._below(parent.name, node, definition, place)
        named = get_named_type(definition.type)
        price = prices.INTROSPECTED if named.name.startswith("__") or parent.name.startswith("__") else 1
        if not is_composite_type(named):
            self._charge(place, below.objects * prices.PLAIN_VALUE * price)
            return
        self._charge(below, below.objects * price)
        sets = [each.selection_set for each in nodes if each.selection_set is not None]
        for inner_parent, inner in self._fields(named, sets):
            self._field(inner_parent, inner, below)

    def _read(self, parent: str, node: FieldNode, place: _Place) -> None:
        """Charge what the database has to do for a field, at a place whose measures have a price."""
        match parent, node.name.value:
            case "UsageMeasures", measure:
                self._charge(place, place.reading * (prices.EVENTS if measure == "uniqueUrls" else 1))
            case ("UsageGroup", "share") | ("DeepWork", _) | ("DeepWorkBlock", "domains") | ("Usage", "groups"):
                self._charge(replace(place, path=f"{place.path}.{_key(node)}"), place.reading)

    def _below(self, parent: str, node: FieldNode, definition: GraphQLField, place: _Place) -> _Place:
        """The place below a field."""
        name = node.name.value
        place = replace(place, path=f"{place.path}.{_key(node)}".lstrip("."))
        if "period" in definition.args and parent in prices.SUBJECTS:
            place = self._asking(parent, node, place)
        elif (parent, name) == ("Usage", "groups"):
            place = self._grouped(node, place)
        elif name == "series" and self._argument(node, "every", definition) == "QUARTER_HOUR":
            place = replace(place, reading=place.reading * prices.EVENTS)
        size = self._size(parent, node, definition, place)
        if is_list_type(get_nullable_type(definition.type)) or (parent, name) == ("__Type", "ofType"):
            return replace(place, objects=place.objects * size)
        return replace(place, page=size)

    def _asking(self, parent: str, node: FieldNode, place: _Place) -> _Place:
        """The place below a field that asks for figures: every measure reads so many days of each subject."""
        name = node.name.value
        number = prices.days(self._argument(node, "period"))
        reading = place.objects * number * prices.SUBJECTS[parent]
        if prices.looks_at_events(self._argument(node, "where")) or name in {"sessions", "categoryRulesPreview"}:
            reading *= prices.EVENTS
        price = {"insight": prices.INSIGHT, "categoryRulesPreview": prices.PREVIEW, "sessions": 1}.get(name, 0)
        self._charge(place, price * reading)
        return replace(place, reading=reading, days=number)

    def _grouped(self, node: FieldNode, place: _Place) -> _Place:
        by = self._argument(node, "by")
        dimensions = set(map(str, by if isinstance(by, list) else [by]))
        factor = len(dimensions) * (1 if dimensions.isdisjoint(prices.READ_FROM_EVENTS) else prices.EVENTS)
        return replace(place, reading=place.reading * factor)

    def _size(self, parent: str, node: FieldNode, definition: GraphQLField, place: _Place) -> float:
        """How many elements the list may have that a field is, or is a page of."""
        name = node.name.value
        if parent.startswith("__"):
            return _introspected(self.schema).get(f"{parent}.{name}", prices.A_LIST)
        if "first" in definition.args:
            sizes = [self._argument(node, each, definition) for each in ("first", "last") if each in definition.args]
            asked = [size for size in sizes if isinstance(size, int)]
            return min(max(0, *asked, 0) if asked else DEFAULT_PAGE, BEHAVIORS_PAGE)  # longer ones are refused
        if name == "series":
            return prices.buckets(self._argument(node, "every", definition), place.days)
        return place.page if name in {"nodes", "edges"} else prices.A_LIST

    def _argument(self, node: FieldNode, name: str, definition: GraphQLField | None = None) -> Any:
        return argument(node, name, self.given, definition)

    def _fields(
        self, parent: GraphQLNamedType, sets: Iterable[SelectionSetNode]
    ) -> Iterable[tuple[GraphQLNamedType, list[FieldNode]]]:
        """The fields selected, those with one key taken together, and the type each is of."""
        found: dict[tuple[str, str], tuple[GraphQLNamedType, list[FieldNode]]] = {}
        seen: set[str] = set()
        waiting: list[tuple[GraphQLNamedType, Any]] = [(parent, each) for each in sets]
        while waiting:
            type_, selection_set = waiting.pop()
            for selection in selection_set.selections:
                if not included(selection, self.given):
                    continue
                if isinstance(selection, FieldNode):
                    found.setdefault((type_.name, _key(selection)), (type_, []))[1].append(selection)
                elif isinstance(selection, InlineFragmentNode):
                    waiting.append((self._conditioned(type_, selection), selection.selection_set))
                elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                    seen.add(selection.name.value)
                    fragment = self.fragments[selection.name.value]
                    waiting.append((self._conditioned(type_, fragment), fragment.selection_set))
        return found.values()

    def _conditioned(self, parent: GraphQLNamedType, node: Any) -> GraphQLNamedType:
        condition = node.type_condition
        return parent if condition is None else self.schema.type_map[condition.name.value]


@lru_cache(maxsize=1)
def _introspected(schema: GraphQLSchema) -> Mapping[str, float]:
    return prices.introspected(schema)


def _definition(parent: GraphQLNamedType, name: str) -> GraphQLField | None:
    return _META.get(name) or getattr(parent, "fields", {}).get(name)


def _key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value
