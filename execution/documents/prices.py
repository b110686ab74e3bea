"""The arithmetic of prices, in points. docs/graphql.md explains prices to clients, and ADR 11 the reasons.

What a field costs beyond its answer is declared with it (execution/declarations.py).

A point is one object of the answer, or ten plain values: about 20 µs of the process that answers. A measure takes
database time in proportion to its days and its people; the number of people is not known before the query is run. By
the figures of `make bench` a measure of a person's day is about a tenth of a point.
"""

from datetime import timedelta
from math import ceil
from typing import Any

from graphql import GraphQLError, GraphQLNamedType, GraphQLObjectType, GraphQLSchema, is_input_object_type

from core.alerts.schedule import PREVIEW_DAYS, PREVIEW_SERIES
from core.clock import now
from core.errors import AppError
from core.limits import BUCKETS, PERIOD_DAYS, USAGE_EXPORT_PAGE
from core.periods import PRESETS, PeriodPreset
from core.weeks import WeekStart
from db.metrics.measure import Reads
from db.metrics.measures import BY_NAME
from execution.declarations import EVERYBODY_DAY, ORGANIZATION_DAY, PERSON_DAY
from execution.scalar_formats import parse_duration, parse_instant

EVENTS = 5
"""The factor for reading single events, since no rollup tells urls, types or sessions apart."""
MUTATION = 10
A_LIST = 5
"""The assumed length of a list whose length no argument limits."""
PLAIN_VALUE = 0.1
INTROSPECTED = 0.85
"""The factor for introspection. The standard one took 0.14 s of the process, 7,000 points, for 505 kB."""
INTROSPECTED_WRAPPERS = 0.5
"""The part of types that have an `ofType`."""

CHARACTERS_A_POINT = 100
"""The number of characters of a document that are parsed for a point."""
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
    """The number of days that a `Period` touches: at least one, at most PERIOD_DAYS."""
    try:
        found = ceil(_length(period) / timedelta(days=1))
    except (GraphQLError, AppError, LookupError, TypeError, ValueError, OverflowError, AttributeError):
        return 1  # it will be refused
    return min(max(found, 1), PERIOD_DAYS)


def _length(period: Any) -> timedelta:
    if preset := period.get("preset"):
        first, after_last = PRESETS[PeriodPreset[preset]].days(
            now().date(), WeekStart.MONDAY
        )  # as long whatever weeks begin on
        return after_last - first
    if duration := period.get("last"):
        return parse_duration(duration)
    return parse_instant(period["between"]["end"]) - parse_instant(period["between"]["start"])


def buckets(every: Any, number_of_days: int) -> int:
    """The number of buckets a series may have: one more than its boundaries, since a period need not begin at one."""
    return min(ceil(number_of_days * _PER_DAY.get(str(every), 1.0)) + 1, BUCKETS)


def looks_at_events(where: Any) -> bool:
    """True if a filter has conditions that rollups cannot answer, so that single events are read."""
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


def split_factor(by: Any) -> int:
    """The factor for measures that are split by these dimensions."""
    dimensions = set(map(str, by if isinstance(by, list) else [by]))
    return len(dimensions) * (1 if dimensions.isdisjoint(READ_FROM_EVENTS) else EVENTS)


def usage_export_points(wanted: Any) -> float:
    """The points of `exportUsage`: those of the question in its input, and of the rows that a statement reads."""
    given = _members(wanted)
    subject, rows = _members(given.get("subject")), _members(given.get("rows"))
    series, groups = _members(rows.get("series")), _members(rows.get("groups"))
    number = days(given.get("period"))
    day = PERSON_DAY if "extensionUserId" in subject else ORGANIZATION_DAY if subject else EVERYBODY_DAY
    unit_cost = day * number * (EVENTS if looks_at_events(given.get("where")) else 1)
    names = given.get("measures")
    measures = [BY_NAME.get(str(name).lower()) for name in (names if isinstance(names, list) else [names])]
    weight = sum(EVENTS if each is not None and each.reads is Reads.EVENTS else 1 for each in measures)
    if series:
        every = series.get("every")
        factor, count, extra = (EVENTS if every == "QUARTER_HOUR" else 1), buckets(every, number), 0.0
    else:
        factor, count, extra = split_factor(groups.get("by")), USAGE_EXPORT_PAGE, unit_cost  # as `groups` itself costs
    return unit_cost * factor * weight + extra + count * (1 + PLAIN_VALUE * len(measures))


def new_people_points(wanted: Any) -> float:
    """The points of `createExtensionUsers`: those of an object for each person, written and answered."""
    people = _members(wanted).get("people")
    return float(len(people)) if isinstance(people, list) else 1.0


def alert_preview_points(_wanted: Any) -> float:
    """The points of `alertRulePreview`: a measure of every day of an organization in each of its series, and before."""
    return 2.0 * PREVIEW_SERIES * PREVIEW_DAYS * ORGANIZATION_DAY


def team_people_points(wanted: Any) -> float:
    """The points of `addTeamPeople` and `removeTeamPeople`: those of an object for each person."""
    ids = _members(wanted).get("extensionUserIds")
    return float(len(ids)) if isinstance(ids, list) else 1.0


def saved_document_points(wanted: Any) -> float:
    """The points of `saveQuery` and `updateSavedQuery`: those of reading the document."""
    document = _members(wanted).get("document")
    return len(document) / CHARACTERS_A_POINT if isinstance(document, str) else 0.0


def _members(value: Any) -> dict[str, Any]:
    """The members of an input object; none of a value that will be refused."""
    return value if isinstance(value, dict) else {}


def introspected(schema: GraphQLSchema) -> dict[str, float]:
    """The average lengths of the lists of the introspection types, by `Type.field`."""
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
