"""Periods of time: how a client's `Period` becomes the half-open range `[start, end)` that everything is seen in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from core.dimensions import Shift
from core.errors import InvalidInput
from core.limits import PERIOD_DAYS


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Instants from `start` up to, but not including, `end`; both aware, in UTC."""

    start: datetime
    end: datetime


class PeriodPreset(Enum):
    """Periods with a name, in the caller's time zone. Weeks begin on Monday; periods of the present end now's day."""

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
    """A preset in words, and the local days `[first, last)` it spans on a given day."""

    label: str
    description: str
    days: Callable[[date], tuple[date, date]]


def _monday(today: date) -> date:
    return today - timedelta(days=today.weekday())


def _month(today: date, *, ahead: int = 0) -> date:
    months = today.year * 12 + today.month - 1 + ahead
    return date(months // 12, months % 12 + 1, 1)


_BEGINNING = datetime.min.replace(tzinfo=UTC)
_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)

PRESETS = {
    PeriodPreset.TODAY: PresetDefinition(
        "Today", "The present day, from midnight to midnight.", lambda today: (today, today + _DAY)
    ),
    PeriodPreset.YESTERDAY: PresetDefinition(
        "Yesterday", "The day before the present one.", lambda today: (today - _DAY, today)
    ),
    PeriodPreset.LAST_7_DAYS: PresetDefinition(
        "Last 7 days", "The present day and the six before it.", lambda today: (today - 6 * _DAY, today + _DAY)
    ),
    PeriodPreset.LAST_30_DAYS: PresetDefinition(
        "Last 30 days", "The present day and the 29 before it.", lambda today: (today - 29 * _DAY, today + _DAY)
    ),
    PeriodPreset.THIS_WEEK: PresetDefinition(
        "This week", "The present week, Monday to Sunday.", lambda today: (_monday(today), _monday(today) + _WEEK)
    ),
    PeriodPreset.LAST_WEEK: PresetDefinition(
        "Last week",
        "The week before the present one, Monday to Sunday.",
        lambda today: (_monday(today) - _WEEK, _monday(today)),
    ),
    PeriodPreset.THIS_MONTH: PresetDefinition(
        "This month", "The present calendar month.", lambda today: (_month(today), _month(today, ahead=1))
    ),
    PeriodPreset.LAST_MONTH: PresetDefinition(
        "Last month",
        "The calendar month before the present one.",
        lambda today: (_month(today, ahead=-1), _month(today)),
    ),
    PeriodPreset.THIS_YEAR: PresetDefinition(
        "This year",
        "The present calendar year.",
        lambda today: (date(today.year, 1, 1), date(today.year + 1, 1, 1)),
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


def preset(key: PeriodPreset, now: datetime, zone: ZoneInfo) -> TimeRange:
    """The range of a preset as seen at `now` in `zone`: whole local days, 23 or 25 hours long when clocks change."""
    first, after_last = PRESETS[key].days(now.astimezone(zone).date())
    return TimeRange(midnight(first, zone), midnight(after_last, zone))


def shifted(time_range: TimeRange, shift: Shift, zone: ZoneInfo) -> Callable[[datetime], datetime]:
    """How the instants of a range move into the one to compare it with.

    PRECEDING moves them back by the range's own length. The others move the local date back by a unit and keep the time
    on the clock; a day that the earlier month lacks becomes its last (31 March → 28 February).
    """
    length = time_range.end - time_range.start

    def back(instant: datetime) -> datetime:
        if shift is Shift.PRECEDING:
            return instant - length
        local = instant.astimezone(zone)
        return datetime.combine(_earlier(local.date(), shift), local.time(), zone).astimezone(UTC)

    def back_at_most_to_the_beginning(instant: datetime) -> datetime:
        try:
            return back(instant)
        except (OverflowError, ValueError):  # before the year 1, which no datetime can be
            return _BEGINNING

    return back_at_most_to_the_beginning


def _earlier(day: date, shift: Shift) -> date:
    if shift is Shift.DAY:
        return day - _DAY
    if shift is Shift.WEEK:
        return day - _WEEK
    first = _month(day, ahead=-1 if shift is Shift.MONTH else -12)
    last = _month(first, ahead=1) - _DAY
    return first.replace(day=min(day.day, last.day))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a local day begins; the instant of the change where clocks skip midnight."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
