"""The reference against literals: active seconds."""

from typing import Any

import pytest

from tests.metrics.reference import Event, groups, measure
from tests.metrics.reference_events import UTC_ZONE, at, by, event, hours, value, work


def during(events: list[Event], start: str, end: str) -> Any:
    return measure(events, {"active_seconds"}, (at(start), at(end)))["active_seconds"]


@pytest.mark.parametrize(("pause", "seconds"), [(0, 0), (1, 1), (300, 300), (300.000001, 0), (7200, 0)])
def test_pauses_of_up_to_300_seconds_are_active(pause: float, seconds: float):
    assert value(work("09:00:00", [pause]), "active_seconds") == seconds


def test_a_persons_sessions_count_once_together():
    one, other = work("09:00:00", [100] * 6), work("09:00:50", [100] * 6, session="t")
    assert value(one + other, "active_seconds") == 650.0
    assert by(one + other, "SESSION", "active_seconds") == {("P", "s"): 350.0, ("P", "t"): 300.0}
    others = [event(each.ts, user="Q") for each in other]
    assert value(one + others, "active_seconds") == 1200.0


def test_passive_events_are_left_out():
    events = [event("09:00:00"), event("09:01:00", "b.com", type="blur"), event("09:02:00"), event("09:30:00")]
    assert by(events, "DOMAIN", "active_seconds") == {"a.com": 120.0, "b.com": 0.0}
    assert value([event("09:00:00"), event("09:04:00", type="idle"), event("09:08:00")], "active_seconds") == 0.0


def test_anonymous_events_are_nobodys():
    events = [event("09:00:00", user=None, organization=None), event("09:01:00", user=None, organization=None)]
    assert value(events, "active_seconds") == 0.0


def test_a_gap_across_an_end_of_the_range_is_cut_there():
    # Given events 300 s apart around nine, and 240 s apart around ten
    events = [event("08:58:00", "a.com"), event("09:03:00", "b.com"), event("09:58:00"), event("10:02:00")]
    # Then each hour has its share, and the first belongs to the domain before
    assert during(events, "08:00:00", "09:00:00") == 120.0
    assert during(events, "09:00:00", "10:00:00") == 180.0 + 120.0
    assert during(events, "10:00:00", "11:00:00") == 120.0
    assert during(events, "08:00:00", "11:00:00") == 540.0
    assert hours(events, "08:00:00", "11:00:00", "active_seconds") == [120.0, 300.0, 120.0]
    found = groups(events, ("DOMAIN",), UTC_ZONE, {"events", "active_seconds"}, (at("09:00:00"), at("09:30:00")))
    assert found == {
        ("a.com",): {"events": 0, "active_seconds": 180.0},
        ("b.com",): {"events": 1, "active_seconds": 0.0},
    }


def test_a_range_within_a_gap_is_active_throughout():
    assert during([event("08:58:00"), event("09:03:00")], "09:00:00", "09:01:00") == 60.0
    assert during([event("08:58:00"), event("09:03:00.000001")], "09:00:00", "09:01:00") == 0.0
