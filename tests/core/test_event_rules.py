import json
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.event_types import ACTIVE_TYPES, BY_WIRE_NAME, EventType
from core.events import REJECTED_CHARACTERS, EventRejected, EventRules, RawEvent, RejectionCode, payload_text
from tests.world import moment

NOW = moment("12:00:00")
RULES = EventRules(ahead=timedelta(hours=24), behind=timedelta(days=30))


def check(**members: object) -> object:
    raw = RawEvent(**({"session_id": "s1", "ts": NOW.isoformat(), "type": "focus"} | members))  # type: ignore[arg-type]
    return RULES.check(raw, NOW)


def rejection(**members: object) -> EventRejected | None:
    try:
        check(**members)
    except EventRejected as rejected:
        return rejected
    return None


def test_the_wires_words_and_the_databases_numbers_are_fixed():
    assert {kind.wire: kind.value for kind in EventType} == {
        "pageshow": 1,
        "click": 2,
        "focus": 3,
        "blur": 4,
        "keyup": 5,
        "keydown": 6,
        "visibility_hidden": 7,
        "visibility_visible": 8,
        "idle": 9,
        "scrollend": 10,
        "pagehide": 11,
    }
    assert list(BY_WIRE_NAME.values()) == list(EventType)
    assert {kind.wire for kind in set(EventType) - ACTIVE_TYPES} == {"blur", "visibility_hidden", "idle"}


@given(st.datetimes(datetime(2026, 6, 1), datetime(2026, 9, 1), timezones=st.timezones()))  # noqa: DTZ001 - zoned by the strategy
def test_an_instant_is_accepted_within_its_bounds_and_stored_in_utc(ts: datetime):
    text = ts.isoformat()
    offset = ts.utcoffset()
    assert offset is not None
    if offset.seconds % 60:  # RFC 3339 has no seconds in an offset
        return
    if NOW - RULES.behind <= ts <= NOW + RULES.ahead:
        event = check(ts=text)
        assert event.ts == ts  # type: ignore[attr-defined]
        assert event.ts.tzinfo is UTC  # type: ignore[attr-defined]
    else:
        with pytest.raises(EventRejected) as rejected:
            check(ts=text)
        assert rejected.value.code is RejectionCode.INVALID_TIMESTAMP


@pytest.mark.parametrize(("by", "accepted"), [(0, True), (1, False)])
def test_the_bounds_of_ts_are_inclusive(by: int, accepted: bool):
    bounds = (NOW + RULES.ahead + timedelta(microseconds=by), NOW - RULES.behind - timedelta(microseconds=by))

    assert [rejection(ts=bound.isoformat()) is None for bound in bounds] == [accepted, accepted]


@given(st.datetimes(NOW.replace(tzinfo=None) - timedelta(days=9), NOW.replace(tzinfo=None)))
def test_an_instant_as_browsers_write_it_is_read_like_any_other(naive: datetime):
    milliseconds = naive.isoformat(timespec="milliseconds")

    read = [check(ts=f"{milliseconds}{zone}").ts for zone in ("Z", "z", "+00:00")]  # type: ignore[attr-defined]

    assert read == [datetime.fromisoformat(f"{milliseconds}+00:00")] * 3
    assert {ts.tzinfo for ts in read} == {UTC}


@pytest.mark.parametrize(
    "ts",
    [
        "2026-08-01T09:00:00+0130",
        "2026-02-30T09:00:00.123Z",
        "2026-08-01T24:00:00.123Z",
        "2026-08-01T09:00:00.12\ud800Z",
        "2026-08-01T09:00:00.12\N{ARABIC-INDIC DIGIT THREE}Z",
    ],
)
def test_what_is_only_as_long_as_an_instant_is_none(ts: str):
    found = rejection(ts=ts)

    assert found is not None
    assert found.code is RejectionCode.INVALID_TIMESTAMP


@given(st.text(st.characters(codec=None)), st.sampled_from(["session_id", "ts", "type", "url", "event_id"]))
def test_any_text_is_accepted_or_rejected_with_a_message_that_can_be_stored_and_sent(text: str, member: str):
    rejected = rejection(**{member: text})

    if rejected is not None:
        message = rejected.message(7)
        assert "\0" not in message
        assert message.encode()
        assert " at index 7" in message
        assert len(message) < 200
        assert str(rejected) == message.replace(" at index 7", "")


def test_a_long_value_is_shown_in_part():
    with pytest.raises(EventRejected) as rejected:
        check(type="t" * 500)

    assert str(rejected.value) == f"invalid event type: {'t' * 64}…"


@given(st.recursive(st.none() | st.floats() | st.text(st.characters(codec=None)), st.lists, max_leaves=5))
def test_a_rejected_events_text_can_be_stored_whatever_it_was(members: object):
    text = payload_text({"url": members})

    assert "\0" not in text
    assert text.isascii()
    assert set(json.loads(text)) == {"url"}


@given(
    st.recursive(
        st.none() | st.integers(-(10**20), 10**20) | st.text(max_size=3000),
        lambda values: st.lists(values) | st.dictionaries(st.text(), values),
        max_leaves=30,
    )
)
def test_a_rejected_events_text_begins_like_the_event(members: object):
    assert payload_text([members]) == json.dumps([members])[:REJECTED_CHARACTERS]


@pytest.mark.parametrize(
    "members",
    [
        "é" * 2_000_000,
        {"a": ["é" * 1000] * 100_000},
        {f"member {number}": number for number in range(100_000)},
        {"é" * 2_000_000: 1, "b": ["text"] * 100_000},
    ],
    ids=["text", "list", "members", "name"],
)
def test_no_more_of_a_rejected_event_is_written_than_is_kept(members: object):
    tracemalloc.start()
    try:
        text = payload_text(members)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(text) == REJECTED_CHARACTERS
    assert peak < 50 * REJECTED_CHARACTERS


def test_of_a_rejected_event_that_is_nested_deeply_the_outside_is_kept():
    nested: list[object] = []
    for _ in range(5000):
        nested = [nested]

    text = payload_text({"a": nested, "b": 1})

    assert text == json.dumps({"a": json.loads("[" * 31 + '"…"' + "]" * 31), "b": 1})


def test_of_several_faults_the_first_in_this_order_is_told():
    faults = {"event_id": "e\0", "ts": "today", "type": "party", "url": "https://a.com/\0"}
    told = []
    while faults:
        found = rejection(**faults)
        assert found is not None
        told.append(found.message().split(":")[0])
        faults.pop(next(iter(faults)))

    assert told == [
        "eventId contains a NUL character",
        "invalid timestamp",
        "invalid event type",
        "url contains a NUL character",
    ]
