"""Usage: the measures of people, organizations, or all that the viewer may read; whole, in groups, in buckets."""

from asyncio import Future, ensure_future
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from core.calendar import Bucket, buckets
from core.cursors import decode_cursor, encode_cursor
from core.dimensions import Dimension, Granularity, Shift
from core.errors import InvalidInput
from core.limits import GROUP_DIMENSIONS, GROUPS_PAGE
from core.measures import check_split
from core.periods import TimeRange, shifted
from db.metrics.question import Key, Question, Split
from db.metrics.values import NOTHING, MeasureValues
from db.queries import metrics
from db.queries.metrics import EVERYBODY, Group, Groups, GroupsPage, Measures, Order
from resolvers.caller import Caller
from resolvers.pages import PageInfo, check_size

_INSTANT = timedelta(microseconds=1)
_CURSOR = "usageGroups"


@dataclass(frozen=True, slots=True)
class Usage:
    """A question about one subject, or about everybody."""

    question: Question
    subject: UUID = EVERYBODY

    @property
    def start(self) -> datetime:
        """The first instant of the period."""
        return self.question.time_range.start

    @property
    def end(self) -> datetime:
        """The first instant after the period."""
        return self.question.time_range.end

    @property
    def timezone(self) -> ZoneInfo:
        """The zone asked for."""
        return self.question.timezone

    def earlier(self, shift: Shift) -> tuple["Question", Callable[[datetime], datetime]]:
        """The same question of an earlier period, and how instants move into it."""
        move = shifted(self.question.time_range, shift, self.timezone)
        # The last instant of the period is moved, not the first after it: 23 to 30 March go with 23 to 28 February.
        earlier = TimeRange(move(self.start), move(self.end - _INSTANT) + _INSTANT)
        return self.question.during(earlier), move


