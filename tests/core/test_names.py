"""Names of accounts, people and organizations."""

import unicodedata
from typing import Literal

import pytest

from core.errors import InvalidInput
from core.names import checked_name, normalized_name

FAMILY, PERSIAN = "👨\u200d👩\u200d👧", "می\u200cخواهم"


@pytest.mark.parametrize(
    "name", ["a", "Ärger & Söhne", "中文", "x" * 255, FAMILY, PERSIAN, "a b", "a\u00a0b", "中\u3000文"]
)
def test_a_name_is_kept_as_it_is(name: str):
    assert checked_name("name", name) == name


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  " + "x" * 255 + "\n", "x" * 255),
        ("Jose\u0301\u00a0", "José"),
        ("e\u0301" * 255, "é" * 255),
        ("\u1100\u1161", "가"),
    ],
    ids=["space", "accent", "long", "Hangul"],
)
def test_a_name_is_trimmed_and_composed(written: str, kept: str):
    assert checked_name("name", written) == kept


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "must not be empty"),
        (" \u00a0\n", "must not be empty"),
        (" \u200d\u200c ", "must not be empty"),
        ("x" * 256, "at most 255 characters"),
        ("x" * 1_000_000, "at most 255 characters"),
        ("e\u0301" * 256, "at most 255 characters"),
        ("a\nb", "control characters"),
        ("a\0b", "control characters"),
        ("a\ud800b", "control characters"),
        *((f"a{mark}b", "change the direction") for mark in "\u200e\u200f\u061c\u202a\u202e\u2066\u2069"),
        ("a\u2028b", "line breaks"),
        ("a\ufeffb", "control characters"),
    ],
    ids=ascii,
)
def test_a_name_is_refused_with_its_field(name: str, message: str):
    with pytest.raises(InvalidInput, match=message) as refusal:
        checked_name("username", name)

    assert refusal.value.field == "username"
    assert "`username`" in refusal.value.message


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("José", "Jose\u0301"),
        ("MÜLLER", "mu\u0308ller"),
        ("STRASSE", "straße"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
        ("\N{KELVIN SIGN}im", "kim"),
        ("Noor Haddad", " noor\u00a0haddad "),
        (FAMILY, FAMILY.replace("\u200d", "")),
        ("ᾳ", "ΑΙ"),
    ],
)
def test_these_are_one_name(one: str, other: str):
    assert normalized_name(one) == normalized_name(other)


@pytest.mark.parametrize(("one", "other"), [("jose", "josé"), ("a b", "ab"), ("ı", "i"), ("中文", "中 文")])
def test_these_are_two(one: str, other: str):
    assert normalized_name(one) != normalized_name(other)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_every_letter_is_the_same_in_every_form_and_case_and_fits_into_an_index(form: Literal["NFC", "NFD"]):
    letters = [letter for letter in map(chr, range(0x20, 0x30000)) if unicodedata.category(letter)[0] in "LMN"]

    for letter in letters:
        normalized = normalized_name(f"a{letter}")
        assert normalized_name(unicodedata.normalize(form, f"a{letter}")) == normalized
        assert normalized_name(normalized) == normalized
        assert normalized_name(f"a{letter}".casefold()) == normalized
        composed = unicodedata.normalize("NFC", letter)
        assert len(normalized[1:].encode()) <= 10 * len(composed)
