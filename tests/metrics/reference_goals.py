"""Goals, plainly: whole buckets found quarter by quarter, and each judged by the sentences of docs/goals.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from tests.metrics.reference_time import PERIODS, WEEKS, Span

_QUARTER = timedelta(minutes=15)
_AROUND = timedelta(days=40)
SHRINKING = {"idle_minutes", "engagement_rate", "deep_work_rate"}
"""Measures whose value may get smaller as time goes on."""


@dataclass(frozen=True)
class Rule:
    """A goal's bounds, the days (1 is Monday) that it is for, and its measure."""

    measure: str
    at_least: float | None
    at_most: float | None
    weekdays: set[int] | None


def whole_spans(range_: Span, every: str, zone: ZoneInfo, week_start: str) -> list[Span]:
    """The whole days, weeks or months in which an instant of the range lies."""
    unit = WEEKS[week_start] if every == "WEEK" else PERIODS[every]

    def unit_at(instant: datetime) -> date:
        return unit(instant.astimezone(zone).date())

    mark = (range_[0] - _AROUND).replace(minute=0, second=0, microsecond=0)
    edges, latest = [], unit_at(mark)
    while mark < range_[1] + _AROUND:
        if unit_at(mark) > latest:
            latest = unit_at(mark)
            edges.append(mark)
        mark += _QUARTER
    return [(start, end) for start, end in pairwise(edges) if start < range_[1] and end > range_[0]]


def state(rule: Rule, span: Span, value: float | None, now: datetime, zone: ZoneInfo) -> str:
    """The outcome of a goal in a bucket, as seen now."""
    if rule.weekdays is not None and span[0].astimezone(zone).isoweekday() not in rule.weekdays:
        return "OFF"
    if value is None:
        return "UNDECIDED"
    enough = rule.at_least is None or value >= rule.at_least
    too_much = rule.at_most is not None and value > rule.at_most
    if span[1] <= now:
        return "MET" if enough and not too_much else "MISSED"
    if rule.measure in SHRINKING:
        return "UNDECIDED"
    if too_much:
        return "MISSED"
    return "MET" if enough and rule.at_most is None else "UNDECIDED"


def streak(states: Sequence[str]) -> int:
    """How many buckets were met in a row, looking back from the end."""
    decided = [each for each in states if each in {"MET", "MISSED"}]
    length = 0
    while length < len(decided) and decided[-1 - length] == "MET":
        length += 1
    return length


def rate(states: Sequence[str]) -> float | None:
    """The part of the decided buckets that was met."""
    decided = [each == "MET" for each in states if each in {"MET", "MISSED"}]
    return sum(decided) / len(decided) if decided else None
