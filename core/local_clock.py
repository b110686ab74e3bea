"""The local clock, read the other way round: the instants at which it shows a given time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)


def first_instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The first instant at which the local clock shows this; that of the change where clocks skip it."""
    return _instant(day, clock.replace(fold=0), zone)


def last_instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The last instant at which the local clock shows this; that of the change where clocks skip it."""
    return _instant(day, clock.replace(fold=1), zone)


def _instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    before, after = (datetime.combine(day, clock.replace(fold=fold), zone).astimezone(UTC) for fold in (1, 0))
    if before < after:  # only where clocks skip the time: read by the later and by the earlier offset
        return _change(before, after, zone)
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant between these two at which the clock is changed; always a whole second."""
    offset = before.astimezone(zone).utcoffset()
    low, high = before.replace(microsecond=0), after.replace(microsecond=0) + _SECOND
    while high - low > _SECOND:
        middle = low + (high - low) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high
