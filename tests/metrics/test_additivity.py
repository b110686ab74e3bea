"""The catalogue's word on which figures add up, against the reference: always where it says so, and not always else."""

from random import Random
from typing import Any

import pytest

from core.additivity import Additivity
from db.metrics.measures import MEASURES
from tests.metrics.reference import Event, measure, series
from tests.metrics.reference_events import UTC_ZONE, at, event

START, BETWEEN, END = at("08:00:00"), at("10:15:00"), at("12:00:00")
NUMBERS = {each.name: each.additivity for each in MEASURES if each.is_number}
BY_TIME = frozenset(NUMBERS)


def a_morning(seed: int) -> list[Event]:
    """Two people at work, in two sessions each, without a pause that would end a block of deep work."""
    random = Random(seed)
    times = sorted(START + random.random() * (END - START) for _ in range(400))
    return [
        event(
            ts,
            random.choice(["a.com", "b.com"]),
            user=random.choice("PQ"),
            session=random.choice("st"),
            type=random.choice(["click", "click", "blur"]),
        )
        for ts in times
    ]


@pytest.fixture(scope="module")
def sums() -> list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Of some mornings: the figures of the whole, the sums over two adjacent periods, and those over buckets."""
    found = []
    for seed in range(6):
        events = a_morning(seed)
        halves = [measure(events, BY_TIME, span) for span in ((START, BETWEEN), (BETWEEN, END))]
        buckets = [values for *_, values in series(events, START, END, "HOUR", UTC_ZONE, BY_TIME)]
        found.append((measure(events, BY_TIME), summed(halves), summed(buckets)))
    return found


def summed(figures: list[Any]) -> dict[str, Any]:
    return {name: sum(values[name] or 0 for values in figures) for name in BY_TIME}


@pytest.mark.parametrize("name", sorted(NUMBERS))
def test_what_adds_up_is_what_the_catalogue_says(name: str, sums: list[Any]):
    over_periods = all(halves[name] == pytest.approx(whole[name]) for whole, halves, _ in sums)
    over_buckets = all(buckets[name] == pytest.approx(whole[name]) for whole, _, buckets in sums)

    assert over_periods == (NUMBERS[name] is Additivity.PERIODS)
    assert over_buckets == (NUMBERS[name] is not Additivity.NONE)
