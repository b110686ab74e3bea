"""The cost of an operation, computed before it is run: from its selections and its arguments alone.

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
from execution.declarations import Price, price_of
from execution.documents import prices
from execution.documents.arguments import RawVariables, argument, included
from execution.documents.document_stats import Fragments
from resolvers.behaviors import DEFAULT_PAGE

_META = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}
_REMEMBERED = 64
_LONGEST_KEY = 2000


@dataclass(frozen=True, slots=True)
class Cost:
    """The points of an operation, and its most expensive field: the path and the points."""

    points: int
    most_expensive: str
    most_expensive_points: int


class CostOfOperation:
    """The cost of an operation by its variables, cached by the values of those that affect it."""

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
        given = RawVariables(self._operation, variables)
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
    """A place of the walk: the number of objects at hand, and of elements in a list of a page.

    `unit_cost` is what a measure costs here, `days` what it is of.
    """

    path: str = ""
    objects: float = 1
    page: float = prices.A_LIST
    unit_cost: float = 0
    days: int = 1


@dataclass(slots=True)
class _Estimate:
    schema: GraphQLSchema
    fragments: Fragments
    given: RawVariables
    parts: dict[str, float] = field(default_factory=dict)

    def operation(self, operation: OperationDefinitionNode) -> None:
        root = self.schema.get_root_type(operation.operation)
        assert root is not None  # noqa: S101 - the document is valid
        price = prices.MUTATION if operation.operation is OperationType.MUTATION else 0
        for parent, nodes in self._fields(root, [operation.selection_set]):
            self._charge(_Place(path=_key(nodes[0])), price)
            self._field(parent, nodes, _Place())

    def cost(self) -> Cost:
        """The sum, at least one point."""
        most_expensive = max(self.parts, key=lambda path: self.parts[path], default="")
        return Cost(max(1, ceil(sum(self.parts.values()))), most_expensive, ceil(self.parts.get(most_expensive, 0)))

    def _charge(self, place: _Place, points: float) -> None:
        self.parts[place.path] = self.parts.get(place.path, 0) + points

    def _field(self, parent: GraphQLNamedType, nodes: list[FieldNode], place: _Place) -> None:
        node = nodes[0]
        definition = _definition(parent, node.name.value)
        if definition is None:  # `__typename`
            return
        self._read(price_of(definition), node, place)
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

    def _read(self, price: Price, node: FieldNode, place: _Place) -> None:
        """Charge what a field's input asks for, and the measures it reads at a place whose measures have a price."""
        if price.by_input is not None:
            self._charge(replace(place, path=_key(node)), price.by_input(self._argument(node, "input")))
        if price.measures and price.day is None:
            at = place if price.of_parent else replace(place, path=f"{place.path}.{_key(node)}")
            self._charge(at, place.unit_cost * price.measures * (prices.EVENTS if price.from_events else 1))

    def _below(self, parent: str, node: FieldNode, definition: GraphQLField, place: _Place) -> _Place:
        """The place below a field."""
        price = price_of(definition)
        place = replace(place, path=f"{place.path}.{_key(node)}".lstrip("."))
        if price.day is not None:
            place = self._asking(price, price.day, node, place)
        elif price.split_by is not None:
            place = self._grouped(price.split_by, node, place)
        elif "every" in definition.args and self._argument(node, "every", definition) == "QUARTER_HOUR":
            place = replace(place, unit_cost=place.unit_cost * prices.EVENTS)
        size = self._size(parent, node, definition, place)
        if is_list_type(get_nullable_type(definition.type)) or (parent, node.name.value) == ("__Type", "ofType"):
            return replace(place, objects=place.objects * size)
        return replace(place, page=size)

    def _asking(self, price: Price, day: float, node: FieldNode, place: _Place) -> _Place:
        """The place below a field that takes a period: every measure reads that many days of each subject."""
        number = prices.days(self._argument(node, "period"))
        unit_cost = place.objects * number * day
        if price.from_events or prices.looks_at_events(self._argument(node, "where")):
            unit_cost *= prices.EVENTS
        self._charge(place, price.measures * unit_cost)
        return replace(place, unit_cost=unit_cost, days=number)

    def _grouped(self, split_by: str, node: FieldNode, place: _Place) -> _Place:
        return replace(place, unit_cost=place.unit_cost * prices.split_factor(self._argument(node, split_by)))

    def _size(self, parent: str, node: FieldNode, definition: GraphQLField, place: _Place) -> float:
        """The largest number of elements of a field that is a list, or a page of one."""
        name = node.name.value
        if parent.startswith("__"):
            return _introspected(self.schema).get(f"{parent}.{name}", prices.A_LIST)
        if "first" in definition.args:
            sizes = [self._argument(node, each, definition) for each in ("first", "last") if each in definition.args]
            asked = [size for size in sizes if isinstance(size, int)]
            return min(max(0, *asked, 0) if asked else DEFAULT_PAGE, BEHAVIORS_PAGE)  # longer ones are refused
        if price_of(definition).each_day:
            return place.days + 1
        if "every" in definition.args:
            return prices.buckets(self._argument(node, "every", definition), place.days)
        return place.page if name in {"nodes", "edges"} else prices.A_LIST

    def _argument(self, node: FieldNode, name: str, definition: GraphQLField | None = None) -> Any:
        return argument(node, name, self.given, definition)

    def _fields(
        self, parent: GraphQLNamedType, sets: Iterable[SelectionSetNode]
    ) -> Iterable[tuple[GraphQLNamedType, list[FieldNode]]]:
        """The selected fields, those with the same response key taken together, each with its parent type."""
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
