"""The registry of measures: what is derived from a descriptor, and what must agree with it elsewhere."""

import pytest

from core.insight.figures import UNITS
from db.metrics.measure import Measure
from db.metrics.measures import BY_NAME, MEASURES
from db.metrics.values import NOTHING


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_a_measure_is_either_computed_or_derived(measure: Measure):
    assert (measure.query is None) == (measure.formula is not None)
    assert bool(measure.derived_from) == (measure.formula is not None)
    assert all(BY_NAME[name].formula is None for name in measure.derived_from)


@pytest.mark.parametrize("measure", [each for each in MEASURES if each.formula], ids=lambda measure: measure.name)
def test_a_derived_measure_can_be_split_only_as_what_it_is_derived_from(measure: Measure):
    parts = [BY_NAME[name] for name in measure.derived_from]

    assert all(measure.dimensions <= part.dimensions for part in parts)
    assert measure.by_time <= all(part.by_time for part in parts)


def test_insights_measure_in_the_units_of_usage():
    assert {name: BY_NAME[name].unit for name in UNITS} == dict(UNITS)


def test_without_events_counts_are_zero_and_rates_are_null():
    values = {measure.name: getattr(NOTHING, measure.name) for measure in MEASURES}

    assert {name for name, value in values.items() if value is None} == {"engagement_rate", "deep_work_rate"}
    assert {value for value in values.values() if isinstance(value, int | float)} == {0}
