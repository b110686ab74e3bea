"""Comparison with an earlier period: which one it is, by the calendar and to date; the reference knows it, too."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.calendar import buckets
from core.comparison import Comparison
from core.dimensions import Alignment, Granularity, Shift
from core.periods import TimeRange
from tests.metrics.reference_comparison import QUARTER, begins, counterpart

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Cairo"]
BERLIN = ZoneInfo("Europe/Berlin")
LONG_AFTER = datetime(2030, 1, 1, tzinfo=UTC)


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    """An instant by the local clock: `2026-11-01` or `2026-11-01T09:30`."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def days(start: str, end: str) -> TimeRange:
    return TimeRange(at(start), at(end))


def previous(period: TimeRange, shift: Shift, now: datetime = LONG_AFTER, align: Alignment = Alignment.TO_DATE):
    return Comparison(period, shift, align, BERLIN, now).periods().previous


def compared_buckets(period: TimeRange, shift: Shift, every: Granularity, now: datetime = LONG_AFTER):
    comparison = Comparison(period, shift, Alignment.TO_DATE, BERLIN, now)
    return [each.previous for each in comparison.buckets(buckets(period, every, BERLIN))]


@pytest.mark.parametrize(
    ("shift", "period", "expected"),
    [
        # A calendar period compares with the whole calendar period before it, however long each is.
        (Shift.MONTH, ("2026-11-01", "2026-12-01"), ("2026-10-01", "2026-11-01")),
        (Shift.PRECEDING, ("2026-11-01", "2026-12-01"), ("2026-10-01", "2026-11-01")),
        (Shift.MONTH, ("2026-03-01", "2026-04-01"), ("2026-02-01", "2026-03-01")),
        (Shift.YEAR, ("2025-02-01", "2025-03-01"), ("2024-02-01", "2024-03-01")),
        (Shift.YEAR, ("2024-02-01", "2024-03-01"), ("2023-02-01", "2023-03-01")),
        (Shift.PRECEDING, ("2026-04-01", "2026-07-01"), ("2026-01-01", "2026-04-01")),
        (Shift.YEAR, ("2026-04-01", "2026-07-01"), ("2025-04-01", "2025-07-01")),
        (Shift.PRECEDING, ("2025-01-01", "2026-01-01"), ("2024-01-01", "2025-01-01")),
        (Shift.PRECEDING, ("2026-03-23", "2026-03-30"), ("2026-03-16", "2026-03-23")),
        (Shift.WEEK, ("2026-03-23", "2026-03-30"), ("2026-03-16", "2026-03-23")),
        (Shift.PRECEDING, ("2026-03-30", "2026-03-31"), ("2026-03-29", "2026-03-30")),
        # Anything else goes by the numbers of the days.
        (Shift.MONTH, ("2026-11-15", "2026-12-01"), ("2026-10-15", "2026-10-31")),
        (Shift.MONTH, ("2026-03-23", "2026-03-31"), ("2026-02-23", "2026-03-01")),
        (Shift.MONTH, ("2026-03-31", "2026-04-01"), ("2026-02-28", "2026-03-01")),
        (Shift.MONTH, ("2026-03-30", "2026-04-03"), ("2026-03-01", "2026-03-03")),
        (Shift.YEAR, ("2024-02-29", "2024-03-01"), ("2023-02-28", "2023-03-01")),
        (Shift.MONTH, ("2026-03-31T09:00", "2026-03-31T17:00"), ("2026-02-28T09:00", "2026-02-28T17:00")),
        (Shift.PRECEDING, ("2026-11-05T09:00", "2026-11-05T10:30"), ("2026-11-05T07:30", "2026-11-05T09:00")),
        # Clocks skip 02:00 to 03:00 on 29 March and repeat it on 25 October.
        (Shift.DAY, ("2026-03-30T02:00", "2026-03-30T03:00"), ("2026-03-29T03:00", "2026-03-29T03:00")),
        (Shift.DAY, ("2026-03-30T01:30", "2026-03-30T02:30"), ("2026-03-29T01:30", "2026-03-29T03:00")),
        (Shift.DAY, ("2026-10-26T01:00", "2026-10-26T03:00"), ("2026-10-25T01:00", "2026-10-25T03:00")),
    ],
)
def test_the_earlier_period(shift: Shift, period: tuple[str, str], expected: tuple[str, str]):
    assert previous(days(*period), shift) == days(*expected)


