"""The values of measures in a row of an answer, as GraphQL shows them."""

from dataclasses import field, make_dataclass
from typing import Any

from db.metrics.measure import Measure
from db.metrics.measures import MEASURES

_COMPUTED = [measure for measure in MEASURES if measure.formula is None]
_DERIVED = [measure for measure in MEASURES if measure.formula is not None]
_NUMBERS = frozenset(measure.name for measure in _COMPUTED if measure.is_number)
_COMPOSED = [measure for measure in _COMPUTED if not measure.is_number]


def _derivation(measure: Measure) -> property:
    formula, names = measure.formula, measure.derived_from
    assert formula is not None  # noqa: S101 - a derived measure has one
    return property(lambda self: formula.of_values(*(getattr(self, name) for name in names)))


_Values: Any = make_dataclass(
    "_Values",
    [(measure.name, measure.type, field(default=measure.nothing)) for measure in _COMPUTED],
    frozen=True,
    slots=True,
    namespace={measure.name: _derivation(measure) for measure in _DERIVED},
)


class MeasureValues(_Values):  # type: ignore[misc]  # made from the registry
    """The measures of a set of events, each an attribute of its name. Those that were not asked for hold nothing."""

    __slots__ = ()


NOTHING = MeasureValues()


def values_of(row: Any) -> MeasureValues:
    """The measures in a row of an answer, as `db.prepared.fetch` gives them."""
    given = {name: row[name] for name in _NUMBERS if name in row and row[name] is not None}
    for measure in _COMPOSED:
        if measure.columns[0] in row:
            given[measure.name] = measure.type(*(row[name] for name in measure.columns))
    return MeasureValues(**given)
