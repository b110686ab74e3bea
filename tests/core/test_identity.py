from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.events import ANONYMOUS, Event, EventRules, RawEvent
from core.identity import OccurrenceCounter, id_from
from tests.world import at, moment

ADA, BEN = UUID(int=1), UUID(int=2)
RULES = EventRules(ahead=timedelta(days=366), behind=timedelta(days=366))
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)


def accepted(**members: Any) -> Event:
    raw = RawEvent(**({"session_id": "s1", "ts": at("09:00:00"), "type": "focus", "url": "https://a.com/"} | members))
    return RULES.check(raw, moment("12:00:00"))


EVENTS = st.builds(
    accepted,
    session_id=TEXT.filter(bool),
    ts=st.sampled_from([at("09:00:00"), at("09:00:01"), at("09:00:00.000")]),
    type=st.sampled_from(["focus", "blur"]),
    url=TEXT,
    x=st.none() | st.integers(0, 30),
    y=st.none() | st.integers(0, 30),
    event_id=st.none() | st.sampled_from(["e1", "e2"]),
)


few = settings(max_examples=50)


def _values(event: Event) -> Event:
    """The event, whose instant is written as all are."""
    return replace(event, raw=replace(event.raw, ts=event.ts.isoformat()))


def ids(events: list[Event], person: UUID = ADA) -> list[UUID]:
    counter = OccurrenceCounter()
    return [counter.id_of(person, event) for event in events]


@few
@given(st.lists(EVENTS))
def test_a_replay_derives_the_same_ids(events: list[Event]):
    again = [msgspec.json.decode(msgspec.json.encode(event.raw), type=RawEvent) for event in events]

    assert ids([RULES.check(raw, moment("13:00:00")) for raw in again]) == ids(events)


@few
@given(st.lists(EVENTS), st.lists(EVENTS), EVENTS)
def test_neighbours_that_differ_have_no_say(before: list[Event], after: list[Event], event: Event):
    others = [other for other in before if _values(other) != _values(event)]

    assert ids([*others, event, *after])[len(others)] == ids([event])[0]


@few
@given(st.lists(EVENTS, unique_by=_values))
def test_events_that_differ_have_ids_that_differ(events: list[Event]):
    unnamed = [event for event in events if event.raw.event_id is None]

    assert len(set(ids(unnamed))) == len(unnamed)


@few
@given(EVENTS, st.integers(1, 5))
def test_equal_events_are_told_apart_by_their_number_unless_they_have_an_id_of_their_own(event: Event, times: int):
    raw = replace(event.raw, event_id=None)
    unnamed, named = replace(event, raw=raw), accepted(event_id="e1")

    repeated = ids([unnamed] * times)

    assert len(set(repeated)) == times
    assert repeated == ids([unnamed] * (times + 1))[:times]
    assert len(set(ids([named] * times))) == 1


@few
@given(EVENTS)
def test_ids_belong_to_a_person_and_are_valid_uuids(event: Event):
    everybodys = [ids([event], person)[0] for person in (ADA, BEN, ANONYMOUS)]

    assert len(set(everybodys)) == 3
    assert {(found.version, found.variant) for found in everybodys} == {(8, "specified in RFC 4122")}


def test_an_id_of_the_clients_own_holds_for_its_instant_whatever_else_changes():
    first = accepted(event_id="e1")
    same = accepted(event_id="e1", ts="2026-08-03T10:00:00+01:00", url="https://b.com/", type="blur", session_id="s2")

    assert ids([first]) == ids([same])
    assert ids([first]) != ids([accepted(event_id="e1", ts=at("09:00:01"))])
    assert ids([first]) != ids([accepted(event_id="e2")])


def test_members_do_not_run_into_one_another():
    parts: list[dict[str, Any]] = [
        {"url": "a", "x": 11, "y": 1},
        {"url": "a", "x": 1, "y": 11},
        {"url": "a1", "x": 1, "y": 1},
        {"url": "a1", "x": 11, "y": None},
        {"url": "a111"},
    ]

    found = {ids([accepted(**members)])[0] for members in parts}

    assert len(found) == len(parts)


def test_an_empty_id_of_the_clients_own_is_none():
    assert ids([accepted(event_id="")]) == ids([accepted()])


@few
@given(EVENTS.filter(lambda event: not event.raw.event_id))
def test_the_id_is_the_hash_of_the_person_and_the_members(event: Event):
    raw = event.raw

    instant = raw.ts if raw.ts.endswith(".000Z") else raw.ts.replace("Z", ".000Z")  # as JavaScript writes it
    expected = id_from(ADA.hex, raw.session_id, instant, raw.type, event.url, str(raw.x), str(raw.y))

    assert ids([event]) == [expected]
    assert (expected.version, str(expected)) == (8, str(UUID(bytes=expected.bytes)))


def test_ids_stay_what_they_are():
    """The ids of events stored long ago are derived anew whenever these events are sent again."""
    usual = at("09:00:00.000")
    events = [
        accepted(ts=usual, x=1, y=2),
        accepted(ts=usual, x=1, y=2),
        accepted(ts=usual, url="https://пример.рф/"),
        accepted(event_id="e1"),
    ]

    assert [*map(str, ids(events)), str(id_from("organization", "7"))] == [
        "2326350d-e6a1-8fba-9aeb-5f086e7cbce4",
        "dd560a2d-028e-80fa-af70-de3b64bc8d03",
        "234d1cc9-d67e-855c-b761-f68208a8bd4a",
        "4a83fa46-2ef7-8aee-871a-69f157ef4e49",
        "2f2671c6-b8ef-80f4-826c-2cde9e82f58f",
    ]


def test_former_ids_stay_what_they_were():
    """Until 0.3.0 an id hashed the instant as it was written; these are ids of then."""
    counter = OccurrenceCounter()
    events = [accepted(x=1, y=2), accepted(x=1, y=2), accepted(url="https://пример.рф/"), accepted(event_id="e1")]

    found = [counter.id_of(ADA, event) for event in events]

    assert [str(counter.former_ids.get(each)) for each in found] == [
        "7614b3ea-c0a3-8dd9-9028-0d3847fbae18",
        "78527f80-03ec-8162-ac42-27a8e09a9571",
        "a5c70659-1def-8552-90da-673c8aec72a4",
        "None",
    ]


SPELLINGS = [
    "2026-08-03T09:00:00Z",
    "2026-08-03T09:00:00.000Z",
    "2026-08-03T09:00:00.000000Z",
    "2026-08-03t09:00:00z",
    "2026-08-03 09:00:00.0Z",
    "2026-08-03T12:00:00+03:00",
    "2026-08-03T09:00:00-00:00",
    "2026-08-03T09:00:00.000000000+00:00",
]


@pytest.mark.parametrize("ts", SPELLINGS)
def test_an_instant_counts_however_it_is_written(ts: str):
    usual = accepted(ts="2026-08-03T09:00:00.000Z")

    assert ids([accepted(ts=ts)]) == ids([usual])
    assert ids([accepted(ts=ts), usual]) == ids([usual, usual])


def test_an_instant_between_milliseconds_is_another():
    first, second = accepted(ts=at("09:00:00.000500")), accepted(ts=at("09:00:00"))

    assert ids([first]) != ids([second])
    assert ids([first]) == ids([accepted(ts="2026-08-03T10:00:00.0005+01:00")])
