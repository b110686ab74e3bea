import base64
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.cursors import Instant, decode_cursor, encode_cursor
from core.errors import InvalidInput
from core.ids import BehaviorKey, behavior_key, behavior_node_id, decode_node_id, encode_node_id, uuid_of

INSTANTS = st.datetimes(timezones=st.just(UTC))
KEYS = st.builds(BehaviorKey, st.uuids(), INSTANTS, st.uuids())
few = settings(max_examples=50)
NAMES = st.from_regex(r"[A-Z][A-Za-z]*", fullmatch=True)


@few
@given(KEYS)
def test_a_behaviors_id_holds_its_whole_key(key: BehaviorKey):
    assert behavior_key(key.node_id) == key


def test_a_behaviors_id_stays_what_it_was():
    person, event = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")

    text = behavior_node_id(person, datetime(2026, 8, 1, 9, 0, 0, 123_456, UTC), event)

    assert text == "QmVoYXZpb3I6a6e4EJ2tEdGAtADAT9QwyAAGV_iHrmZAa6e4EZ2tEdGAtADAT9QwyA"
    micros = 1_785_574_800_123_456
    assert text == encode_node_id("Behavior", person.bytes + micros.to_bytes(8) + event.bytes)


@few
@given(NAMES, st.binary())
def test_node_ids_can_be_read_back_and_stand_in_a_url(name: str, key: bytes):
    text = encode_node_id(name, key)

    assert decode_node_id(text) == (name, key)
    assert not set(text) & set("+/=")


@few
@given(NAMES, st.uuids())
def test_a_uuid_is_found_in_an_id_of_its_type_and_in_itself(name: str, uuid: UUID):
    text = encode_node_id(name, uuid.bytes)

    assert uuid_of(text, name) == uuid
    assert uuid_of(str(uuid), name) == uuid
    assert uuid_of(str(uuid).upper(), name) == uuid
    assert uuid_of(text, name + "s") is None
    assert behavior_key(text) is None


@few
@given(st.text() | st.binary().map(lambda key: encode_node_id("Behavior", key)) | st.text("ABab01-_=:"))
def test_whatever_is_no_id_names_nothing(text: str):
    decoded, key = decode_node_id(text), behavior_key(text)

    assert key is None or decoded == decode_node_id(key.node_id)
    assert uuid_of(text, "User") is None or decoded is None


@pytest.mark.parametrize("micros", [-(2**63), 2**63 - 1])
def test_an_instant_beyond_the_calendar_is_no_key(micros: int):
    key = bytes(16) + micros.to_bytes(8, signed=True) + bytes(16)

    with pytest.raises(ValueError, match="not a behavior's key"):
        BehaviorKey.from_bytes(key)


@few
@given(NAMES, st.text(st.characters(exclude_categories=["Cs"])), INSTANTS, st.uuids())
def test_cursors_can_be_read_back_by_their_own_list_alone(ordering: str, name: str, ts: datetime, uuid: UUID):
    cursor = encode_cursor(ordering, (name, ts, uuid))

    assert decode_cursor(ordering, cursor, (str, Instant, UUID)) == (name, ts, uuid)
    for other, types in ((ordering + "s", (str, Instant, UUID)), (ordering, (str, Instant)), (ordering, (UUID,) * 3)):
        with pytest.raises(InvalidInput, match=r"another list|not a cursor"):
            decode_cursor(other, cursor, types)


@few
@given(st.text() | st.binary().map(lambda key: base64.urlsafe_b64encode(key).decode()))
def test_whatever_is_no_cursor_is_refused_with_a_sentence(text: str):
    with pytest.raises(InvalidInput, match=r"another list|not a cursor"):
        decode_cursor("behaviors", text, (str, Instant, UUID))


def test_an_instant_without_a_zone_is_no_part_of_a_cursor():
    cursor = encode_cursor("behaviors", ("2026-08-03T09:00:00",))

    with pytest.raises(InvalidInput):
        decode_cursor("behaviors", cursor, (Instant,))
