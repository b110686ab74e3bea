"""The reference against literals: measures of events, sessions and context switches; groups."""

from random import Random
from typing import Any

import pytest

from tests.metrics.reference import SPLITS, deep_work, groups, measure, series
from tests.metrics.reference_events import (
    BERLIN,
    DIMENSIONS,
    EXAMPLE,
    LORD_HOWE,
    UTC_ZONE,
    at,
    by,
    event,
    hours,
    value,
    work,
)


def test_the_worked_example():
    assert measure(EXAMPLE, set(SPLITS)) == {
        "events": 5,
        "active_events": 4,
        "users": 1,
        "sessions": 1,
        "unique_domains": 2,
        "unique_urls": 2,
        "tracked_minutes": 4,
        "engaged_minutes": 3,
        "idle_minutes": 1,
        "engagement_rate": 75.0,
        "tracked_seconds": 1200.0,
        "active_seconds": 190.0,
        "session_seconds": {"average": 1200.0, "p50": 1200.0, "p95": 1200.0, "longest": 1200.0},
        "context_switches": 1,
        "deep_work_sessions": 0,
        "deep_work_seconds": 0.0,
        "deep_work_rate": 0.0,
    }
    assert by(EXAMPLE, "DOMAIN", "tracked_seconds") == {"a.com": 190.0, "b.com": 1010.0}
    assert by(EXAMPLE, "DOMAIN", "active_seconds") == {"a.com": 190.0, "b.com": 0.0}
    assert deep_work(EXAMPLE) == []


def test_events_in_any_order_give_the_same():
    assert measure(EXAMPLE[::-1], set(SPLITS)) == measure(EXAMPLE, set(SPLITS))


def test_nothing_gives_zeros_and_no_rates():
    nothing = measure([], set(SPLITS))
    session_seconds = nothing.pop("session_seconds")
    assert session_seconds == {"average": None, "p50": None, "p95": None, "longest": None}
    assert (nothing.pop("engagement_rate"), nothing.pop("deep_work_rate")) == (None, None)
    assert set(nothing.values()) == {0}
    assert groups([], ("DOMAIN", "HOUR_OF_DAY"), UTC_ZONE, set(SPLITS) - {"session_seconds", "context_switches"}) == {}


def test_only_what_was_asked_for_is_answered():
    assert measure(EXAMPLE, {"users"}) == {"users": 1}


def test_a_time_that_is_not_in_utc_is_refused():
    with pytest.raises(ValueError, match="UTC"):
        event(at("09:00:00").astimezone(BERLIN))


@pytest.mark.parametrize("kind", ["blur", "visibility_hidden", "idle"])
def test_passive_types_are_tracked_and_not_engaged(kind: str):
    events = [event("09:00:00"), event("09:01:00", "b.com", type=kind), event("09:02:00")]
    expected = {"active_events": 2, "engaged_minutes": 2, "idle_minutes": 1, "context_switches": 0}
    assert measure(events, set(expected)) == expected


@pytest.mark.parametrize(
    "kind", ["pageshow", "click", "focus", "keyup", "keydown", "scrollend", "pagehide", "visibility_visible"]
)
def test_active_types_are_engaged(kind: str):
    assert measure([event("09:00:00", type=kind)], {"active_events", "idle_minutes"}) == {
        "active_events": 1,
        "idle_minutes": 0,
    }


def test_a_minute_counts_once_per_person():
    events = [event("09:00:00"), event("09:00:59.999", "b.com"), event("09:00:30", user="Q"), event("09:01:00")]
    assert value(events, "tracked_minutes") == 3
    assert by(events, "DOMAIN", "tracked_minutes") == {"a.com": 3, "b.com": 1}


def test_a_session_id_is_one_persons_only():
    events = [event("09:00:00"), event("09:10:00"), event("09:30:00", user="Q"), event("09:31:00", user="Q")]
    assert measure(events, {"sessions", "tracked_seconds"}) == {"sessions": 2, "tracked_seconds": 660.0}
    assert by(events, "SESSION", "tracked_seconds") == {("P", "s"): 600.0, ("Q", "s"): 60.0}


