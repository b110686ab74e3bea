from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai.figures import ways_to_write
from ai.numerals import QuantityKind, quantities
from core.insight import Language
from core.units import Unit
from tests.ai.sample_insights import figure


@pytest.mark.parametrize(
    ("value", "unit", "english", "russian"),
    [
        (1234, Unit.COUNT, ["1,234"], ["1 234"]),
        (12.4, Unit.COUNT, ["12"], ["12"]),
        (2.44, Unit.COUNT, ["2.4", "2"], ["2,4", "2"]),
        (0.3, Unit.COUNT, ["0.3"], ["0,3"]),
        (0, Unit.COUNT, ["0"], ["0"]),
        (45.25, Unit.PERCENT, ["45%"], ["45 %"]),
        (44.5, Unit.PERCENT, ["44%", "45%"], ["44 %", "45 %"]),
        (0.4, Unit.PERCENT, ["0.4%"], ["0,4 %"]),
        (99.7, Unit.PERCENT, [], []),
        (100, Unit.PERCENT, ["100%"], ["100 %"]),
        (42, Unit.SECONDS, ["42 s"], ["42 сек"]),
        (150, Unit.SECONDS, ["2 min", "3 min"], ["2 мин", "3 мин"]),
        (270, Unit.MINUTES, ["4 h 30 min", "270 min", "4.5 h"], ["4 ч 30 мин", "270 мин", "4,5 ч"]),
        (60, Unit.MINUTES, ["1 h", "60 min"], ["1 ч", "60 мин"]),
        (7512.4, Unit.SECONDS, ["2 h 5 min", "125 min", "2.1 h"], ["2 ч 5 мин", "125 мин", "2,1 ч"]),
        (2075, Unit.MINUTES, ["34 h 35 min", "2,075 min", "34.6 h", "35 h"], ["34 ч 35 мин", "2 075 мин", "34,6 ч"]),
    ],
)
def test_a_figure_is_written_in_these_ways(value: float, unit: Unit, english: list[str], russian: list[str]):
    assert list(ways_to_write(figure("e1", "m", value, unit), Language.EN))[: len(english) or None] == english
    assert set(russian) <= set(ways_to_write(figure("e1", "m", value, unit), Language.RU))


def test_the_hour_of_a_figure_may_be_written_as_on_the_clock():
    assert ways_to_write(figure("e1", "m", 60, Unit.SECONDS, hour_of_day=23), Language.EN) == (
        "1 min",
        "23:00",
        "00:00",
    )


def stated(value: float, unit: Unit, language: Language) -> list[Any]:
    ways = ways_to_write(figure("e1", "m", value, unit), language)
    return [quantity for way in ways for quantity in quantities(way, language)]


@given(value=st.floats(0, 1e9), unit=st.sampled_from(Unit), language=st.sampled_from(Language))
def test_whatever_is_written_reads_as_nearly_the_figure(value: float, unit: Unit, language: Language):
    for quantity in stated(value, unit, language):
        if unit in {Unit.COUNT, Unit.PERCENT}:
            assert quantity.kind is (QuantityKind.COUNT if unit is Unit.COUNT else QuantityKind.PERCENT)
            assert abs(float(quantity.value) - value) <= 0.5
        else:
            seconds = value * 60 if unit is Unit.MINUTES else value
            assert quantity.kind is QuantityKind.SECONDS
            assert abs(float(quantity.value) - seconds) <= max(30, 0.05 * seconds)
