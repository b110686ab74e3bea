"""Periods of time: how a client's `Period` becomes the half-open range `[start, end)` that everything is seen in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from core.errors import InvalidInput
from core.limits import PERIOD_DAYS
from core.weeks import WeekStart


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Instants from `start` up to, but not including, `end`; both aware, in UTC.

    `counted_until`: no event counts from then on, since it is of a clock that goes wrong; None: all of them count. It
    moves with the present, and so does not tell ranges apart.
    """

    start: datetime
    end: datetime
    counted_until: datetime | None = field(default=None, compare=False)

    @property
    def counted(self) -> "TimeRange":
        """The part of it whose events count."""
        return self if self.counted_until is None else TimeRange(self.start, min(self.end, self.counted_until))


class PeriodPreset(Enum):
    """Periods with a name, in the caller's time zone."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    LAST_7_DAYS = "last_7_days"
    LAST_30_DAYS = "last_30_days"
    THIS_WEEK = "this_week"
    LAST_WEEK = "last_week"
    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"
    THIS_YEAR = "this_year"


@dataclass(frozen=True, slots=True)
class PresetDefinition:
    """A preset in words, and the local days `[first, last)` it spans on a given day.

    `by_week`: they depend on the first day of weeks. `rolling`: they are so many days, and no calendar month even where
    they happen to coincide with one.
    """

    label: str
    description: str
    days: Callable[[date, WeekStart], tuple[date, date]]
    by_week: bool = False
    rolling: bool = False


def _month(today: date, *, ahead: int = 0) -> date:
    months = today.year * 12 + today.month - 1 + ahead
    return date(months // 12, months % 12 + 1, 1)


CLOCKS_AHEAD = timedelta(minutes=5)
"""Events that lie further ahead of the present do not count in a preset until their time has come."""
_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)

PRESETS = {
    PeriodPreset.TODAY: PresetDefinition(
        "Today", "The present day, from midnight to midnight.", lambda today, _: (today, today + _DAY)
    ),
    PeriodPreset.YESTERDAY: PresetDefinition(
        "Yesterday", "The day before the present one.", lambda today, _: (today - _DAY, today)
    ),
    PeriodPreset.LAST_7_DAYS: PresetDefinition(
        "Last 7 days",
        "The present day and the six before it.",
        lambda today, _: (today - 6 * _DAY, today + _DAY),
        rolling=True,
    ),
    PeriodPreset.LAST_30_DAYS: PresetDefinition(
        "Last 30 days",
        "The present day and the 29 before it.",
        lambda today, _: (today - 29 * _DAY, today + _DAY),
        rolling=True,
    ),
    PeriodPreset.THIS_WEEK: PresetDefinition(
        "This week",
        "The present week, from the first day of weeks on (`weekStart`).",
        lambda today, week_start: (week_start.first_day(today), week_start.first_day(today) + _WEEK),
        by_week=True,
    ),
    PeriodPreset.LAST_WEEK: PresetDefinition(
        "Last week",
        "The week before the present one.",
        lambda today, week_start: (week_start.first_day(today) - _WEEK, week_start.first_day(today)),
        by_week=True,
    ),
    PeriodPreset.THIS_MONTH: PresetDefinition(
        "This month", "The present calendar month.", lambda today, _: (_month(today), _month(today, ahead=1))
    ),
    PeriodPreset.LAST_MONTH: PresetDefinition(
        "Last month",
        "The calendar month before the present one.",
        lambda today, _: (_month(today, ahead=-1), _month(today)),
    ),
    PeriodPreset.THIS_YEAR: PresetDefinition(
        "This year",
        "The present calendar year.",
        lambda today, _: (date(today.year, 1, 1), date(today.year + 1, 1, 1)),
    ),
}


def between(start: datetime, end: datetime) -> TimeRange:
    """The range of two instants. InvalidInput when it is empty, reversed or longer than the limit."""
    if end <= start:
        raise InvalidInput("`end` must be after `start`.", "period.between")
    if end - start > timedelta(days=PERIOD_DAYS):
        raise InvalidInput(f"A period spans at most {PERIOD_DAYS} days.", "period.between")
    return TimeRange(start.astimezone(UTC), end.astimezone(UTC))


def last(duration: timedelta, now: datetime) -> TimeRange:
    """The range that ends now and is `duration` long. InvalidInput unless it is positive and within the limit."""
    if duration <= timedelta(0):
        raise InvalidInput("`last` must be longer than nothing, like P7D or PT1H.", "period.last")
    if duration > timedelta(days=PERIOD_DAYS):
        raise InvalidInput(f"A period spans at most {PERIOD_DAYS} days.", "period.last")
    return TimeRange(now - duration, now)


def preset(key: PeriodPreset, now: datetime, zone: ZoneInfo, week_start: WeekStart = WeekStart.MONDAY) -> TimeRange:
    """The range of a preset as seen at `now` in `zone`: whole local days, 23 or 25 hours long when clocks change."""
    first, after_last = PRESETS[key].days(now.astimezone(zone).date(), week_start)
    return counted_until_now(midnight(first, zone), midnight(after_last, zone), now)


def counted_until_now(start: datetime, end: datetime, now: datetime) -> TimeRange:
    """A range in which events that lie ahead of the present do not count, beyond what clocks may differ by."""
    # Whole minutes, of which rollups can answer.
    ahead = (now + CLOCKS_AHEAD).replace(second=0, microsecond=0)
    return TimeRange(start, end, ahead if ahead < end else None)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant when a local day begins; that of the change where clocks skip midnight."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
