"""The local calendar and clock: where buckets begin, and which hour or day of the week an instant falls in.

All of it is worked out here, in Python, from the zone's own rules. The database is only told instants.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from core.dimensions import Granularity
from core.errors import InvalidInput
from core.limits import BUCKETS
from core.periods import TimeRange, midnight
from core.weeks import WeekStart

_QUARTER_HOUR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of a series, half-open."""

    start: datetime
    end: datetime


def buckets(
    time_range: TimeRange, every: Granularity, zone: ZoneInfo, week_start: WeekStart = WeekStart.MONDAY
) -> list[Bucket]:
    """The range cut at the calendar's or clock's boundaries; the first and last bucket end with the range.

    A local day has 23 or 25 hours when clocks change. InvalidInput when there are more buckets than the limit.
    """
    edges = [time_range.start]
    for boundary in boundaries(time_range, every, zone, week_start):
        if boundary > edges[-1]:
            edges.append(boundary)
        if len(edges) > BUCKETS:
            raise InvalidInput(
                f"A series has at most {BUCKETS} buckets. Ask for longer ones or a shorter period.", "every"
            )
    edges.append(time_range.end)
    return [Bucket(start, end) for start, end in pairwise(edges)]


def boundaries(
    time_range: TimeRange, every: Granularity, zone: ZoneInfo, week_start: WeekStart = WeekStart.MONDAY
) -> Iterator[datetime]:
    """The instants inside the range (its ends excluded) at which a unit of local time begins, in order."""
    if every in _CLOCK:
        found = _clock_boundaries(time_range, every, zone)
    else:
        found = _day_boundaries(time_range, every, zone, week_start)
    return (boundary for boundary in found if time_range.start < boundary < time_range.end)


def local(instant: datetime, zone: ZoneInfo) -> datetime:
    """An instant on the zone's clock. InvalidInput when that shows a year before the first or after the year 9999."""
    try:
        return instant.astimezone(zone)
    except OverflowError:
        raise InvalidInput(
            f"In the time zone {zone.key} the period reaches beyond the years 1 to 9999, so it cannot be split by the "
            "local time. Let it begin a day later or end a day earlier.",
            "period",
        ) from None


def local_days(time_range: TimeRange, zone: ZoneInfo) -> tuple[date, date]:
    """The first and the last local day that a range touches."""
    last_instant = time_range.end - timedelta(microseconds=1)
    return local(time_range.start, zone).date(), local(last_instant, zone).date()


_CLOCK = {Granularity.QUARTER_HOUR: timedelta(minutes=15), Granularity.HOUR: timedelta(hours=1)}


def _clock_boundaries(time_range: TimeRange, every: Granularity, zone: ZoneInfo) -> Iterator[datetime]:
    """Instants whose local time is a whole hour or quarter, and those at which the clock changes.

    Every offset in use is a multiple of a quarter of an hour, so whole quarters of UTC are the only candidates.
    """
    minutes = _CLOCK[every] // timedelta(minutes=1)
    boundary = time_range.start.replace(minute=0, second=0, microsecond=0)
    offset = local(boundary, zone).utcoffset()
    while True:
        on_clock = local(boundary, zone)
        if on_clock.minute % minutes == 0 or on_clock.utcoffset() != offset:
            yield boundary
        offset = on_clock.utcoffset()
        if time_range.end - boundary <= _QUARTER_HOUR:
            return
        boundary += _QUARTER_HOUR


def _day_boundaries(
    time_range: TimeRange, every: Granularity, zone: ZoneInfo, week_start: WeekStart
) -> Iterator[datetime]:
    first = local(time_range.start, zone).toordinal()
    last = local(time_range.end, zone).toordinal()
    for day in map(date.fromordinal, range(first + 1, last + 1)):  # the first began before the range, or with it
        if _begins(day, every, week_start):
            yield midnight(day, zone)


def _begins(day: date, every: Granularity, week_start: WeekStart) -> bool:
    """True if a unit of the calendar begins on that day."""
    if every is Granularity.DAY:
        return True
    if every is Granularity.WEEK:
        return week_start.place_of(day.isoweekday()) == 0
    first = day.day == 1
    if every is Granularity.MONTH:
        return first
    if every is Granularity.QUARTER:
        return first and day.month % 3 == 1
    return first and day.month == 1
