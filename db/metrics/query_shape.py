"""The shape of a question, from which its statement is built, and the parameters that it is run with.

Building a statement takes longer than PostgreSQL takes to answer a small question. So it is built once for each *shape*
of questions (db/prepared.py) from a QueryShape, which knows no value that differs from question to question: those
are parameters, by name.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, DateTime, Integer
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.types import TypeEngine

from core.dimensions import Dimension
from core.periods import TimeRange
from core.scope import Reach, Scope
from core.time_slices import TimeSlices, time_slices
from db.metrics.group_keys import columns_of, flat_values
from db.metrics.question import Question, Split
from db.prepared import parameter
from db.queries.filters import EventFilter
from db.queries.people import Subject
from db.tenancy import scope_values
from db.topology import Topology

_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_INSTANT = DateTime(timezone=True)
_INSTANTS = ARRAY(TIMESTAMP(timezone=True))
_NUMBERS = ARRAY(Integer())
_NOT_IN_RUNS = {Dimension.URL, Dimension.EVENT_TYPE}
_NOT_IN_HOURS = {*_NOT_IN_RUNS, Dimension.SESSION}


@dataclass(frozen=True, slots=True)
class PartialEdges:
    """The ends of a range that rollups of some length do not cover: True where there is such a part."""

    head: bool
    tail: bool


@dataclass(frozen=True, slots=True)
class QueryShape:
    """A question without its values.

    `reach`: the kind of the viewer's scope; `named`: the subjects are named. `hours`, `minutes`: the ends
    of the range that such rollups do not cover; None if such rollups cannot answer. `only`, `without`: groups are named
    to be kept, or to be left out.
    """

    topology: Topology
    reach: Reach
    named: bool
    subject: Subject | None
    where: EventFilter
    hours: PartialEdges | None
    minutes: PartialEdges | None
    dimensions: tuple[Dimension, ...]
    by_bucket: bool
    by_time: bool
    only: bool
    without: bool
    together: bool


@dataclass(frozen=True, slots=True, eq=False)
class BoundQuery:
    """A question's shape, and its values by the names of parameters."""

    shape: QueryShape
    values: dict[str, Any]


class QueryParams:
    """The parameters of statements. Each is the same whenever it is asked for: a value has one place."""

    start = parameter("start", _INSTANT)
    end = parameter("end", _INSTANT)
    first_hour = parameter("first_hour", _INSTANT)
    """The beginning of the hour that the range begins in."""
    hours_start = parameter("hours_start", _INSTANT)
    hours_end = parameter("hours_end", _INSTANT)
    minutes_start = parameter("minutes_start", _INSTANT)
    minutes_end = parameter("minutes_end", _INSTANT)
    edges = parameter("edges", _INSTANTS)
    buckets = parameter("buckets", _NUMBERS)
    hours_of_day = parameter("hours_of_day", _NUMBERS)
    weekdays = parameter("weekdays", _NUMBERS)

    @staticmethod
    def keys(place: int, type_: TypeEngine[Any]) -> BindParameter[Any]:
        """The values of a key column of the groups that are named, one for each group."""
        return parameter(f"keys_{place}", ARRAY(type_))


def bound_query(
    scope: Scope, ids: Collection[UUID] | None, question: Question, split: Split, topology: Topology
) -> BoundQuery:
    """The question's shape and values. `ids` name the subjects; None for no names."""
    time_range = question.time_range.counted
    cut = time_slices(question.time_range, split.dimensions, split.buckets, question.timezone)
    hours = minutes = None
    if question.rollups and _allow(cut, _HOUR) and not _NOT_IN_HOURS & set(split.dimensions):
        hours = None if question.where.needs_runs else _whole(time_range, _HOUR)
    if question.rollups and _allow(cut, _MINUTE) and not _NOT_IN_RUNS & set(split.dimensions):
        minutes = None if question.where.needs_events else _whole(time_range, _MINUTE)
    named = split.only if split.only is not None else split.without or None
    shape = QueryShape(
        topology=topology,
        reach=scope.reach,
        named=ids is not None,
        subject=question.subject,
        where=question.where.within(scope),
        hours=_partial_edges(time_range, hours),
        minutes=_partial_edges(time_range, minutes),
        dimensions=split.dimensions,
        by_bucket=bool(split.buckets),
        by_time=cut is not None,
        only=split.only is not None,
        without=bool(split.without),
        together=split.without is not None,
    )
    values: dict[str, Any] = {
        **scope_values(scope),
        "ids": list(ids or ()),
        "start": time_range.start,
        "end": time_range.end,
        "first_hour": _rounded_down(time_range.start, _HOUR),
    }
    for name, whole in (("hours", hours), ("minutes", minutes)):
        if whole is not None:
            values |= {f"{name}_start": whole.start, f"{name}_end": whole.end}
    if cut is not None:
        values |= {
            "edges": list(cut.edges),
            "buckets": list(cut.buckets),
            "hours_of_day": list(cut.hours),
            "weekdays": list(cut.weekdays),
        }
    if named is not None:
        flat = [flat_values(split.dimensions, key) for key in named]
        for place, _ in enumerate(columns_of(split.dimensions)):
            values[f"keys_{place}"] = [key[place] for key in flat]
    return BoundQuery(shape, values)


def _allow(cut: TimeSlices | None, step: timedelta) -> bool:
    """True if each rollup of such a length lies in one time slice."""
    return cut is None or cut.cut_at(step)


def _whole(time_range: TimeRange, step: timedelta) -> TimeRange | None:
    """The whole hours, or minutes, in the range, which no rollup of such a length straddles; None without any."""
    start, end = (_rounded_down(instant, step) for instant in (time_range.start, time_range.end))
    if start < time_range.start:
        start += step
    return TimeRange(start, end) if start < end else None


def _rounded_down(instant: datetime, step: timedelta) -> datetime:
    minute = 0 if step == _HOUR else instant.minute
    return instant.replace(minute=minute, second=0, microsecond=0)


def _partial_edges(time_range: TimeRange, whole: TimeRange | None) -> PartialEdges | None:
    return None if whole is None else PartialEdges(time_range.start < whole.start, whole.end < time_range.end)
