"""Usage: a question about people, organizations, or all that the viewer may read, and the forms of its answers."""

from asyncio import Future
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from core.calendar import Bucket
from core.comparison import ComparedPeriods, Comparison
from core.cursors import fingerprint
from core.dimensions import Alignment, Dimension, Shift
from core.periods import TimeRange
from core.weeks import WeekStart
from db.metrics.question import Key, Question, Split
from db.metrics.values import NOTHING, MeasureValues
from db.queries.metrics import EVERYBODY, Group, Groups, GroupsPage, Measures, Order
from resolvers.pages import PageInfo


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """A question about one subject, or about everybody.

    `period` is the period as it was asked for, `asked_at` the moment that it was seen at; `resolve` gives the range it
    spans at any moment. `week_start` is the one asked for; without it that of the organization, if the question is
    about one or a person of it. `rolling`: the period is so many days, and no calendar month even where it coincides
    with one.
    """

    question: Question
    asked_at: datetime
    period: Any = field(compare=False)
    resolve: Callable[[datetime], TimeRange] = field(compare=False)
    subject: UUID = EVERYBODY
    week_start: WeekStart | None = None
    organization_id: UUID | None = None
    rolling: bool = False

    @property
    def start(self) -> datetime:
        """The first instant of the period."""
        return self.question.time_range.start

    @property
    def end(self) -> datetime:
        """The first instant after the period."""
        return self.question.time_range.end

    @property
    def as_of(self) -> datetime:
        """The time up to which events count: figures are read later than that."""
        return self.asked_at

    @property
    def timezone(self) -> ZoneInfo:
        """The time zone of the question."""
        return self.question.timezone

    @property
    def fingerprint(self) -> str:
        """A short text that tells what is asked of the subject; a moving period is the same at all moments."""
        return fingerprint(self.period, self.timezone.key, self.week_start, self.question.where)

    def seen_at(self, moment: datetime) -> "UsageQuery":
        """Return the same question as it was at a moment."""
        return replace(self, question=self.question.during(self.resolve(moment)), asked_at=moment)

    def comparison(self, by: "ComparisonArguments") -> Comparison:
        """Return the comparison of the period with an earlier one."""
        period = self.question.time_range
        return Comparison(period, by.shift, by.align, self.timezone, self.asked_at, self.rolling)

    def previous(self, by: "ComparisonArguments") -> Question:
        """Return the same question of an earlier period."""
        return self.question.during(self.comparison(by).periods().previous)


@dataclass(frozen=True, slots=True)
class ComparisonArguments:
    """The arguments of a comparison with an earlier period."""

    shift: Shift = Shift.PRECEDING
    align: Alignment = Alignment.TO_DATE


@dataclass(frozen=True, slots=True, eq=False)
class UsageSeries:
    """A series: the measures of buckets by their number. `key` is the group of the series, `()` without one.

    `earlier` holds what its buckets are compared with, asked for once for all of them.
    """

    usage: UsageQuery
    split: Split
    key: Key
    values: Mapping[int, MeasureValues]
    earlier: dict[tuple[ComparisonArguments, Measures], Future[Mapping[int, MeasureValues]]] = field(
        default_factory=dict
    )

    def compared(self, by: ComparisonArguments) -> list[ComparedPeriods]:
        """Return the ranges to compare of each bucket."""
        return _compared(self.usage.comparison(by), self.split.buckets)


@lru_cache(maxsize=8)
def _compared(comparison: Comparison, buckets: tuple[Bucket, ...]) -> list[ComparedPeriods]:
    """The ranges to compare of each bucket; cached, since all groups of a list have the same."""
    return comparison.buckets(buckets)


@dataclass(frozen=True, slots=True)
class UsageBucketRow:
    """A bucket of a series, by its number."""

    series: UsageSeries
    number: int

    @property
    def start(self) -> datetime:
        """The first instant of the bucket."""
        return self.series.split.buckets[self.number].start

    @property
    def end(self) -> datetime:
        """The first instant after the bucket."""
        return self.series.split.buckets[self.number].end

    @property
    def measures(self) -> MeasureValues:
        """The measures of the bucket."""
        return self.series.values.get(self.number, NOTHING)


@dataclass(frozen=True, slots=True)
class UsageGroupRow:
    """A group of a usage."""

    usage: UsageQuery
    split: Split
    group: Group

    @property
    def key(self) -> "UsageKeyRow":
        """The values that identify the group."""
        return UsageKeyRow(self.usage, dict(zip(self.split.dimensions, self.group.key, strict=True)))

    @property
    def measures(self) -> MeasureValues:
        """The measures of the group."""
        return self.group.values


@dataclass(frozen=True, slots=True)
class UsageKeyRow:
    """A group's value for each of its dimensions, and the usage that it is a group of."""

    usage: UsageQuery
    values: dict[Dimension, Any]


@dataclass(frozen=True, slots=True)
class UsageGroupEdgeRow:
    """A group and its cursor."""

    node: UsageGroupRow
    cursor: str


@dataclass(frozen=True, slots=True)
class UsageGroupsRow:
    """A page of groups, and the function that makes their cursors."""

    usage: UsageQuery
    page: GroupsPage
    found: Groups
    cursor_of: Callable[[Group], str]

    @property
    def nodes(self) -> list[UsageGroupRow]:
        """The groups."""
        return [UsageGroupRow(self.usage, self.page.split, group) for group in self.found.rows]

    @property
    def edges(self) -> list[UsageGroupEdgeRow]:
        """The groups with their cursors."""
        return [UsageGroupEdgeRow(node, self.cursor_of(node.group)) for node in self.nodes]

    @property
    def page_info(self) -> PageInfo:
        """The position of the page."""
        rows = self.found.rows
        return PageInfo(
            self.found.more,
            self.page.after is not None,
            self.cursor_of(rows[0]) if rows else None,
            self.cursor_of(rows[-1]) if rows else None,
        )

    @property
    def total_count(self) -> int:
        """The number of all groups."""
        return self.found.total


@dataclass(frozen=True, slots=True)
class GroupsArguments:
    """The arguments of a list of groups."""

    dimensions: tuple[Dimension, ...]
    order: Order | None
    first: int
    after: str | None
    fill: bool = False
