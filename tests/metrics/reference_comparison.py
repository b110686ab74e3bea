"""Comparison with an earlier period, plainly: every quarter of an hour is looked up on the clocks of the earlier days.

A range begins and ends on quarters of an hour of UTC, as all local midnights and changes of clocks do.
"""

from calendar import monthrange
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.metrics.reference import Values, _answers
from tests.metrics.reference_sequences import Event, Key, Split
from tests.metrics.reference_time import DAY, Span

QUARTER = timedelta(minutes=15)


def counterpart(start: datetime, end: datetime, by: str, zone: ZoneInfo) -> Span | None:
    """The whole earlier range that [start, end) is compared with; None if it is empty."""
    first, after_last = start.astimezone(zone).date(), end.astimezone(zone).date()
    days = begins(first, zone) == start and begins(after_last, zone) == end
    months = days and first.day == after_last.day == 1
    if by == "PRECEDING":
        if not days:
            return start - (end - start), start
        if months:
            number = (after_last.year - first.year) * 12 + after_last.month - first.month
            return begins(months_before(first, number), zone), start
        return begins(first - (after_last - first), zone), start
    if by in {"MONTH", "YEAR"}:
        number = {"MONTH": 1, "YEAR": 12}[by]
        if months:
            return begins(months_before(first, number), zone), begins(months_before(after_last, number), zone)
        return on_clocks(start, end, zone, number, days=days)
    return on_clocks(start, end, zone, {"DAY": DAY, "WEEK": 7 * DAY}[by], days=days)


def on_clocks(start: datetime, end: datetime, zone: ZoneInfo, back: int | timedelta, *, days: bool) -> Span | None:
    """From the first to the last quarter at which earlier days show a local time of the range.

    Whole days begin at midnight, also where clocks skip it.
    """
    shown = [quarter.astimezone(zone).replace(tzinfo=None) for quarter in quarters(start, end)]
    if days:
        shown += quarters(datetime.combine(shown[0].date(), time()), shown[0])
    if isinstance(back, timedelta):
        wanted = {clock - back for clock in shown}
    else:
        there = [clock for clock in shown if has(months_before(clock.date(), back), clock.day)]
        wanted = {
            datetime.combine(months_before(clock.date(), back), clock.time()).replace(
                day=min(clock.day, last_day(months_before(clock.date(), back)))
            )
            for clock in there or shown  # a day that the earlier month lacks is its last, if there is no other
        }
    zero = [clock.replace(tzinfo=start.tzinfo) for clock in wanted]  # UTC is at most 14 hours from any clock
    found = [
        quarter
        for quarter in quarters(min(zero) - DAY, max(zero) + DAY)
        if quarter.astimezone(zone).replace(tzinfo=None) in wanted
    ]
    return (found[0], found[-1] + QUARTER) if found else None


def quarters(start: datetime, end: datetime) -> list[datetime]:
    return [start + number * QUARTER for number in range((end - start) // QUARTER)]


def begins(day: date, zone: ZoneInfo) -> datetime:
    """The first quarter of an hour of a local day."""
    at = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("UTC")) - DAY
    while at.astimezone(zone).date() < day:
        at += QUARTER
    return at


def months_before(day: date, number: int) -> date:
    """The first day of the month that lies so many before the day's."""
    for _ in range(number):
        day = day.replace(day=1) - DAY
    return day.replace(day=1)


def last_day(month: date) -> int:
    return monthrange(month.year, month.month)[1]


def has(month: date, day: int) -> bool:
    return day <= last_day(month)


def measured(events: list[Event], spans: list[Span], measures: AbstractSet[str]) -> list[Values]:
    """The measures of each span; between them there may be time that belongs to none, and some may be empty.

    All events are given: active seconds go on from those before the first span, and on to those after the last one.
    """

    def key_of(_event: Event, at: datetime) -> Key | None:
        found = [number for number, (start, end) in enumerate(spans) if start <= at < end]
        return (found[0],) if found else None

    edges = sorted({instant for span in spans for instant in span})
    split = Split(key_of, timed=True, edges=edges, always=[(number,) for number in range(len(spans))])
    answers = _answers(events, measures, ("HOUR",), split, (edges[0], edges[-1]))
    return [answers[number,] for number in range(len(spans))]
