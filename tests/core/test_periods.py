"""Periods: what each preset spans, in zones whose clocks change, and which ranges are refused."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.periods import PRESETS, PeriodPreset, TimeRange, between, last, preset

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
KIRITIMATI = ZoneInfo("Pacific/Kiritimati")


def utc(text: str) -> datetime:
    """An instant, written in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# On the Sunday on which Berlin's clocks go from 02:00 to 03:00.
ON_A_SPRING_SUNDAY = {
    PeriodPreset.TODAY: ("2026-03-28T23:00", "2026-03-29T22:00"),
    PeriodPreset.YESTERDAY: ("2026-03-27T23:00", "2026-03-28T23:00"),
    PeriodPreset.LAST_7_DAYS: ("2026-03-22T23:00", "2026-03-29T22:00"),
    PeriodPreset.LAST_30_DAYS: ("2026-02-27T23:00", "2026-03-29T22:00"),
    PeriodPreset.THIS_WEEK: ("2026-03-22T23:00", "2026-03-29T22:00"),
    PeriodPreset.LAST_WEEK: ("2026-03-15T23:00", "2026-03-22T23:00"),
    PeriodPreset.THIS_MONTH: ("2026-02-28T23:00", "2026-03-31T22:00"),
    PeriodPreset.LAST_MONTH: ("2026-01-31T23:00", "2026-02-28T23:00"),
    PeriodPreset.THIS_YEAR: ("2025-12-31T23:00", "2026-12-31T23:00"),
}


@pytest.mark.parametrize("key", PeriodPreset)
def test_presets_span_whole_local_days(key: PeriodPreset):
    start, end = ON_A_SPRING_SUNDAY[key]

    assert preset(key, utc("2026-03-29T10:00"), BERLIN) == TimeRange(utc(start), utc(end))


@pytest.mark.parametrize(
    ("key", "now", "zone", "start", "end"),
    [
        # It is another day there.
        (PeriodPreset.TODAY, "2026-08-03T23:30", BERLIN, "2026-08-03T22:00", "2026-08-04T22:00"),
        (PeriodPreset.TODAY, "2026-08-03T02:00", NEW_YORK, "2026-08-02T04:00", "2026-08-03T04:00"),
        (PeriodPreset.TODAY, "2026-08-03T18:14", KATHMANDU, "2026-08-02T18:15", "2026-08-03T18:15"),
        (PeriodPreset.TODAY, "2026-08-03T18:15", KATHMANDU, "2026-08-03T18:15", "2026-08-04T18:15"),
        (PeriodPreset.THIS_YEAR, "2025-12-31T10:00", KIRITIMATI, "2025-12-31T10:00", "2026-12-31T10:00"),
        # Days of 23 and 25 hours.
        (PeriodPreset.TODAY, "2026-03-08T12:00", NEW_YORK, "2026-03-08T05:00", "2026-03-09T04:00"),
        (PeriodPreset.TODAY, "2026-11-01T12:00", NEW_YORK, "2026-11-01T04:00", "2026-11-02T05:00"),
        (PeriodPreset.YESTERDAY, "2026-10-26T12:00", BERLIN, "2026-10-24T22:00", "2026-10-25T23:00"),
        # A midnight that does not exist: Cairo's clocks go from 00:00 to 01:00.
        (PeriodPreset.TODAY, "2026-04-24T12:00", ZoneInfo("Africa/Cairo"), "2026-04-23T22:00", "2026-04-24T21:00"),
        # A midnight that comes twice: Havana's clocks go from 01:00 back to 00:00.
        (PeriodPreset.TODAY, "2026-11-01T12:00", ZoneInfo("America/Havana"), "2026-11-01T04:00", "2026-11-02T05:00"),
        # Months and years across their ends; the leap day.
        (PeriodPreset.LAST_MONTH, "2026-01-15T12:00", ZoneInfo("UTC"), "2025-12-01T00:00", "2026-01-01T00:00"),
        (PeriodPreset.THIS_MONTH, "2026-12-31T23:59", ZoneInfo("UTC"), "2026-12-01T00:00", "2027-01-01T00:00"),
        (PeriodPreset.LAST_MONTH, "2028-03-31T12:00", ZoneInfo("UTC"), "2028-02-01T00:00", "2028-03-01T00:00"),
        # Weeks begin on Monday.
        (PeriodPreset.THIS_WEEK, "2026-08-03T00:00", ZoneInfo("UTC"), "2026-08-03T00:00", "2026-08-10T00:00"),
        (PeriodPreset.THIS_WEEK, "2026-08-02T23:59", ZoneInfo("UTC"), "2026-07-27T00:00", "2026-08-03T00:00"),
        (PeriodPreset.LAST_WEEK, "2026-01-01T00:00", ZoneInfo("UTC"), "2025-12-22T00:00", "2025-12-29T00:00"),
    ],
)
def test_presets_are_seen_from_the_zone(key: PeriodPreset, now: str, zone: ZoneInfo, start: str, end: str):
    assert preset(key, utc(now), zone) == TimeRange(utc(start), utc(end))


