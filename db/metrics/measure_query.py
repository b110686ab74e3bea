"""The part of a statement that computes one measure or several.

    rows      the keys that tell them apart (keys.py), and the part's own columns
    measures  columns of the answer, each from the columns of all rows that an answer's row is made from

One row becomes one row, unless a cluster answers: then each person has their own, and the last step adds them up.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Double, cast, extract, func, literal_column
from sqlalchemy.types import TypeEngine

from db.keyset import AnySelect

Columns = Any
"""A relation's columns, by name."""


@dataclass(frozen=True, slots=True)
class MeasureQuery:
    """The rows, the types of their columns, and the expression of each measure over these columns."""

    rows: AnySelect
    columns: Mapping[str, TypeEngine[Any]]
    measures: Mapping[str, Callable[[Columns], ColumnElement[Any]]]


def added(rows: AnySelect, *names: str, seconds: tuple[str, ...] = ()) -> MeasureQuery:
    """Columns that add up: counts, and microseconds, which become `seconds`."""
    measures = {name: _sum_of(name) for name in names} | {name: _seconds_of(name) for name in seconds}
    return MeasureQuery(rows, dict.fromkeys([*names, *seconds], BigInteger()), measures)


def microseconds(interval: ColumnElement[Any]) -> ColumnElement[int]:
    """An interval's whole microseconds: sums of integers are exact, and quicker than those of decimals."""
    return cast(extract("epoch", interval) * 1_000_000, BigInteger())


def as_seconds(us: ColumnElement[Any]) -> ColumnElement[float]:
    """Microseconds, or a sum of them, as seconds."""
    return cast(us * literal_column("0.000001"), Double())


def _sum_of(name: str) -> Callable[[Columns], ColumnElement[Any]]:
    return lambda columns: cast(func.sum(columns[name]), BigInteger())


def _seconds_of(name: str) -> Callable[[Columns], ColumnElement[Any]]:
    return lambda columns: as_seconds(func.sum(columns[name]))