@dataclass(frozen=True, slots=True, eq=False)
class UsageSeries:
    """A series: the measures of buckets by their number. `key` is the group the series is of, `()` for none.

    `earlier` holds what its buckets are compared with, asked for once for all of them.
    """

    usage: Usage
    split: Split
    key: Key
    values: Mapping[int, MeasureValues]
    earlier: dict[tuple[Shift, Measures], Future[Mapping[int, MeasureValues]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UsageBucket:
    """A bucket of a series: its place in it, and its measures."""

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
class UsageGroup:
    """A group of a usage."""

    usage: Usage
    split: Split
    group: Group

    @property
    def key(self) -> "UsageKey":
        """What tells the group apart."""
        return UsageKey(self.usage, dict(zip(self.split.dimensions, self.group.key, strict=True)))

    @property
    def measures(self) -> MeasureValues:
        """The measures of the group."""
        return self.group.values


@dataclass(frozen=True, slots=True)
class UsageKey:
    """A group's value for each of its dimensions, and the usage it is a group of."""

    usage: Usage
    values: dict[Dimension, Any]


@dataclass(frozen=True, slots=True)
class UsageGroupEdge:
    """A group and its place."""

    node: UsageGroup
    cursor: str


@dataclass(frozen=True, slots=True)
class UsageGroups:
    """A page of groups."""

    usage: Usage
    page: GroupsPage
    found: Groups

    @property
    def nodes(self) -> list[UsageGroup]:
        """The groups."""
        return [UsageGroup(self.usage, self.page.split, group) for group in self.found.rows]

    @property
    def edges(self) -> list[UsageGroupEdge]:
        """The groups with their cursors."""
        return [UsageGroupEdge(node, self._cursor(place)) for place, node in enumerate(self.nodes)]

    @property
    def page_info(self) -> PageInfo:
        """Where the page lies."""
        shown = len(self.found.rows)
        return PageInfo(
            self.page.offset + shown < self.found.total,
            self.page.offset > 0,
            self._cursor(0) if shown else None,
            self._cursor(shown - 1) if shown else None,
        )

    @property
    def total_count(self) -> int:
        """How many groups there are."""
        return self.found.total

    def _cursor(self, place: int) -> str:
        return encode_cursor(_CURSOR, (self.page.offset + place + 1,))


async def total(caller: Caller, usage: Usage, measures: Measures) -> MeasureValues:
    """The measures of the whole period."""
    if not measures:
        return NOTHING
    return await caller.batches.load(metrics.totals, usage.subject, usage.question, measures) or NOTHING


async def previous(caller: Caller, usage: Usage, shift: Shift, measures: Measures) -> MeasureValues:
    """The measures of an earlier period."""
    question, _ = usage.earlier(shift)
    return await total(caller, Usage(question, usage.subject), measures)


async def series(caller: Caller, usage: Usage, every: Granularity, measures: Measures) -> list[UsageBucket]:
    """The measures bucket by bucket; those without an event are zero. InvalidInput for what cannot be split so."""
    check_split(measures, (), by_time=True)
    return await _series(caller, usage, Split(buckets=_buckets(usage, every)), (), measures)


async def bucket_previous(caller: Caller, bucket: UsageBucket, shift: Shift, measures: Measures) -> MeasureValues:
    """The measures of the bucket's counterpart in an earlier period: its ends, moved as the period's are."""
    series = bucket.series
    check_split(measures, series.split.dimensions, by_time=True)
    if not measures:
        return NOTHING
    found = series.earlier.get((shift, measures))
    if found is None:
        found = series.earlier[shift, measures] = ensure_future(_earlier(caller, series, shift, measures))
    return (await found).get(bucket.number, NOTHING)


async def _earlier(
    caller: Caller, series: UsageSeries, shift: Shift, measures: Measures
) -> Mapping[int, MeasureValues]:
    """The measures of the counterparts of a series' buckets, by the buckets' numbers."""
    question, move = series.usage.earlier(shift)
    moved = tuple(Bucket(move(each.start), move(each.end)) for each in series.split.buckets)
    split = Split(series.split.dimensions, moved)
    key = (series.usage.subject, series.key)
    return await caller.batches.load(metrics.series, key, question, split, measures) or {}


@dataclass(frozen=True, slots=True)
class GroupsArguments:
    """What a list of groups is asked for with."""

    dimensions: tuple[Dimension, ...]
    order: Order | None
    first: int
    after: str | None


async def groups(caller: Caller, usage: Usage, arguments: GroupsArguments, measures: Measures) -> UsageGroups:
    """A page of groups. InvalidInput for what cannot be split so."""
    order = arguments.order or Order("events")
    _check_dimensions(arguments.dimensions)
    check_split(measures | {order.measure}, arguments.dimensions, by_time=False)
    check_size("first", arguments.first, GROUPS_PAGE)
    offset = 0 if arguments.after is None else _offset(arguments.after)
    page = GroupsPage(Split(arguments.dimensions), order, offset, arguments.first)
    # There is a group wherever there is an event, whatever is asked of it.
    found = await caller.batches.load(metrics.groups, usage.subject, usage.question, page, measures | {"events"})
    return UsageGroups(usage, page, found or Groups())


async def other(caller: Caller, groups: UsageGroups, measures: Measures) -> MeasureValues:
    """The measures of all groups that are not on the page, taken together."""
    dimensions = groups.page.split.dimensions
    check_split(measures, dimensions, by_time=False)
    if not measures:
        return NOTHING
    named = tuple(group.key for group in groups.found.rows)
    question, key = groups.usage.question, (groups.usage.subject, named)
    return await caller.batches.load(metrics.without_groups, key, question, dimensions, measures) or NOTHING


async def share(caller: Caller, group: UsageGroup, measure: str) -> float | None:
    """The group's part of the whole, from 0 to 1; None when there is no whole or no part to speak of."""
    whole = getattr(await total(caller, group.usage, frozenset({measure})), measure)
    part = getattr(group.measures, measure)
    return part / whole if whole and part is not None else None


async def group_previous(caller: Caller, group: UsageGroup, shift: Shift, measures: Measures) -> MeasureValues:
    """The measures of the same group in an earlier period."""
    check_split(measures, group.split.dimensions, by_time=False)
    if not measures:
        return NOTHING
    question, _ = group.usage.earlier(shift)
    key = (group.usage.subject, group.group.key)
    return await caller.batches.load(metrics.group_values, key, question, group.split, measures) or NOTHING


async def group_series(caller: Caller, group: UsageGroup, every: Granularity, measures: Measures) -> list[UsageBucket]:
    """The group's measures bucket by bucket."""
    check_split(measures, group.split.dimensions, by_time=True)
    split = Split(group.split.dimensions, _buckets(group.usage, every))
    return await _series(caller, group.usage, split, group.group.key, measures)


async def _series(caller: Caller, usage: Usage, split: Split, key: Key, measures: Measures) -> list[UsageBucket]:
    found: Mapping[int, MeasureValues] | None = None
    if measures:
        found = await caller.batches.load(metrics.series, (usage.subject, key), usage.question, split, measures)
    series = UsageSeries(usage, split, key, found or {})
    return [UsageBucket(series, number) for number in range(len(split.buckets))]


def _buckets(usage: Usage, every: Granularity) -> tuple[Bucket, ...]:
    return tuple(buckets(usage.question.time_range, every, usage.timezone))


def _check_dimensions(dimensions: tuple[Dimension, ...]) -> None:
    if not 1 <= len(dimensions) <= GROUP_DIMENSIONS:
        raise InvalidInput(f"`by` takes 1 to {GROUP_DIMENSIONS} dimensions.", "by")
    if len(set(dimensions)) < len(dimensions):
        raise InvalidInput("`by` names a dimension twice.", "by")


def _offset(cursor: str) -> int:
    (offset,) = decode_cursor(_CURSOR, cursor, (int,))
    if offset < 0:
        raise InvalidInput("This cursor does not belong to this list.", "after")
    return int(offset)
