"""Cursors: what is put in comes out, and nothing else does."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.cursors import Instant, decode_cursor, encode_cursor, fingerprint
from core.dimensions import Dimension
from core.errors import InvalidInput

TYPES = (str, Instant, UUID)
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=offsets)  # noqa: DTZ001 - the strategy's
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(key=st.tuples(texts, instants, st.uuids()))
@settings(max_examples=100)
def test_a_cursor_holds_the_sort_key_to_the_microsecond(key: tuple[str, datetime, UUID]):
    cursor = encode_cursor("things", key)

    assert decode_cursor("things", cursor, TYPES) == key
    assert cursor.isascii()
    assert not set(cursor) & set("+/= \n")


@given(text=st.text(max_size=60) | texts.map(lambda text: encode_cursor("things", (text,))))
@settings(max_examples=100)
def test_anything_else_is_refused_and_nothing_worse_happens(text: str):
    with pytest.raises(InvalidInput, match="is not a cursor"):
        decode_cursor("things", text, TYPES)


@pytest.mark.parametrize(
    "key",
    [
        ("a", "2026-08-03T09:00:00", UUID(int=1)),
        ("a", "2026-08-03", UUID(int=1)),
        ("a", 5, UUID(int=1)),
        ("a", "2026-08-03T09:00:00Z", "x"),
        (None, "2026-08-03T09:00:00Z", UUID(int=1)),
        (["a"], "2026-08-03T09:00:00Z", UUID(int=1)),
        ("a", "2026-08-03T09:00:00Z"),
        ("a", "2026-08-03T09:00:00Z", UUID(int=1), 1),
        (),
    ],
    ids=str,
)
def test_a_key_of_other_types_is_refused(key: tuple[Any, ...]):
    with pytest.raises(InvalidInput, match="is not a cursor"):
        decode_cursor("things", encode_cursor("things", key), TYPES)


@pytest.mark.parametrize("key", [("\0" * 255,), ("\N{GRINNING FACE}" * 255,), ('"' * 255,)], ids=ascii)
def test_the_longest_names_fit_into_a_cursor(key: tuple[str]):
    longest = (*key, datetime(2026, 8, 3, 9, 0, 0, 123456, UTC), UUID(int=2**128 - 1))

    assert decode_cursor("a list of a rather long name", encode_cursor("a list of a rather long name", longest), TYPES)


@pytest.mark.parametrize("text", ["W1tb" * 500, "W1tb" * 25_000, encode_cursor("things", ("x" * 10_000,))], ids=len)
def test_long_and_deep_texts_are_refused(text: str):
    with pytest.raises(InvalidInput, match="is not a cursor"):
        decode_cursor("things", text, TYPES)


def test_a_cursor_of_another_list_is_refused():
    key = ("a", datetime(2026, 8, 3, tzinfo=UTC), UUID(int=1))

    with pytest.raises(InvalidInput, match="belongs to another list"):
        decode_cursor("things", encode_cursor("other things", key), TYPES)


@dataclass(frozen=True)
class Question:
    """Something to tell apart."""

    when: datetime
    kinds: tuple[Dimension, ...] = ()


def test_fingerprints_tell_questions_apart_and_are_the_same_on_every_process():
    noon = datetime(2026, 8, 3, 12, tzinfo=UTC)

    assert fingerprint("a", Question(noon), None) == fingerprint("a", Question(noon), None) == "kbGtMS87ZhIbqXef"
    others = [
        ("a", Question(noon, (Dimension.URL,)), None),
        ("a", Question(noon + timedelta(microseconds=1)), None),
        ("a", Question(noon), UUID(int=1)),
        ("b", Question(noon), None),
    ]
    assert len({fingerprint(*each) for each in others} - {fingerprint("a", Question(noon), None)}) == len(others)
