"""Enums are registered with a description for each member."""

from enum import Enum

import pytest

from schema.enums import described


class Colour(Enum):
    """An enum without descriptions of its own."""

    RED = "red"
    BLUE = "blue"


def test_a_member_without_a_description_is_named():
    with pytest.raises(TypeError, match=r"Colour.BLUE has no description. Add one to `described\(Colour, …\)`"):
        described(Colour, "Colours.", {Colour.RED: "Like blood."})
