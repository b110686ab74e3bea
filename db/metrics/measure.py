"""The descriptor of a measure: all that the product knows of it.

The fields and the enum of the GraphQL schema, the catalogue, prices, the tables of docs/metrics.md, the statement and
the values of its rows are made from descriptors.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Double, cast, func

from core.additivity import Additivity
from core.dimensions import Dimension
from core.text import camel_case
from core.units import Unit
from db.metrics.keys import Keys
from db.metrics.measure_query import MeasureQuery
from db.metrics.source import Source

BuildMeasureQuery = Callable[[Source, Keys], MeasureQuery]
"""Builds the part of a statement that computes one or several measures."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A derived measure's formula, over the measures that it is derived from, in their order.

    `of_values` gives the value shown, `of_columns` the same in SQL, null where it is None.
    """

    of_values: Callable[..., Any]
    of_columns: Callable[..., ColumnElement[Any]]


DIFFERENCE = Formula(lambda first, second: first - second, lambda first, second: first - second)
"""The first minus the second."""


def percentage(divisor: int = 1) -> Formula:
    """The first, divided by `divisor`, as a percentage of the second; None if the second is zero."""
    return Formula(
        lambda part, whole: part / divisor / whole * 100 if whole else None,
        lambda part, whole: cast(part, Double()) / divisor / func.nullif(whole, 0) * 100,
    )


class Reads(Enum):
    """The finest form of the events that a measure must be computed from; it decides the price."""

    ROLLUPS = "rollups"
    EVENTS = "events"


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """A measure: its name in Python's spelling, definition, unit, computation, and the dimensions it can be split by.

    A measure has either `query`, which computes it from events, runs and hours, or `formula`, which derives it from the
    measures in `derived_from`. `type` is that of its values: int, float, `float | None`, or a dataclass, whose fields
    are read from `columns` of the answer. `by_time`: it can be split into buckets. `additivity`: the periods whose
    figures add up. `beyond`: it is looked for in the events up to 300 s beyond the range as well.
    """

    name: str
    definition: str
    unit: Unit
    dimensions: frozenset[Dimension]
    type: Any = int
    by_time: bool = True
    query: BuildMeasureQuery | None = None
    columns: Sequence[str] = ()
    formula: Formula | None = None
    derived_from: tuple[str, ...] = ()
    reads: Reads = Reads.ROLLUPS
    additivity: Additivity = Additivity.NONE
    beyond: bool = False

    @property
    def field(self) -> str:
        """Its name in GraphQL's spelling: `trackedMinutes`."""
        return camel_case(self.name)

    @property
    def is_number(self) -> bool:
        """A measure with one number can be sorted by, and shares can be taken of it."""
        return not self.columns

    @property
    def nothing(self) -> Any:
        """The value where no event was measured; of a derived measure the formula's."""
        return self.type()