def test_sessions_of_one_person_may_overlap():
    events = [event("09:00:00"), event("09:10:00"), event("09:05:00", session="t"), event("09:06:00", session="t")]
    assert value(events, "tracked_seconds") == 660.0


def test_no_domain_and_no_url_count_for_none():
    events = [event("09:00:00", None), event("09:00:10", "a.com"), event("09:00:30", "a.com")]
    assert measure(events, {"unique_domains", "unique_urls"}) == {"unique_domains": 1, "unique_urls": 1}
    assert by(events, "DOMAIN", "tracked_seconds") == {"a.com": 20.0}
    assert by(events, "URL", "events") == {"https://a.com/": 2}
    assert value(events, "tracked_seconds") == 30.0


def test_anonymous_events_are_one_further_person():
    # Given the events of two anonymous sessions, twenty seconds apart and in one minute, and somebody's
    nobody: dict[str, Any] = {"user": None, "organization": None}
    events = [
        event("09:00:00", "a.com", **nobody, session="x"),
        event("09:00:20", "b.com", **nobody, session="y"),
        event("09:00:40"),
    ]
    expected = {"users": 1, "sessions": 3, "tracked_minutes": 2, "context_switches": 0, "tracked_seconds": 0.0}
    # Then
    assert measure(events, set(expected)) == expected
    assert by(events, "EXTENSION_USER", "events") == {"P": 1}
    assert by(events, "ORGANIZATION", "context_switches") == {"Acme": 0}
    assert by(events, "SESSION", "events") == {(None, "x"): 1, (None, "y"): 1, ("P", "s"): 1}


def test_percentiles_are_interpolated():
    pairs = [(f"s{length}", length) for length in (40, 0, 10, 20)]
    events = [e for name, length in pairs for e in work("09:00:00", [length], session=name)]
    # p50 lies half-way between 10 and 20; p95 at 0.95 x 3 = 2.85, so 85 % of the way from 20 to 40.
    assert value(events, "session_seconds") == {"average": 17.5, "p50": 15.0, "p95": 37.0, "longest": 40.0}


def test_session_seconds_of_groups():
    events = work("09:00:00", [60]) + work("10:00:00", [30], session="t") + work("09:00:00", [], user="Q")
    assert {user: seconds["longest"] for user, seconds in by(events, "EXTENSION_USER", "session_seconds").items()} == {
        "P": 60.0,
        "Q": 0.0,
    }
    assert by(events, "ORGANIZATION", "session_seconds")["Acme"]["average"] == 30.0
    assert by(events, "SESSION", "session_seconds")["P", "t"]["p95"] == 30.0


def test_ties_are_broken_by_id():
    first, second = event("09:00:00", "a.com", id=1), event("09:00:00", "b.com", id=2)
    events = [second, first, event("09:01:00", "b.com", id=0)]
    assert by(events, "DOMAIN", "tracked_seconds") == {"a.com": 0.0, "b.com": 60.0}
    assert value(events, "context_switches") == 1


@pytest.mark.parametrize(
    ("pause", "domains", "switches"),
    [
        (300, ("a.com", "b.com"), 1),
        (300.000001, ("a.com", "b.com"), 0),
        (1, ("a.com", "a.com"), 0),
        (1, ("a.com", None), 1),
        (1, (None, "a.com"), 1),
        (1, (None, None), 0),
    ],
)
def test_context_switches(pause: float, domains: tuple[str | None, ...], switches: int):
    assert value(work("09:00:00", [pause], domains), "context_switches") == switches


def test_context_switches_are_a_persons_whatever_the_session():
    events = [event("09:00:00", "a.com"), event("09:00:10", "b.com", session="t")]
    assert value(events, "context_switches") == 1
    assert value([events[0], event("09:00:10", "b.com", user="Q")], "context_switches") == 0