@given(
    now=st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the strategy's
    zone=st.sampled_from([BERLIN, NEW_YORK, KATHMANDU, KIRITIMATI, ZoneInfo("Pacific/Apia"), ZoneInfo("UTC")]),
)
@settings(max_examples=50)
def test_presets_fit_together(now: datetime, zone: ZoneInfo):
    found = {key: preset(key, now, zone) for key in PeriodPreset}

    today = found[PeriodPreset.TODAY]
    assert today.start <= now < today.end
    assert found[PeriodPreset.YESTERDAY].end == today.start
    for this, before in (
        (PeriodPreset.THIS_WEEK, PeriodPreset.LAST_WEEK),
        (PeriodPreset.THIS_MONTH, PeriodPreset.LAST_MONTH),
    ):
        assert found[this].start <= now < found[this].end
        assert found[before].end == found[this].start
    for key in (PeriodPreset.LAST_7_DAYS, PeriodPreset.LAST_30_DAYS):
        assert found[key].end == today.end
    assert all(moment.utcoffset() == timedelta(0) for part in found.values() for moment in (part.start, part.end))


def test_every_preset_has_words():
    assert set(PRESETS) == set(PeriodPreset)
    assert all(definition.label and definition.description.endswith(".") for definition in PRESETS.values())


def test_two_instants_become_a_range_in_utc():
    start = datetime(2026, 8, 3, 9, tzinfo=BERLIN)

    found = between(start, start + timedelta(days=400))

    assert found == TimeRange(utc("2026-08-03T07:00"), utc("2026-08-03T07:00") + timedelta(days=400))
    assert found.start.tzinfo is UTC


@pytest.mark.parametrize(
    ("length", "message"),
    [
        (timedelta(0), "after `start`"),
        (timedelta(microseconds=-1), "after `start`"),
        (timedelta(days=400, microseconds=1), "at most 400 days"),
    ],
)
def test_ranges_that_make_no_sense_are_refused(length: timedelta, message: str):
    start = utc("2026-08-03T09:00")

    with pytest.raises(InvalidInput, match=message) as refusal:
        between(start, start + length)

    assert refusal.value.field == "period.between"


def test_the_last_hours_end_now():
    now = utc("2026-08-03T09:00")

    assert last(timedelta(hours=1), now) == TimeRange(utc("2026-08-03T08:00"), now)
    assert last(timedelta(days=400), now).end == now


@pytest.mark.parametrize(
    ("duration", "message"),
    [
        (timedelta(0), "longer than nothing"),
        (timedelta(seconds=-1), "longer than nothing"),
        (timedelta(days=400, seconds=1), "at most 400 days"),
    ],
)
def test_durations_that_make_no_sense_are_refused(duration: timedelta, message: str):
    with pytest.raises(InvalidInput, match=message) as refusal:
        last(duration, utc("2026-08-03T09:00"))

    assert refusal.value.field == "period.last"


def test_a_preset_counts_no_events_that_are_more_than_five_minutes_ahead():
    seen = [preset(PeriodPreset.TODAY, utc(now), ZoneInfo("UTC")) for now in ("2026-08-03T09:00", "2026-08-03T23:56")]
    past = preset(PeriodPreset.YESTERDAY, utc("2026-08-03T09:00"), ZoneInfo("UTC"))

    assert [each.counted.end for each in seen] == [utc("2026-08-03T09:05"), utc("2026-08-04T00:00")]
    assert {(each.start, each.end) for each in seen} == {(utc("2026-08-03T00:00"), utc("2026-08-04T00:00"))}
    assert past.counted == past
