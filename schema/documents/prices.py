"""What things cost, in points. docs/graphql.md says it in clients' words, and ADR 11 why.

A point is one object of the answer, or ten plain values: about 20 µs of the process that answers. A figure takes the
database time, in proportion to the days it is of, and to how many people they are days of, which nobody knows before
looking. The figures of `make bench` put a measure of a person's day at about a tenth of a point.
"""

from collections.abc import Mapping
from datetime import timedelta
from math import ceil
from types import MappingProxyType
from typing import Any

from graphql import GraphQLError, GraphQLNamedType, GraphQLObjectType, GraphQLSchema, is_input_object_type

from core.clock import now
from core.errors import AppError
from core.limits import BUCKETS, PERIOD_DAYS
from core.periods import PRESETS, PeriodPreset
from schema.scalars import parse_duration, parse_instant

SUBJECTS: Mapping[str, float] = MappingProxyType({"ExtensionUser": 0.1, "Organization": 0.5, "Query": 1.0})
"""A measure of one day: of a person, an organization, everybody; by the type whose field asks for it."""
EVENTS = 5
"""How many times as much where single events must be read, since no rollup tells urls, types or sessions apart."""
INSIGHT = 22
"""How many measures an insight is made of."""
PREVIEW = 2
"""How many measures a preview of rules is made of."""
MUTATION = 10
A_LIST = 5
"""How long a list is taken to be that has no length of its own to go by."""
PLAIN_VALUE = 0.1
INTROSPECTED = 1.5
"""How many times as much what is said about the schema costs: it is looked up one by one."""
INTROSPECTED_WRAPPERS = 0.5
"""How many types have an `ofType`."""

READ_FROM_EVENTS = frozenset({"URL", "EVENT_TYPE", "SESSION"})
"""Dimensions that only single events have."""
_FILTERS_ON_EVENTS = frozenset({"url", "eventTypes", "sessionIds"})
_NESTED_FILTERS = ("allOf", "anyOf", "not")
_PER_DAY = {
    "QUARTER_HOUR": 96.0,
    "HOUR": 24.0,
    "DAY": 1.0,
    "WEEK": 1 / 7,
    "MONTH": 1 / 28,
    "QUARTER": 1 / 90,
    "YEAR": 1 / 365,
}


def days(period: Any) -> int:
    """How many days a `Period` touches, at least one, at most what a period may have."""
    try:
        found = ceil(_length(period) / timedelta(days=1))
    except (GraphQLError, AppError, LookupError, TypeError, ValueError, OverflowError, AttributeError):
        return 1  # it will be refused
    return min(max(found, 1), PERIOD_DAYS)


def _length(period: Any) -> timedelta:
    if preset := period.get("preset"):
        first, after_last = PRESETS[PeriodPreset[preset]].days(now().date())
        return after_last - first
    if duration := period.get("last"):
        return parse_duration(duration)
    return parse_instant(period["between"]["end"]) - parse_instant(period["between"]["start"])


def buckets(every: Any, number_of_days: int) -> int:
    """How many buckets a series may have; one more than its marks, since a period need not begin at one."""
    return min(ceil(number_of_days * _PER_DAY.get(str(every), 1.0)) + 1, BUCKETS)


def looks_at_events(where: Any) -> bool:
    """Whether a filter tells events apart that rollups do not."""
    waiting = [where]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            if any(each.get(name) is not None for name in _FILTERS_ON_EVENTS):
                return True
            waiting += [each[name] for name in _NESTED_FILTERS if name in each]
    return False


def introspected(schema: GraphQLSchema) -> dict[str, float]:
    """How long the lists of the schema's own types are, on average; by `Type.field`."""
    types: list[GraphQLNamedType] = list(schema.type_map.values())
    fields = [field for each in types if isinstance(each, GraphQLObjectType) for field in each.fields.values()]
    inputs = sum(len(each.fields) for each in types if is_input_object_type(each))
    values = sum(len(getattr(each, "values", ())) for each in types)
    return {
        "__Schema.types": len(types),
        "__Schema.directives": len(schema.directives),
        "__Type.fields": len(fields) / len(types),
        "__Type.inputFields": inputs / len(types),
        "__Type.enumValues": values / len(types),
        "__Type.possibleTypes": 1,
        "__Type.interfaces": 1,
        "__Type.ofType": INTROSPECTED_WRAPPERS,
        "__Field.args": sum(len(field.args) for field in fields) / len(fields),
        "__Directive.args": 1,
    }
