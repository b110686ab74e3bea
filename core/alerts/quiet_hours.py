"""Quiet hours: times of the day, on some days of the week, in which no alert fires and none is over.

from 22:00 to 07:00 on FRIDAY   from Friday 22:00 to Saturday 07:00
from 09:00 to 09:00             the whole day from 09:00 on
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.errors import InvalidInput

_DAY = timedelta(days=1)
_WEEKDAYS = range(1, 8)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours on the clock of `zone`, from `start` up to `end`, which is the next day's unless it is later.

    `weekdays`, 1 (Monday) to 7, are those on which they begin.
    """

    start: time
    end: time
    weekdays: frozenset[int]
    zone: ZoneInfo

    def include(self, instant: datetime) -> bool:
        """True if the clock of the zone shows a time in them. An hour that the clock shows twice counts twice."""
        local = instant.astimezone(self.zone)
        clock, today = local.time(), local.date().isoweekday()
        if self.start < self.end:
            return today in self.weekdays and self.start <= clock < self.end
        yesterday = (local.date() - _DAY).isoweekday()
        return (today in self.weekdays and clock >= self.start) or (yesterday in self.weekdays and clock < self.end)


def checked_quiet_hours(start: time, end: time, weekdays: list[int] | None, zone: ZoneInfo) -> QuietHours:
    """The quiet hours; on every day without `weekdays`. InvalidInput for days that are none."""
    days = frozenset(_WEEKDAYS if weekdays is None else weekdays)
    if not days or not days <= set(_WEEKDAYS):
        raise InvalidInput("`weekdays` are numbers from 1 (Monday) to 7 (Sunday), at least one.", "quietHours.weekdays")
    return QuietHours(start, end, days, zone)
