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

_QUARTER_HOUR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of a series, half-open."""

    start: datetime
    end: datetime


def buckets(time_range: TimeRange, every: Granularity, zone: ZoneInfo) -> list[Bucket]:
    """The range cut at the calendar's or clock's marks; the first and last bucket end with the range.

    A local day has 23 or 25 hours when clocks change. InvalidInput when there are more buckets than the limit.
    """
    edges = [time_range.start]
    for mark in marks(time_range, every, zone):
        if mark > edges[-1]:
            edges.append(mark)
        if len(edges) > BUCKETS:
            raise InvalidInput(
                f"A series has at most {BUCKETS} buckets. Ask for longer ones or a shorter period.", "every"
            )
    edges.append(time_range.end)
    return [Bucket(start, end) for start, end in pairwise(edges)]


def marks(time_range: TimeRange, every: Granularity, zone: ZoneInfo) -> Iterator[datetime]:
    """The instants inside the range (its ends excluded) at which a unit of local time begins, in order."""
    found = _clock_marks(time_range, every, zone) if every in _CLOCK else _day_marks(time_range, every, zone)
    return (mark for mark in found if time_range.start < mark < time_range.end)


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


_CLOCK = {Granularity.QUARTER_HOUR: timedelta(minutes=15), Granularity.HOUR: timedelta(hours=1)}


def _clock_marks(time_range: TimeRange, every: Granularity, zone: ZoneInfo) -> Iterator[datetime]:
    """Instants whose local time is a whole hour or quarter, and those at which the clock changes.

    Every offset in use is a multiple of a quarter of an hour, so whole quarters of UTC are the only candidates.
    """
    minutes = _CLOCK[every] // timedelta(minutes=1)
    mark = time_range.start.replace(minute=0, second=0, microsecond=0)
    offset = local(mark, zone).utcoffset()
    while True:
        on_clock = local(mark, zone)
        if on_clock.minute % minutes == 0 or on_clock.utcoffset() != offset:
            yield mark
        offset = on_clock.utcoffset()
        if time_range.end - mark <= _QUARTER_HOUR:
            return
        mark += _QUARTER_HOUR


def _day_marks(time_range: TimeRange, every: Granularity, zone: ZoneInfo) -> Iterator[datetime]:
    first = local(time_range.start, zone).toordinal()
    last = local(time_range.end, zone).toordinal()
    for day in map(date.fromordinal, range(first + 1, last + 1)):  # the first began before the range, or with it
        if _begins(day, every):
            yield midnight(day, zone)


def _begins(day: date, every: Granularity) -> bool:
    """Whether a unit of the calendar begins on that day."""
    if every is Granularity.DAY:
        return True
    if every is Granularity.WEEK:
        return day.weekday() == 0
    first = day.day == 1
    if every is Granularity.MONTH:
        return first
    if every is Granularity.QUARTER:
        return first and day.month % 3 == 1
    return first and day.month == 1
