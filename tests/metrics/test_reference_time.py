"""The reference against literals: hours, days and months of time zones."""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tests.metrics.reference import series
from tests.metrics.reference_events import BERLIN, LORD_HOWE, UTC_ZONE, at, by, event, hours, lengths, starts, work
from tests.metrics.reference_time import buckets


def test_tracked_time_is_cut_at_every_hour_it_spans():
    events = work("09:30:00", [3 * 3600])
    assert by(events, "HOUR_OF_DAY", "tracked_seconds") == {9: 1800.0, 10: 3600.0, 11: 3600.0, 12: 1800.0}
    assert hours(events, "09:00:00", "14:00:00", "tracked_seconds") == [1800.0, 3600.0, 3600.0, 1800.0, 0.0]
    assert hours(events, "09:00:00", "13:00:00", "events") == [1, 0, 0, 1]


def test_days_of_the_week_are_local():
    events = work("2026-08-02T21:00:00", [2 * 3600])  # Sunday, 23:00 in Berlin
    assert by(events, "DAY_OF_WEEK", "tracked_seconds", BERLIN) == {7: 3600.0, 1: 3600.0}
    assert by(events, "DAY_OF_WEEK", "events") == {7: 2}


def test_the_repeated_hour_is_one_hour_of_day_and_two_buckets():
    events = work("2026-10-24T23:00:00", [4 * 3600])  # 01:00 to 04:00 in Berlin, with two hours from 02:00 on
    assert by(events, "HOUR_OF_DAY", "tracked_seconds", BERLIN) == {1: 3600.0, 2: 7200.0, 3: 3600.0, 4: 0.0}
    assert starts("2026-10-24T23:00", "2026-10-25T03:00", "HOUR", BERLIN) == [
        *("2026-10-24T23:00", "2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00"),
    ]


def test_days_of_23_and_25_hours():
    assert lengths("2026-03-27T23:00", "2026-03-30T22:00", "DAY", BERLIN) == [24, 23, 24]
    assert lengths("2026-10-23T22:00", "2026-10-26T23:00", "DAY", BERLIN) == [24, 25, 24]
    assert lengths("2026-10-24T22:00", "2026-10-25T23:00", "HOUR", BERLIN) == [1] * 25


def test_a_shift_by_half_an_hour_cuts_an_hour():
    # At 15:00 UTC, 02:00 becomes 01:30; half a year later, at 15:30 UTC, 02:00 becomes 02:30.
    back = ["2026-04-04T14:00", "2026-04-04T15:00", "2026-04-04T15:30", "2026-04-04T16:30"]
    assert starts("2026-04-04T14:00", "2026-04-04T17:30", "HOUR", LORD_HOWE) == back
    forth = ["2026-10-03T14:30", "2026-10-03T15:30", "2026-10-03T16:00", "2026-10-03T17:00"]
    assert starts("2026-10-03T14:30", "2026-10-03T18:00", "HOUR", LORD_HOWE) == forth
    assert lengths("2026-04-04T14:00", "2026-04-04T16:30", "QUARTER_HOUR", LORD_HOWE) == [0.25] * 10
    assert lengths("2026-04-03T13:00", "2026-04-05T13:30", "DAY", LORD_HOWE) == [24, 24.5]
    events = work("2026-04-04T14:00:00", [2.5 * 3600 - 1])
    assert by(events, "HOUR_OF_DAY", "tracked_seconds", LORD_HOWE) == {1: 5400.0, 2: 3599.0}


def test_offsets_of_half_and_quarter_hours():
    kathmandu, kolkata = ZoneInfo("Asia/Kathmandu"), ZoneInfo("Asia/Kolkata")
    days = ["2026-08-03T00:00", "2026-08-03T18:15", "2026-08-04T18:15"]
    assert starts("2026-08-03T00:00", "2026-08-05T00:00", "DAY", kathmandu) == days
    assert starts("2026-08-03T00:00", "2026-08-03T02:00", "HOUR", kathmandu)[1:] == [
        *("2026-08-03T00:15", "2026-08-03T01:15"),
    ]
    assert starts("2026-08-03T00:30", "2026-08-03T02:00", "HOUR", kolkata) == ["2026-08-03T00:30", "2026-08-03T01:30"]


