"""Conditions of alerts: limits, hysteresis, changes, no data."""

import pytest

from core.alerts.conditions import AlertComparison, Reading, checked_condition
from core.errors import InvalidInput

ABOVE, BELOW, RISE, FALL, NO_DATA = (
    AlertComparison.ABOVE,
    AlertComparison.BELOW,
    AlertComparison.RISE,
    AlertComparison.FALL,
    AlertComparison.NO_DATA,
)


@pytest.mark.parametrize(
    ("comparison", "limit", "clear_at", "values", "expected"),
    [
        (ABOVE, 100, 80, [90, 101, 95, 80.5, 80, 90, 100], [0, 1, 1, 1, 0, 0, 0]),
        (ABOVE, 100, None, [100, 100.5, 100], [0, 1, 0]),
        (BELOW, 10, 20, [15, 9, 15, 19.5, 20, 15], [0, 1, 1, 1, 0, 0]),
        (BELOW, 0, None, [0, -1, 0], [0, 1, 0]),
        (ABOVE, 100, None, [None, 101, None, 99, None], [0, 1, 1, 0, 0]),
        (NO_DATA, None, None, [1, 0, None, 2], [0, 1, 1, 0]),
    ],
)
def test_condition_holds_until_it_is_over(comparison, limit, clear_at, values, expected):
    condition = checked_condition(comparison, limit, clear_at)
    held, found = False, []
    for value in values:
        held = condition.holds(Reading(value), held=held)
        found.append(held)
    assert found == [bool(each) for each in expected]


@pytest.mark.parametrize(
    ("comparison", "limit", "value", "before", "holds"),
    [
        (RISE, 50, 151, 100, True),
        (RISE, 50, 150, 100, False),
        (RISE, 50, 49, 100, False),
        (FALL, 50, 49, 100, True),
        (FALL, 50, 50, 100, False),
        (FALL, 99, 0, 100, True),
        (RISE, 50, 100, 0, False),
        (FALL, 50, 0, 0, False),
        (RISE, 50, None, 100, False),
        (FALL, 50, 1, None, False),
    ],
)
def test_change_is_in_percent_of_the_window_before(comparison, limit, value, before, holds):
    assert checked_condition(comparison, limit, None).holds(Reading(value, before), held=False) is holds


def test_change_without_anything_before_leaves_all_as_it_was():
    condition = checked_condition(RISE, 50, 20)
    assert condition.holds(Reading(5, 0), held=True)
    assert not condition.holds(Reading(5, 0), held=False)


@pytest.mark.parametrize(
    ("comparison", "limit", "clear_at", "message"),
    [
        (NO_DATA, 1, None, "has no limit"),
        (NO_DATA, None, 1, "has no limit"),
        (ABOVE, None, None, "needs a `limit`"),
        (RISE, 0, None, "percentage above 0"),
        (FALL, 100, None, "below 100"),
        (RISE, 1e9, None, "percentage above 0"),
        (ABOVE, 10, 11, "lower `clearAt`"),
        (FALL, 10, 11, "lower `clearAt`"),
        (BELOW, 10, 9, "raise `clearAt`"),
        (RISE, float("nan"), None, "percentage above 0"),
    ],
)
def test_limits_that_make_no_sense_are_refused(comparison, limit, clear_at, message):
    with pytest.raises(InvalidInput, match=message):
        checked_condition(comparison, limit, clear_at)
