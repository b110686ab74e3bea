"""Names and descriptions that admins write."""

import pytest

from core.errors import InvalidInput
from core.text import checked_description, checked_name


@pytest.mark.parametrize("name", ["a", "Ärger & Söhne", "中文", "x" * 255, "👩\u200d💻".replace("\u200d", ""), "a b"])
def test_a_name_is_kept_as_it_is(name: str):
    assert checked_name("name", name) == name


def test_surrounding_space_does_not_count():
    assert checked_name("name", "  " + "x" * 255 + "\n") == "x" * 255
    assert checked_description(" \n" + "x" * 2000 + "\t") == "x" * 2000


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "must not be empty"),
        (" \u00a0\n", "must not be empty"),
        ("x" * 256, "at most 255 characters"),
        ("a\nb", "control characters"),
        ("a\0b", "control characters"),
        ("a\u202eb", "control characters"),
        ("a\ud800b", "control characters"),
    ],
)
def test_a_name_is_refused_with_its_field(name: str, message: str):
    with pytest.raises(InvalidInput, match=message) as refusal:
        checked_name("username", name)

    assert refusal.value.field == "username"
    assert "`username`" in refusal.value.message


def test_a_description_may_have_lines():
    assert checked_description("first\nsecond\n\n") == "first\nsecond"
    assert checked_description("") == ""


@pytest.mark.parametrize(("text", "message"), [("x" * 2001, "at most 2000"), ("a\0b", "NUL")])
def test_a_description_is_refused(text: str, message: str):
    with pytest.raises(InvalidInput, match=message) as refusal:
        checked_description(text)

    assert refusal.value.field == "description"
