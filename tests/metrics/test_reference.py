from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.metrics.reference import SPLITS, Event, deep_work, groups, measure, series
from tests.metrics.reference_time import buckets

UTC_ZONE = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
DIMENSIONS = (
    *("DOMAIN", "URL", "EVENT_TYPE", "EXTENSION_USER", "ORGANIZATION", "SESSION", "HOUR_OF_DAY", "DAY_OF_WEEK"),
)
_id = count(1)


def at(text: str) -> datetime:
    """A time in UTC; of Monday, 3 August 2026 if no date is given."""
    return datetime.fromisoformat(text if "T" in text else f"2026-08-03T{text}").replace(tzinfo=UTC)


def event(ts: str | datetime, domain: str | None = "a.com", **changes: Any) -> Event:
    values: dict[str, Any] = {
        "user": "P",
        "organization": "Acme",
        "ts": at(ts) if isinstance(ts, str) else ts,
        "id": next(_id),
        "session": "s",
        "type": "click",
        "url": "" if domain is None else f"https://{domain}/",
        "domain": domain,
    }
    return Event(**values | changes)


def work(start: str, pauses: Iterable[float], domains: Iterable[str | None] = (), **changes: Any) -> list[Event]:
    """Active events at `start` and after each pause; in a.com where `domains` name no other."""
    times = [at(start)]
    for pause in pauses:
        times.append(times[-1] + timedelta(seconds=pause))
    named = iter(domains)
    return [event(ts, next(named, "a.com"), **changes) for ts in times]


def value(events: list[Event], name: str) -> Any:
    return measure(events, {name})[name]


def by(events: list[Event], dimension: str, name: str, zone: ZoneInfo = UTC_ZONE) -> dict[Any, Any]:
    """One measure of each group of one dimension."""
    return {key[0]: values[name] for key, values in groups(events, (dimension,), zone, {name}).items()}


def hours(events: list[Event], start: str, end: str, name: str) -> list[Any]:
    return [values[name] for _, _, values in series(events, at(start), at(end), "HOUR", UTC_ZONE, {name})]


def starts(start: str, end: str, every: str, zone: ZoneInfo) -> list[str]:
    return [f"{begin:%Y-%m-%dT%H:%M}" for begin, _ in buckets(at(start), at(end), every, zone)]


def lengths(start: str, end: str, every: str, zone: ZoneInfo) -> list[float]:
    """The hours that each bucket lasts."""
    return [(until - begin) / timedelta(hours=1) for begin, until in buckets(at(start), at(end), every, zone)]


EXAMPLE = [
    event("09:00:00", "a.com", type="pageshow", url="https://a.com/1"),
    event("09:00:30", "a.com", type="click", url="https://a.com/1"),
    event("09:02:00", "a.com", type="blur", url="https://a.com/1"),
    event("09:03:10", "b.com", type="focus", url="https://b.com/"),
    event("09:20:00", "b.com", type="click", url="https://b.com/"),
]


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
        "session_seconds": {"average": 1200.0, "p50": 1200.0, "p95": 1200.0, "longest": 1200.0},
        "context_switches": 1,
        "deep_work_sessions": 0,
        "deep_work_seconds": 0.0,
        "deep_work_rate": 0.0,
    }
    assert by(EXAMPLE, "DOMAIN", "tracked_seconds") == {"a.com": 190.0, "b.com": 1010.0}
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


def test_an_event_out_of_range_is_refused():
    with pytest.raises(ValueError, match="out of range"):
        series([event("10:00:00")], at("09:00:00"), at("10:00:00"), "HOUR", UTC_ZONE, {"events"})


@pytest.mark.parametrize(
    ("name", "possible"),
    [
        ("engagement_rate", set(DIMENSIONS)),
        ("tracked_seconds", set(DIMENSIONS) - {"EVENT_TYPE"}),
        ("session_seconds", {"EXTENSION_USER", "ORGANIZATION", "SESSION"}),
        ("context_switches", {"EXTENSION_USER", "ORGANIZATION", "HOUR_OF_DAY", "DAY_OF_WEEK"}),
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
    for name in ("tracked_seconds", "deep_work_seconds", "context_switches"):
        whole = value(events, name)
        assert whole > 0
        for dimension in ("HOUR_OF_DAY", "DAY_OF_WEEK", "EXTENSION_USER", "ORGANIZATION"):
            assert sum(by(events, dimension, name, LORD_HOWE).values()) == pytest.approx(whole)
        for every in ("QUARTER_HOUR", "HOUR", "DAY"):
            answers: list[Any] = [values[name] for *_, values in series(events, start, end, every, LORD_HOWE, {name})]
            assert sum(answers) == pytest.approx(whole)
    for dimension in ("DOMAIN", "URL", "SESSION"):
        assert sum(by(events, dimension, "tracked_seconds").values()) == pytest.approx(value(events, "tracked_seconds"))
    assert sum(by(events, "DOMAIN", "deep_work_seconds").values()) == pytest.approx(value(events, "deep_work_seconds"))