@pytest.mark.parametrize(
    ("shift", "period", "now", "end"),
    [
        (Shift.WEEK, ("2026-11-23", "2026-11-30"), "2026-11-24T15:20", "2026-11-17T15:20"),
        (Shift.PRECEDING, ("2026-11-23", "2026-11-30"), "2026-11-24T15:20", "2026-11-17T15:20"),
        (Shift.MONTH, ("2026-11-01", "2026-12-01"), "2026-11-27T22:00", "2026-10-27T22:00"),
        (Shift.PRECEDING, ("2026-01-01", "2027-01-01"), "2026-11-27T22:00", "2025-11-27T22:00"),
        (Shift.MONTH, ("2026-03-01", "2026-04-01"), "2026-03-30T10:00", "2026-03-01"),  # February is over
        (Shift.WEEK, ("2026-03-23", "2026-03-30"), "2026-03-29T12:00", "2026-03-22T12:00"),  # an hour was skipped
        (Shift.DAY, ("2026-10-26", "2026-10-27"), "2026-10-26T02:30", "2026-10-25T02:30"),  # its first 02:30
        (Shift.PRECEDING, ("2026-11-24T12:00", "2026-11-24T18:00"), "2026-11-24T13:00", "2026-11-24T07:00"),
    ],
)
def test_an_unfinished_period_is_compared_to_date(shift: Shift, period: tuple[str, str], now: str, end: str):
    asked = Comparison(days(*period), shift, Alignment.TO_DATE, BERLIN, at(now)).periods()
    whole = Comparison(days(*period), shift, Alignment.WHOLE, BERLIN, at(now)).periods()

    assert asked.current == TimeRange(at(period[0]), at(now))
    assert asked.previous == TimeRange(whole.previous.start, at(end))
    assert (whole.current, whole.previous) == (days(*period), previous(days(*period), shift))


def test_a_period_that_has_not_begun_is_compared_with_nothing():
    period = days("2026-12-01", "2027-01-01")

    asked = Comparison(period, Shift.MONTH, Alignment.TO_DATE, BERLIN, at("2026-11-27")).periods()

    assert asked.current == TimeRange(period.start, period.start)
    assert asked.previous == days("2026-11-01", "2026-11-01")


def test_thirty_days_are_no_month_even_where_they_coincide_with_one():
    april = days("2026-04-01", "2026-05-01")

    found = {
        shift: Comparison(april, shift, Alignment.WHOLE, BERLIN, LONG_AFTER, rolling=True).periods().previous
        for shift in (Shift.PRECEDING, Shift.MONTH)
    }

    assert found == {
        Shift.PRECEDING: days("2026-03-02", "2026-04-01"),
        Shift.MONTH: days("2026-03-01", "2026-03-31"),
    }


def test_months_as_buckets_are_compared_as_wholes_in_every_place_of_a_series():
    found = compared_buckets(days("2026-01-01", "2026-12-01"), Shift.MONTH, Granularity.MONTH)

    edges = [at(f"{2025 + month // 12}-{month % 12 + 1:02}-01") for month in range(11, 23)]
    assert found == [TimeRange(start, end) for start, end in itertools.pairwise(edges)]


