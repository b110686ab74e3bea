"""The reference against literals: blocks of deep work."""

import pytest

from tests.metrics.reference import deep_work, groups
from tests.metrics.reference_events import UTC_ZONE, at, by, event, hours, value, work


@pytest.mark.parametrize(
    ("pauses", "blocks"),
    [
        ([*[160] * 8, 220], 1),  # ten events in 25 minutes
        ([*[160] * 8, 219.999999], 0),
        ([187.5] * 8, 0),  # nine events
        ([*[150] * 5, 300, *[150] * 5], 1),
        ([*[150] * 5, 300.000001, *[150] * 5], 0),
        ([*[150] * 10, 301, *[150] * 10], 2),
    ],
)
def test_what_makes_a_block(pauses: list[float], blocks: int):
    events = work("09:00:00", pauses)
    assert value(events, "deep_work_sessions") == blocks == len(deep_work(events))


def test_passive_events_do_not_bridge_a_pause():
    events = work("09:00:00", [*[150] * 5, 301, *[150] * 5])
    assert value([*events, event("09:14:00", type="blur")], "deep_work_sessions") == 0


def test_a_block_is_one_persons_whatever_the_session():
    first, second = work("09:00:00", [120] * 6, session="s"), work("09:13:00", [120] * 6, session="t")
    assert value(first + second, "deep_work_seconds") == 1500.0
    others = [event(e.ts, user="Q") for e in second]
    assert value(first + others, "deep_work_seconds") == 0.0


@pytest.mark.parametrize(("switches", "level"), [(0, "HIGH"), (5, "HIGH"), (6, "MEDIUM"), (15, "MEDIUM"), (16, "LOW")])
def test_focus_level(switches: int, level: str):
    domains = ["ab"[min(number, switches) % 2] for number in range(25)]
    (block,) = deep_work(work("09:00:00", [150] * 24, domains))
    assert (block.context_switches, block.switches_per_hour, block.focus_level) == (switches, switches, level)


def test_a_block_in_full():
    # Given a jump into the block, which is no switch inside it, half an hour of work, and a stop elsewhere at its end
    domains = ["z.com", "b.com", "a.com", None, *["c.com"] * 12, "d.com"]
    events = work("08:54:59", [301, *[120] * 15], domains)
    (block,) = deep_work(events)
    assert (block.user, block.start, block.end) == ("P", at("09:00:00"), at("09:30:00"))
    assert (block.seconds, block.events, block.context_switches) == (1800.0, 16, 4)
    assert (block.switches_per_hour, block.focus_level) == (8.0, "MEDIUM")
    assert block.domains == [("c.com", 1440.0), ("a.com", 120.0), ("b.com", 120.0), ("d.com", 0.0)]


def test_blocks_are_in_order_of_time_then_person():
    late, ours, theirs, nobodys = (
        work(start, [150] * 10, user=user)
        for start, user in (("12:00:00", "A"), ("09:00:00", "P"), ("09:00:00", "Q"), ("09:00:00", None))
    )
    assert [block.user for block in deep_work(late + theirs + ours + nobodys)] == ["P", "Q", "A"]


def test_deep_work_is_cut_at_the_hour():
    events = work("09:50:00", [120] * 15)
    assert by(events, "HOUR_OF_DAY", "deep_work_seconds") == {9: 600.0, 10: 1200.0}
    assert by(events, "HOUR_OF_DAY", "deep_work_sessions") == {9: 1, 10: 1}
    assert by(events, "DAY_OF_WEEK", "deep_work_sessions") == {1: 1}
    assert hours(events, "08:30:00", "11:00:00", "deep_work_seconds") == [0.0, 600.0, 1200.0]
    assert hours(events, "08:30:00", "11:00:00", "deep_work_sessions") == [0, 1, 1]


def test_a_block_that_ends_on_the_hour_is_not_in_the_next():
    events = work("09:30:00", [120] * 15, ["a.com"] * 15 + ["b.com"])
    assert by(events, "HOUR_OF_DAY", "deep_work_sessions") == {9: 1, 10: 0}
    assert hours(events, "09:00:00", "11:00:00", "deep_work_sessions") == [1, 0]
    # The domain it ends in has an event of the block, and no time of it.
    assert by(events, "DOMAIN", "deep_work_sessions") == {"a.com": 1, "b.com": 1}
    assert by(events, "DOMAIN", "deep_work_seconds") == {"a.com": 1800.0, "b.com": 0.0}
    combined = groups(events, ("DOMAIN", "HOUR_OF_DAY"), UTC_ZONE, {"deep_work_sessions"})
    assert combined == {("a.com", 9): {"deep_work_sessions": 1}, ("b.com", 10): {"deep_work_sessions": 0}}


def test_deep_work_rate():
    events = work("09:30:00", [120] * 15)
    assert value(events, "deep_work_rate") == 187.5  # thirty minutes' work in sixteen minutes with an event
    assert by(events, "HOUR_OF_DAY", "deep_work_rate") == {9: 200.0, 10: 0.0}
    assert hours(events, "09:00:00", "12:00:00", "deep_work_rate") == [200.0, 0.0, None]


def test_a_group_may_have_time_and_no_event():
    # Given half an hour's work that leaves a.com at 10:01, having been there since 09:59
    events = work("09:35:00", [120] * 15, ["a.com"] * 13 + ["b.com"] * 3)
    measures = {"events", "tracked_seconds", "deep_work_seconds", "deep_work_rate", "engagement_rate"}
    answers = groups(events, ("DOMAIN", "HOUR_OF_DAY"), UTC_ZONE, measures)
    assert answers["a.com", 10] == {
        "events": 0,
        "tracked_seconds": 60.0,
        "deep_work_seconds": 60.0,
        "deep_work_rate": None,
        "engagement_rate": None,
    }
    assert answers.keys() == {("a.com", 9), ("a.com", 10), ("b.com", 10)}
    assert groups(events, ("DOMAIN", "HOUR_OF_DAY"), UTC_ZONE, {"events"}).keys() == {("a.com", 9), ("b.com", 10)}


def test_deep_work_of_people_and_organizations():
    events = work("09:00:00", [150] * 10) + work("09:00:00", [150] * 12, user="Q") + work("09:00:00", [9], user="R")
    assert by(events, "EXTENSION_USER", "deep_work_seconds") == {"P": 1500.0, "Q": 1800.0, "R": 0.0}
    assert by(events, "ORGANIZATION", "deep_work_sessions") == {"Acme": 2}
    both = groups(events, ("EXTENSION_USER", "DOMAIN"), UTC_ZONE, {"deep_work_sessions"})
    assert [both[user, "a.com"]["deep_work_sessions"] for user in "PQR"] == [1, 1, 0]
