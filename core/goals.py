"""Goals: the buckets that they are judged by, and the judgement."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from core.calendar import Bucket, local_days
from core.described_enum import DescribedEnum
from core.errors import InvalidInput
from core.periods import TimeRange, midnight
from core.weeks import WeekStart


class GoalInterval(DescribedEnum):
    """The length of the buckets that a goal is judged by."""

    DAY = "day", "Each day, or each of some days of the week (`weekdays`)."
    WEEK = "week", "Each week, from the first day of weeks on (`weekStart`)."
    MONTH = "month", "Each calendar month."


class GoalState(DescribedEnum):
    """The outcome of a goal in a bucket."""

    MET = (
        "met",
        "The value is within the goal's bounds, and stays so: the bucket is over, or `atLeast` is all it takes.",
    )
    MISSED = "missed", "The value is not within the bounds, and cannot be any more."
    UNDECIDED = (
        "undecided",
        "The bucket is not over, and may be met or missed; or its value is null, a percentage of nothing.",
    )
    OFF = "off", "A day of the week that the goal is not for."


@dataclass(frozen=True, slots=True)
class GoalBounds:
    """The bounds of the value, at least one of them given, and the days of the week (1 is Monday) that count."""

    at_least: float | None
    at_most: float | None
    weekdays: frozenset[int] | None = None

    def admits(self, value: float) -> bool:
        """True if a value lies within the bounds."""
        return not self.is_above(value) and (self.at_least is None or value >= self.at_least)

    def is_above(self, value: float) -> bool:
        """True if a value is larger than the goal allows."""
        return self.at_most is not None and value > self.at_most


def judge(bounds: GoalBounds, value: float | None, *, is_over: bool, grows: bool) -> GoalState:
    """Judge the value of a bucket. `grows`: as time goes on the value gets larger, or stays."""
    if value is None:
        return GoalState.UNDECIDED
    if is_over:
        return GoalState.MET if bounds.admits(value) else GoalState.MISSED
    if grows and bounds.is_above(value):
        return GoalState.MISSED
    if grows and bounds.at_most is None and bounds.admits(value):
        return GoalState.MET
    return GoalState.UNDECIDED


def streak_of(states: Iterable[GoalState]) -> int:
    """The number of buckets met in a row, up to the last that is decided; days off do not break it."""
    length = 0
    for state in states:
        if state is GoalState.MET:
            length += 1
        elif state is GoalState.MISSED:
            length = 0
    return length


def rate_of(states: Sequence[GoalState]) -> float | None:
    """The part of the decided buckets that is met; None if none is decided."""
    met, missed = states.count(GoalState.MET), states.count(GoalState.MISSED)
    return met / (met + missed) if met + missed else None


def whole_buckets(time_range: TimeRange, interval: GoalInterval, zone: ZoneInfo, week_start: WeekStart) -> list[Bucket]:
    """The whole days, weeks or months that a range touches. InvalidInput beyond the years 1 to 9999."""
    try:
        first, last = local_days(time_range, zone)
        starts = [_first_day(first, interval, week_start)]
        while starts[-1] <= last:
            starts.append(_next(starts[-1], interval))
        edges = [midnight(day, zone) for day in starts]
    except OverflowError:
        raise InvalidInput(
            "The period reaches to the first year or to the year 9999, where weeks and months are not whole. Let it "
            "begin later or end earlier.",
            "period",
        ) from None
    return [Bucket(start, end) for start, end in pairwise(edges) if start < end]  # a zone may skip a day


def _first_day(day: date, interval: GoalInterval, week_start: WeekStart) -> date:
    if interval is GoalInterval.WEEK:
        return week_start.first_day(day)
    return day if interval is GoalInterval.DAY else day.replace(day=1)


def _next(day: date, interval: GoalInterval) -> date:
    if interval is GoalInterval.MONTH:
        return _first_day(day + timedelta(days=31), interval, WeekStart.MONDAY)
    return day + timedelta(days=7 if interval is GoalInterval.WEEK else 1)
