"""The schedule of rules: intervals, windows, previews."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.alerts.schedule import (
    checked_window,
    interval_of,
    latest_evaluation,
    preview_schedule,
    window_before,
)
from core.errors import InvalidInput
from core.limits import BUCKETS

MINUTES = st.integers(5, 31 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
START = datetime(2020, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 20 * 365 * 86_400).map(lambda seconds: START + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("window", "interval"),
    [("5m", 5), ("6h", 5), ("361m", 15), ("48h", 15), ("2881m", 60), ("744h", 60)],
)
def test_longer_windows_are_looked_at_less_often(window, interval):
    unit = {"m": timedelta(minutes=1), "h": timedelta(hours=1)}[window[-1]]
    assert interval_of(int(window[:-1]) * unit) == timedelta(minutes=interval)


@pytest.mark.parametrize(
    "window", [timedelta(minutes=4), timedelta(days=31, minutes=1), timedelta(minutes=5, seconds=1)]
)
def test_other_windows_are_refused(window):
    with pytest.raises(InvalidInput, match="PT5M to P31D"):
        checked_window(window)


@given(INSTANTS, MINUTES)
def test_evaluations_lie_on_the_same_instants_everywhere(at, window):
    interval = interval_of(window)
    last = latest_evaluation(at, interval)
    assert timedelta(0) <= at - last < interval
    assert last.timestamp() % interval.total_seconds() == 0
    assert window_before(last, window).end - window_before(last, window).start == window


@given(INSTANTS, MINUTES)
def test_preview_covers_thirty_days_by_few_series_of_windows_side_by_side(at, window):
    schedule = preview_schedule(at, window)
    assert at - schedule.ends[-1] < timedelta(minutes=1)
    assert (
        timedelta(days=30) - schedule.step <= schedule.ends[-1] - schedule.ends[0] + schedule.step <= timedelta(days=30)
    )
    assert len(schedule.passes) <= 8
    assert sorted(number for numbers in schedule.passes for number in numbers) == list(range(len(schedule.ends)))
    for numbers in schedule.passes:
        buckets = schedule.buckets(numbers)
        assert len(buckets) <= BUCKETS
        assert all(bucket.end - bucket.start == window for bucket in buckets)
        assert all(first.end <= second.start for first, second in pairwise(buckets))
