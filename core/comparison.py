"""Comparison with an earlier period: which one, and as much of it as has passed of the present one.

What an earlier period is, docs/metrics.md defines. Local times are moved by the calendar: the *counterpart* of a range
is the time in which earlier days show the local times of the range.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.calendar import Bucket, local
from core.dimensions import Alignment, Shift
from core.local_clock import first_instant, last_instant
from core.periods import TimeRange, midnight

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ComparedPeriods:
    """The two ranges of a comparison."""

    current: TimeRange
    previous: TimeRange


@dataclass(frozen=True, slots=True)
class _Step:
    """The way back to the earlier period. One of the three is set."""

    months: int = 0
    days: int = 0
    length: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparison of a period with an earlier one.

    `at` is the moment of the question. `rolling` says that the period is so many days, and no calendar month even where
    it coincides with one.
    """

    period: TimeRange
    shift: Shift
    align: Alignment
    zone: ZoneInfo
    at: datetime
    rolling: bool = False

    def periods(self) -> ComparedPeriods:
        """The ranges to compare."""
        return self._compared(self.period, self._step())

    def buckets(self, buckets: Iterable[Bucket]) -> list[ComparedPeriods]:
        """The ranges to compare of each of the period's buckets, which are in order.

        A bucket is compared as a period of its own would be. What was compared with a bucket before it is not compared
        twice: days that the earlier month lacks, and hours that clocks repeat, are compared with nothing.
        """
        step = self._step()
        done = self._compared(self.period, step).previous.start
        found = []
        for bucket in buckets:
            compared = self._compared(TimeRange(bucket.start, bucket.end), step)
            start = max(done, compared.previous.start)
            done = max(start, compared.previous.end)
            found.append(ComparedPeriods(compared.current, TimeRange(start, done)))
        return found

    def _step(self) -> _Step:
        if self.shift is Shift.PRECEDING:
            return self._preceding()
        months = {Shift.MONTH: 1, Shift.YEAR: 12}.get(self.shift, 0)
        return _Step(months=months) if months else _Step(days=7 if self.shift is Shift.WEEK else 1)

    def _preceding(self) -> _Step:
        """The way to the range right before: so many months or days before, or the same time before."""
        days = _whole_days(self.period, self.zone)
        if days is None:
            return _Step(length=self.period.end - self.period.start)
        first, after_last = days
        if _are_months(days) and not self.rolling:
            return _Step(months=_month_number(after_last) - _month_number(first))
        return _Step(days=(after_last - first).days)

    def _compared(self, part: TimeRange, step: _Step) -> ComparedPeriods:
        whole = self._counterpart(part, step, months_as_wholes=not (self.rolling and part == self.period))
        if self.align is Alignment.WHOLE or self.at >= part.end:
            return ComparedPeriods(part, whole)
        if self.at <= part.start:
            return ComparedPeriods(TimeRange(part.start, part.start), TimeRange(whole.start, whole.start))
        end = min(whole.end, max(whole.start, self._moved_end(TimeRange(part.start, self.at), step, to_date=True)))
        return ComparedPeriods(TimeRange(part.start, self.at), TimeRange(whole.start, end))

    def _counterpart(self, part: TimeRange, step: _Step, *, months_as_wholes: bool) -> TimeRange:
        days = _whole_days(part, self.zone)
        if days is not None and (step.days or (step.months and months_as_wholes and _are_months(days))):
            first, after_last = (_earlier(day, step) for day in days)
            return TimeRange(self._midnight(first), self._midnight(after_last))
        start = self._moved_start(part, step)
        return TimeRange(start, max(start, self._moved_end(part, step)))

    def _moved_start(self, part: TimeRange, step: _Step) -> datetime:
        if step.length:
            return _before(part.start, step.length)
        first, last = local(part.start, self.zone), local(part.end - _INSTANT, self.zone).date()
        day, clock = _earlier(first.date(), step), first.time()
        if day is not None and last > first.date() and _lacks(first.date(), day, step):
            # If there are other days, those that the earlier month lacks are left out.
            day, clock = (day if last.month == first.month else day + _DAY), time()
        return _BEGINNING if day is None else _or_beginning(lambda: first_instant(day, clock, self.zone))

    def _moved_end(self, part: TimeRange, step: _Step, *, to_date: bool = False) -> datetime:
        """The end of the part's counterpart: its last instant is moved, not the first after it."""
        if step.length:
            return _before(part.end, step.length)
        last = local(part.end - _INSTANT, self.zone)
        day, clock = _earlier(last.date(), step), last.time()
        if day is None:
            return _BEGINNING
        if _lacks(last.date(), day, step) and local(part.start, self.zone).date() < last.date():
            return self._midnight(day + _DAY)
        find = first_instant if to_date else last_instant
        instant = _or_beginning(lambda: find(day, clock, self.zone))
        skipped = local(instant, self.zone).time().replace(fold=0) != clock.replace(fold=0)
        return instant if skipped else instant + _INSTANT

    def _midnight(self, day: date | None) -> datetime:
        return _BEGINNING if day is None else _or_beginning(lambda: midnight(day, self.zone))


def _whole_days(time_range: TimeRange, zone: ZoneInfo) -> tuple[date, date] | None:
    """The first local day of a range and the first after it; None unless it begins and ends at midnight."""
    try:
        first, after_last = (instant.astimezone(zone).date() for instant in (time_range.start, time_range.end))
        begin_days = (midnight(first, zone), midnight(after_last, zone)) == (time_range.start, time_range.end)
    except OverflowError:  # beyond the years that a datetime can be of
        return None
    return (first, after_last) if begin_days else None


def _are_months(days: tuple[date, date]) -> bool:
    return all(day.day == 1 for day in days)


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _earlier(day: date, step: _Step) -> date | None:
    """The day so much earlier; the month's last if it lacks the day. None before the year 1."""
    if step.days:
        return day - step.days * _DAY if day.toordinal() > step.days else None
    year, month = divmod(_month_number(day) - step.months, 12)
    if year < 1:
        return None
    after = date(year + 1, 1, 1) if month == 11 else date(year, month + 2, 1)  # noqa: PLR2004 - December
    return date(year, month + 1, min(day.day, (after - _DAY).day))


def _lacks(day: date, earlier: date, step: _Step) -> bool:
    """True if the earlier month has no such day."""
    return bool(step.months) and earlier.day < day.day


def _before(instant: datetime, length: timedelta) -> datetime:
    return instant - length if instant - _BEGINNING > length else _BEGINNING


def _or_beginning(find: Callable[[], datetime]) -> datetime:
    """Return what is found, or the beginning of time if that is before it."""
    try:
        return find()
    except OverflowError:
        return _BEGINNING
