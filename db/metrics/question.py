"""Questions to the engine."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from core.calendar import Bucket
from core.dimensions import Dimension
from core.periods import TimeRange
from db.queries.filters import EventFilter
from db.queries.people import Subject


@dataclass(frozen=True, slots=True)
class Question:
    """The events asked about: whose, when, which. `subject` None asks about all people in scope, taken together."""

    time_range: TimeRange
    where: EventFilter
    timezone: ZoneInfo
    subject: Subject | None = None
    rollups: bool = True
    """Whether rollups may be read; without, everything is computed from the events."""

    def during(self, time_range: TimeRange) -> "Question":
        """The same of another time."""
        return replace(self, time_range=time_range)


Key = tuple[Any, ...]
"""A group's values, one for each dimension; a session's is the pair of person and session id."""


@dataclass(frozen=True, slots=True)
class Split:
    """The split of an answer into groups and buckets.

    `dimensions` tell groups apart, `buckets` cut the time. `only` keeps just these groups; `without` takes everything
    but these groups together, as one: then nothing is told apart by `dimensions`.
    """

    dimensions: tuple[Dimension, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    only: tuple[Key, ...] | None = None
    without: tuple[Key, ...] | None = None

    def of_only(self, keys: Iterable[tuple[Any, Key]]) -> "Split":
        """The same, of only the groups named in these pairs of subject and group."""
        return replace(self, only=tuple({key: None for _, key in keys})) if self.dimensions else self


WHOLE = Split()
