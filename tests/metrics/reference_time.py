"""The local calendar, plainly: where hours, days, months begin in a time zone, as instants."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)

# Steps of absolute time, and periods of the local date (each named by a value that grows from one period to the next).
STEPS = {"QUARTER_HOUR": timedelta(minutes=15), "HOUR": HOUR}
PERIODS: dict[str, Callable[[date], date]] = {
    "DAY": lambda day: day,
    "WEEK": lambda day: day - timedelta(days=day.weekday()),
    "MONTH": lambda day: date(day.year, day.month, 1),
    "QUARTER": lambda day: date(day.year, (day.month - 1) // 3 * 3 + 1, 1),
    "YEAR": lambda day: date(day.year, 1, 1),
}

WEEKS: dict[str, Callable[[date], date]] = {
    "MONDAY": lambda day: day - timedelta(days=day.weekday()),
    "SUNDAY": lambda day: day - timedelta(days=(day.weekday() + 1) % 7),
    "SATURDAY": lambda day: day - timedelta(days=(day.weekday() + 2) % 7),
}


def buckets(start: datetime, end: datetime, every: str, zone: ZoneInfo, week_start: str = "MONDAY") -> list[Span]:
    """[start, end) cut where a QUARTER_HOUR, HOUR, DAY, WEEK, MONTH, QUARTER or YEAR begins in `zone`."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    return cut(start, end, edges(start, end, every, zone, week_start))


def cut(start: datetime, end: datetime, at: list[datetime]) -> list[Span]:
    """[start, end) in pieces, cut at those of the ascending instants `at` that lie within; no piece is empty.

    start         end
      ├──┼────┼────┤
    at   ╵    ╵       ╵
    """
    if start >= end:
        return []
    inner = at[bisect_right(at, start) : bisect_left(at, end)]
    return list(pairwise([start, *inner, end]))


def edges(start: datetime, end: datetime, every: str, zone: ZoneInfo, week_start: str = "MONDAY") -> list[datetime]:
    """The instants, ascending, at which a bucket begins; of those outside [start, end) there may be a few."""
    if every in STEPS:
        return _marks(start, end, STEPS[every], zone)
    # A period begins when the local date first reaches it: at midnight, or when the clocks jump past midnight. The two
    # days before `start` tell which period it falls in, whatever the clocks did in them.
    period = WEEKS[week_start] if every == "WEEK" else PERIODS[every]
    latest: date | None = None
    found = []
    for mark in _marks(start - 2 * DAY, end, DAY, zone):
        reached = period(mark.astimezone(zone).date())
        if latest is None or reached > latest:
            latest = reached
            found.append(mark)
    return found


def _marks(start: datetime, end: datetime, step: timedelta, zone: ZoneInfo) -> list[datetime]:
    """The instants at which the local time is a whole number of steps after midnight, and those of an offset change."""
    marks: set[datetime] = set()
    for number, (since, until) in enumerate(_stretches(start, end, zone)):
        if number > 0:
            marks.add(since)
        offset = _offset(since, zone)
        wall_clock = since + offset
        mark = wall_clock.replace(hour=0, minute=0, second=0, microsecond=0) - offset
        while mark < until:
            if mark >= since:
                marks.add(mark)
            mark += step
    return sorted(marks)


def _stretches(start: datetime, end: datetime, zone: ZoneInfo) -> list[Span]:
    """A time that holds [start, end), cut wherever the offset of `zone` from UTC changes."""
    at = start.replace(minute=0, second=0, microsecond=0)
    changes = [at]
    while at < end:
        if _offset(at, zone) != _offset(at + HOUR, zone):
            change = at + SECOND
            while _offset(change, zone) == _offset(at, zone):
                change += SECOND
            changes.append(change)
        at += HOUR
    return list(pairwise([*changes, at]))


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return offset
