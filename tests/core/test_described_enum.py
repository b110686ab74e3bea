"""Enums whose members have a description."""

import pytest

from core.described_enum import DescribedEnum


def test_a_member_has_its_value_and_its_description():
    class Colour(DescribedEnum):
        RED = "red", "Like blood."

    assert (Colour.RED.value, Colour.RED.description) == ("red", "Like blood.")
    assert Colour("red") is Colour.RED


def test_a_member_without_a_description_is_refused_with_what_to_write():
    with pytest.raises(TypeError, match=r"Colour has a member without a description, 'red'. Write one after the value"):

        class Colour(DescribedEnum):
            RED = "red"
