"""The steps of rules: firing, being over, holding for a while, quiet hours."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from core.alerts.conditions import AlertComparison, Reading, checked_condition
from core.alerts.quiet_hours import checked_quiet_hours
from core.alerts.states import PastAlert, RuleLogic, replay

START = datetime(2026, 11, 28, tzinfo=UTC)
ABOVE_10 = checked_condition(AlertComparison.ABOVE, 10, 5)


def at(minutes: int) -> datetime:
    """So many minutes after the start."""
    return START + timedelta(minutes=minutes)


def alerts(logic: RuleLogic, values: Sequence[float | None]) -> list[PastAlert]:
    """The alerts of a rule that is evaluated each minute, with these values."""
    return replay(logic, [(at(minute), Reading(value)) for minute, value in enumerate(values)])


def test_alert_fires_once_and_is_over_at_its_lower_limit():
    found = alerts(RuleLogic(ABOVE_10), [1, 11, 12, 6, 11, 5, 11])
    assert found == [PastAlert(at(1), at(5)), PastAlert(at(6), None)]


def test_condition_must_hold_for_a_while():
    logic = RuleLogic(ABOVE_10, hold=timedelta(minutes=2))
    assert alerts(logic, [11, 11, 1, 11, 11, 11, 1]) == [PastAlert(at(5), at(6))]


def test_quiet_hours_put_off_both_ends():
    quiet = checked_quiet_hours(time(0, 2), time(0, 5), None, ZoneInfo("UTC"))
    logic = RuleLogic(ABOVE_10, quiet_hours=quiet)
    assert alerts(logic, [1, 1, 11, 11, 11, 11, 1]) == [PastAlert(at(5), at(6))]
    assert alerts(logic, [1, 11, 1, 1, 1, 1, 11]) == [PastAlert(at(1), at(5)), PastAlert(at(6), None)]
    assert alerts(logic, [1, 1, 11, 11, 1, 1]) == []
    assert alerts(logic, [1, 11, 1, 11, 11, 11, 1]) == [PastAlert(at(1), at(6))]


@given(st.lists(st.none() | st.integers(0, 15), max_size=40), st.integers(0, 3))
def test_alerts_are_those_of_the_definition(values: list[int | None], hold: int):
    """The reference: marks each minute as holding or not by looking back, then reads alerts off the marks."""
    holding = []
    for end in range(len(values)):
        decisive = [v for v in values[: end + 1] if v is not None and (v > 10 or v <= 5)]
        holding.append(bool(decisive) and decisive[-1] > 10)
    expected: list[PastAlert] = []
    since: int | None = None
    firing = False
    for minute, holds in enumerate(holding):
        since = (minute if since is None else since) if holds else None
        if firing and not holds:
            expected[-1] = PastAlert(expected[-1].fired_at, at(minute))
            firing = False
        elif not firing and since is not None and minute - since >= hold:
            expected.append(PastAlert(at(minute), None))
            firing = True
    assert alerts(RuleLogic(ABOVE_10, hold=timedelta(minutes=hold)), values) == expected