def test_a_context_switch_falls_where_the_later_event_does():
    events = work("09:59:00", [60], ["a.com", "b.com"])
    assert by(events, "HOUR_OF_DAY", "context_switches") == {9: 0, 10: 1}
    assert hours(events, "09:00:00", "12:00:00", "context_switches") == [0, 1, 0]


@pytest.mark.parametrize(
    ("name", "possible"),
    [
        ("engagement_rate", set(DIMENSIONS)),
        ("tracked_seconds", set(DIMENSIONS) - {"EVENT_TYPE"}),
        ("active_seconds", set(DIMENSIONS) - {"EVENT_TYPE"}),
        ("session_seconds", {"EXTENSION_USER", "ORGANIZATION", "SESSION"}),
        ("context_switches", set(DIMENSIONS) - {"EVENT_TYPE", "SESSION"}),
        ("deep_work_sessions", {"DOMAIN", "EXTENSION_USER", "ORGANIZATION", "HOUR_OF_DAY", "DAY_OF_WEEK"}),
        ("deep_work_seconds", {"DOMAIN", "EXTENSION_USER", "ORGANIZATION", "HOUR_OF_DAY", "DAY_OF_WEEK"}),
        ("deep_work_rate", {"DOMAIN", "EXTENSION_USER", "ORGANIZATION", "HOUR_OF_DAY", "DAY_OF_WEEK"}),
    ],
)
def test_what_cannot_be_split_is_refused_by_name(name: str, possible: set[str]):
    for dimension in DIMENSIONS:
        if dimension in possible:
            assert groups(EXAMPLE, (dimension,), UTC_ZONE, {name})
        else:
            with pytest.raises(ValueError, match=f"{name} cannot be split by {dimension}"):
                groups(EXAMPLE, ("EXTENSION_USER", dimension), UTC_ZONE, {"events", name})


def test_session_seconds_have_no_series():
    with pytest.raises(ValueError, match="session_seconds cannot be split by DAY"):
        series([], at("09:00:00"), at("10:00:00"), "DAY", UTC_ZONE, {"session_seconds"})


@pytest.mark.parametrize("dimensions", [(), ("DOMAIN", "URL", "SESSION", "EVENT_TYPE"), ("COLOUR",)])
def test_groups_are_by_one_to_three_dimensions(dimensions: tuple[str, ...]):
    with pytest.raises(ValueError, match="one to three"):
        groups([], dimensions, UTC_ZONE, {"events"})


@pytest.mark.parametrize("seed", range(8))
def test_parts_add_up_to_the_whole(seed: int):
    # Given a busy evening of two people in two sessions each, while clocks go back by half an hour
    random = Random(seed)
    start, end = at("2026-04-04T11:10"), at("2026-04-04T18:20")
    times = sorted(start + random.random() * (end - start) for _ in range(500))
    events = [
        event(ts, random.choice(["a.com", "b.com"]), user=random.choice("PQ"), session=random.choice("st"))
        for ts in times
    ]
    # Then time and switches are the same in sum, however they are split
    for name in ("tracked_seconds", "active_seconds", "deep_work_seconds", "context_switches"):
        whole = value(events, name)
        assert whole > 0
        for dimension in ("HOUR_OF_DAY", "DAY_OF_WEEK", "EXTENSION_USER", "ORGANIZATION"):
            assert sum(by(events, dimension, name, LORD_HOWE).values()) == pytest.approx(whole)
        for every in ("QUARTER_HOUR", "HOUR", "DAY"):
            answers: list[Any] = [values[name] for *_, values in series(events, start, end, every, LORD_HOWE, {name})]
            assert sum(answers) == pytest.approx(whole)
    for dimension in ("DOMAIN", "URL", "SESSION"):
        for name in ("tracked_seconds", "active_seconds"):
            assert sum(by(events, dimension, name).values()) == pytest.approx(value(events, name))
    assert sum(by(events, "DOMAIN", "deep_work_seconds").values()) == pytest.approx(value(events, "deep_work_seconds"))
