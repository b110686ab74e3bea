"""Descriptions that admins write."""

import pytest

from core.errors import InvalidInput
from core.text import checked_description


def test_surrounding_space_of_a_description_does_not_count():
    assert checked_description(" \n" + "x" * 2000 + "\t") == "x" * 2000


def test_a_description_may_have_lines():
    assert checked_description("first\nsecond\n\n") == "first\nsecond"
    assert checked_description("") == ""


@pytest.mark.parametrize(("text", "message"), [("x" * 2001, "at most 2000"), ("a\0b", "NUL")])
def test_a_description_is_refused(text: str, message: str):
    with pytest.raises(InvalidInput, match=message) as refusal:
        checked_description(text)

    assert refusal.value.field == "description"