def test_days_as_buckets_are_compared_with_the_day_of_the_same_number():
    november = compared_buckets(days("2026-11-01", "2026-12-01"), Shift.MONTH, Granularity.DAY)
    march = compared_buckets(days("2026-03-01", "2026-04-01"), Shift.MONTH, Granularity.DAY)

    assert november == [days(f"2026-10-{day:02}", f"2026-10-{day + 1:02}") for day in range(1, 31)]
    assert march[26:28] == [days("2026-02-27", "2026-02-28"), days("2026-02-28", "2026-03-01")]
    assert march[28:] == [days("2026-03-01", "2026-03-01")] * 3  # February has no 29th, 30th and 31st


def test_an_unfinished_bucket_is_compared_with_as_much_of_its_counterpart():
    week = days("2026-11-23", "2026-11-30")

    found = compared_buckets(week, Shift.WEEK, Granularity.DAY, at("2026-11-24T15:20"))

    assert found[:2] == [days("2026-11-16", "2026-11-17"), days("2026-11-17", "2026-11-17T15:20")]
    assert all(each.start == each.end for each in found[2:])


periods = st.builds(
    lambda zone, first, quarters, length, whole_days: _period(ZoneInfo(zone), first, quarters, length, whole_days),
    st.sampled_from(ZONES),
    # Around the ends of months, leap days, and changes of clocks.
    st.sampled_from(
        [
            "2024-02-26",
            "2024-03-25",
            "2025-02-27",
            "2026-03-05",
            "2026-03-26",
            "2026-04-02",
            "2026-04-22",
            "2026-10-22",
            "2026-10-29",
            "2026-11-01",
            "2026-12-30",
            "2027-01-28",
        ]
    ),
    st.integers(0, 500),
    st.sampled_from([1, 3, 4, 96, 97, 200, 28 * 96, 30 * 96]),
    st.booleans(),
)


def _period(zone: ZoneInfo, first: str, quarters: int, length: int, whole_days: bool) -> tuple[TimeRange, ZoneInfo]:
    start = datetime.fromisoformat(first).replace(tzinfo=UTC) + quarters * QUARTER
    end = start + length * QUARTER
    if whole_days:
        first_day = start.astimezone(zone).date()
        after_last = max(end.astimezone(zone).date(), first_day + timedelta(days=1))
        start, end = begins(first_day, zone), begins(after_last, zone)
    return TimeRange(start, end), zone


@given(asked=periods, shift=st.sampled_from(Shift))
@settings(max_examples=150, deadline=None)
def test_the_earlier_period_is_the_references(asked: tuple[TimeRange, ZoneInfo], shift: Shift):
    period, zone = asked

    found = Comparison(period, shift, Alignment.WHOLE, zone, LONG_AFTER).periods().previous

    expected = counterpart(period.start, period.end, shift.name, zone)
    assert (found.start, found.end) == expected or (expected is None and found.start == found.end)


@given(
    asked=periods,
    shift=st.sampled_from(Shift),
    every=st.sampled_from([Granularity.HOUR, Granularity.DAY, Granularity.WEEK]),
    passed=st.integers(-10, 3000),
)
@settings(max_examples=100, deadline=None)
def test_buckets_share_what_is_compared_and_to_date_is_a_beginning_of_the_whole(
    asked: tuple[TimeRange, ZoneInfo], shift: Shift, every: Granularity, passed: int
):
    period, zone = asked
    now = period.start + passed * QUARTER
    cut = buckets(period, every, zone)
    to_date = Comparison(period, shift, Alignment.TO_DATE, zone, now)
    whole = Comparison(period, shift, Alignment.WHOLE, zone, now)

    found = to_date.periods()
    parts = [each.previous for each in to_date.buckets(cut)]

    assert found.current.end == min(max(now, period.start), period.end)
    assert found.previous.start == whole.periods().previous.start
    assert found.previous.start <= found.previous.end <= whole.periods().previous.end
    assert all(one.end <= other.start for one, other in itertools.pairwise(parts))
    for part in parts:
        assert part.start == part.end or found.previous.start <= part.start < part.end <= found.previous.end