def test_days_without_midnight_with_two_and_a_date_left_out():
    sao_paulo, azores, apia = ZoneInfo("America/Sao_Paulo"), ZoneInfo("Atlantic/Azores"), ZoneInfo("Pacific/Apia")
    assert lengths("2018-11-03T03:00", "2018-11-06T02:00", "DAY", sao_paulo) == [24, 23, 24]
    assert lengths("2026-10-24T00:00", "2026-10-27T01:00", "DAY", azores) == [24, 25, 24]
    assert lengths("2026-10-25T00:30", "2026-10-26T01:00", "DAY", azores) == [24.5]
    assert starts("2011-12-29T10:00", "2011-12-31T10:00", "DAY", apia) == ["2011-12-29T10:00", "2011-12-30T10:00"]


def test_a_day_begins_once_though_the_clocks_go_back_past_its_midnight():
    # At 00:01 on 7 November, 23:01 on the day before.
    assert lengths("2010-11-06T02:30", "2010-11-08T03:30", "DAY", ZoneInfo("America/St_Johns")) == [24, 25]


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        ("WEEK", ["2026-12-19", "2026-12-21", "2026-12-28", "2027-01-04"]),
        ("MONTH", ["2026-12-19", "2027-01-01"]),
        ("QUARTER", ["2026-12-19", "2027-01-01"]),
        ("YEAR", ["2026-12-19", "2027-01-01"]),
    ],
)
def test_the_first_and_the_last_bucket_are_clipped(every: str, expected: list[str]):
    spans = buckets(at("2026-12-19T12:00"), at("2027-01-06T05:30"), every, UTC_ZONE)
    assert [f"{start:%Y-%m-%d}" for start, _ in spans] == expected
    assert (spans[0][0], spans[-1][1]) == (at("2026-12-19T12:00"), at("2027-01-06T05:30"))
    assert {start.hour for start, _ in spans[1:]} == {0}


def test_quarters_and_months_begin_on_their_first_local_day():
    new_york = ZoneInfo("America/New_York")
    quarters = ["2026-02-01T00:00", "2026-04-01T04:00", "2026-07-01T04:00", "2026-10-01T04:00", "2027-01-01T05:00"]
    assert starts("2026-02-01T00:00", "2027-02-01T00:00", "QUARTER", new_york) == quarters
    months = starts("2026-01-01T05:00", "2027-01-01T05:00", "MONTH", new_york)
    assert [month[5:] for month in months[1:4]] == ["02-01T05:00", "03-01T05:00", "04-01T04:00"]
    assert len(months) == 12


def test_an_empty_range_has_no_buckets():
    assert series([], at("09:00:00"), at("09:00:00"), "DAY", BERLIN, {"events"}) == []


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "Pacific/Chatham", "America/St_Johns"])
@pytest.mark.parametrize("start", ["2026-03-07T00:07", "2026-04-03T23:50", "2026-09-26T05:00", "2026-10-31T12:34"])
def test_hours_begin_where_a_look_at_every_minute_finds_them(zone: str, start: str):
    def local(minute: datetime) -> datetime:
        return minute.astimezone(ZoneInfo(zone))

    minutes = [at(start) + timedelta(minutes=number) for number in range(2 * 24 * 60)]
    expected = [minutes[0]]
    for before, minute in pairwise(minutes):
        if local(minute).minute == 0 or local(minute).utcoffset() != local(before).utcoffset():
            expected.append(minute)
    spans = buckets(minutes[0], minutes[-1], "HOUR", ZoneInfo(zone))
    assert [begin for begin, _ in spans] == [minute for minute in expected if minute < minutes[-1]]


def test_events_beyond_the_range_are_in_no_bucket():
    events = [event("08:59:00"), event("09:01:00"), event("10:00:00")]
    found = series(events, at("09:00:00"), at("10:00:00"), "HOUR", UTC_ZONE, {"events", "tracked_seconds"})
    assert [values for _, _, values in found] == [{"events": 1, "tracked_seconds": 0.0}]
