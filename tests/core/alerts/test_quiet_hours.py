"""Quiet hours: over midnight, on some days, and when clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.alerts.quiet_hours import checked_quiet_hours
from core.errors import InvalidInput

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("local", "quiet"),
    [
        ("2026-11-27T21:59", False),  # a Friday
        ("2026-11-27T22:00", True),
        ("2026-11-28T06:59", True),
        ("2026-11-28T07:00", False),
        ("2026-11-28T23:00", False),
        ("2026-11-27T03:00", False),
    ],
)
def test_hours_over_midnight_belong_to_the_day_they_begin_on(local, quiet):
    hours = checked_quiet_hours(time(22), time(7), [5], BERLIN)
    assert hours.include(datetime.fromisoformat(local).replace(tzinfo=BERLIN).astimezone(UTC)) is quiet


def test_hours_within_a_day_and_whole_days():
    lunch = checked_quiet_hours(time(12), time(13), None, BERLIN)
    noon = datetime(2026, 11, 28, 12, tzinfo=BERLIN)
    assert [lunch.include(noon + timedelta(minutes=each)) for each in (-1, 0, 59, 60)] == [False, True, True, False]
    always = checked_quiet_hours(time(0), time(0), None, BERLIN)
    assert all(always.include(noon + timedelta(hours=each)) for each in range(48))


def test_an_hour_that_the_clock_shows_twice_is_quiet_twice_and_one_it_skips_never():
    night = checked_quiet_hours(time(2), time(3), None, BERLIN)
    autumn, spring = datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC)
    assert [night.include(autumn + timedelta(minutes=30 * each)) for each in range(5)] == [True] * 4 + [False]
    assert not any(night.include(spring + timedelta(minutes=30 * each)) for each in range(5))


@pytest.mark.parametrize("weekdays", [[], [0], [8]])
def test_days_that_are_none_are_refused(weekdays):
    with pytest.raises(InvalidInput, match=r"1 \(Monday\) to 7"):
        checked_quiet_hours(time(22), time(7), weekdays, BERLIN)
