"""The measures of a usage: of the whole period, of groups, and of buckets, and those of earlier periods."""

from asyncio import ensure_future
from collections.abc import Mapping
from dataclasses import replace

from core.calendar import Bucket, buckets
from core.dimensions import Dimension, Granularity
from core.errors import InvalidInput
from core.limits import GROUP_DIMENSIONS, GROUPS_PAGE
from core.periods import TimeRange
from core.weeks import WeekStart
from db.metrics.group_keys import columns_of
from db.metrics.measures import check_split
from db.metrics.question import Key, Question, Split
from db.metrics.values import NOTHING, MeasureValues
from db.queries import distributions, metrics
from db.queries.distributions import DistributionRow
from db.queries.metrics import Group, Groups, GroupsPage, Measures
from db.queries.ranked_pages import RankedPlace, place_types
from resolvers.caller import Caller
from resolvers.filled_groups import MOST, check_fill, default_order, filled
from resolvers.pages import check_size
from resolvers.question_cursors import QuestionCursors
from resolvers.usage import (
    ComparisonArguments,
    GroupsArguments,
    UsageBucketRow,
    UsageGroupRow,
    UsageGroupsRow,
    UsageQuery,
    UsageSeries,
)
from resolvers.week_starts import week_start_of


async def total(caller: Caller, usage: UsageQuery, measures: Measures) -> MeasureValues:
    """Return the measures of the whole period."""
    if not measures:
        return NOTHING
    return await caller.batches.load(metrics.totals, usage.subject, usage.question, measures) or NOTHING


async def previous(caller: Caller, usage: UsageQuery, by: ComparisonArguments, measures: Measures) -> MeasureValues:
    """Return the measures of an earlier period."""
    question = usage.previous(by)
    if _is_empty(question):
        return NOTHING
    return await total(caller, replace(usage, question=question), measures)


async def series(caller: Caller, usage: UsageQuery, every: Granularity, measures: Measures) -> list[UsageBucketRow]:
    """Return the measures by bucket; zero without an event. InvalidInput if a measure cannot be split by time."""
    check_split(measures, (), by_time=True)
    return await _series(caller, usage, Split(buckets=await _buckets(caller, usage, every)), (), measures)


async def bucket_previous(
    caller: Caller, bucket: UsageBucketRow, by: ComparisonArguments, measures: Measures
) -> MeasureValues:
    """Return the measures of the bucket's counterpart in an earlier period."""
    series = bucket.series
    check_split(measures, series.split.dimensions, by_time=True)
    if not measures:
        return NOTHING
    found = series.earlier.get((by, measures))
    if found is None:
        found = series.earlier[by, measures] = ensure_future(_earlier(caller, series, by, measures))
    return (await found).get(bucket.number, NOTHING)


async def _earlier(
    caller: Caller, series: UsageSeries, by: ComparisonArguments, measures: Measures
) -> Mapping[int, MeasureValues]:
    """Return the measures of the counterparts of a series' buckets, by the buckets' numbers."""
    whole = series.usage.previous(by)
    counterparts = [compared.previous for compared in series.compared(by)]
    # A calendar month as a bucket is compared as a whole, though the period's part of it may not reach so far.
    start = min(whole.time_range.start, counterparts[0].start)
    question = whole.during(TimeRange(start, max(whole.time_range.end, counterparts[-1].end)))
    if _is_empty(question):
        return {}
    split = Split(series.split.dimensions, tuple(Bucket(each.start, each.end) for each in counterparts))
    key = (series.usage.subject, series.key)
    return await caller.batches.load(metrics.series, key, question, split, measures) or {}


async def groups(caller: Caller, usage: UsageQuery, arguments: GroupsArguments, measures: Measures) -> UsageGroupsRow:
    """Return a page of groups. InvalidInput if a measure cannot be split by the dimensions."""
    order = arguments.order or default_order(fill=arguments.fill)
    check_dimensions(arguments.dimensions)
    if arguments.fill:
        check_fill(arguments.dimensions)
    check_split(measures | order.measures, arguments.dimensions, by_time=False)
    check_size("first", arguments.first, GROUPS_PAGE)
    if Dimension.DAY_OF_WEEK in arguments.dimensions:
        order = replace(order, week_start=await week_start_of(caller, usage))
    cursors = QuestionCursors.of_usage("usageGroups", usage, arguments.dimensions, order, arguments.fill)
    after: RankedPlace | None = None
    if arguments.after is not None:
        types = place_types([column.type for column in columns_of(arguments.dimensions)], whole=order.is_whole)
        cursors, (value, *key) = cursors.parse(arguments.after, types)
        after = RankedPlace(value, tuple(key))
    page = GroupsPage(Split(arguments.dimensions), order, arguments.first, after)
    usage = usage.seen_at(cursors.asked_at)
    measures |= {"events"}  # there is a group wherever there is an event, whatever is asked of it
    found: Groups | None
    if arguments.fill:
        found = await _filled(caller, usage, page, measures)
    else:
        found = await caller.batches.load(metrics.groups, usage.subject, usage.question, page, measures)

    def cursor_of(group: Group) -> str:
        place = metrics.place_of(arguments.dimensions, group, order)
        return cursors.cursor((place.value, *place.key))

    return UsageGroupsRow(usage, page, found or Groups(), cursor_of)


async def distribution(caller: Caller, usage: UsageQuery, measure: str) -> DistributionRow | None:
    """Return the distribution of a measure over the people with an event; None if there are too few."""
    check_split({measure}, (Dimension.EXTENSION_USER,), by_time=False)
    return await caller.batches.load(distributions.over_people, usage.subject, usage.question, measure)


async def _filled(caller: Caller, usage: UsageQuery, page: GroupsPage, measures: Measures) -> Groups:
    """Return the page of all hours and days, those without an event with zeros."""
    everything = replace(page, after=None, limit=MOST)
    found = await caller.batches.load(
        metrics.groups, usage.subject, usage.question, everything, measures | page.order.measures
    )
    return filled((found or Groups()).rows, page)


async def other(caller: Caller, groups: UsageGroupsRow, measures: Measures) -> MeasureValues:
    """Return the measures of all groups that are not on the page, taken together."""
    dimensions = groups.page.split.dimensions
    check_split(measures, dimensions, by_time=False)
    if not measures:
        return NOTHING
    named = tuple(group.key for group in groups.found.rows)
    question, key = groups.usage.question, (groups.usage.subject, named)
    return await caller.batches.load(metrics.without_groups, key, question, dimensions, measures) or NOTHING


async def other_share(caller: Caller, groups: UsageGroupsRow, measure: str) -> float | None:
    """Return the part of the whole that `other` is, from 0 to 1; None if the whole is zero or a measure is null."""
    return _part(
        getattr(await other(caller, groups, frozenset({measure})), measure),
        getattr(await total(caller, groups.usage, frozenset({measure})), measure),
    )


async def share(caller: Caller, group: UsageGroupRow, measure: str) -> float | None:
    """Return the group's part of the whole, from 0 to 1; None if the whole is zero or a measure is null."""
    whole = getattr(await total(caller, group.usage, frozenset({measure})), measure)
    return _part(getattr(group.measures, measure), whole)


def _part(part: float | None, whole: float | None) -> float | None:
    return part / whole if whole and part is not None else None


async def group_previous(
    caller: Caller, group: UsageGroupRow, by: ComparisonArguments, measures: Measures
) -> MeasureValues:
    """Return the measures of the same group in an earlier period."""
    check_split(measures, group.split.dimensions, by_time=False)
    if not measures:
        return NOTHING
    question = group.usage.previous(by)
    if _is_empty(question):
        return NOTHING
    key = (group.usage.subject, group.group.key)
    return await caller.batches.load(metrics.group_values, key, question, group.split, measures) or NOTHING


async def group_series(
    caller: Caller, group: UsageGroupRow, every: Granularity, measures: Measures
) -> list[UsageBucketRow]:
    """Return the group's measures bucket by bucket."""
    check_split(measures, group.split.dimensions, by_time=True)
    split = Split(group.split.dimensions, await _buckets(caller, group.usage, every))
    return await _series(caller, group.usage, split, group.group.key, measures)


async def _series(
    caller: Caller, usage: UsageQuery, split: Split, key: Key, measures: Measures
) -> list[UsageBucketRow]:
    found: Mapping[int, MeasureValues] | None = None
    if measures:
        found = await caller.batches.load(metrics.series, (usage.subject, key), usage.question, split, measures)
    series = UsageSeries(usage, split, key, found or {})
    return [UsageBucketRow(series, number) for number in range(len(split.buckets))]


async def _buckets(caller: Caller, usage: UsageQuery, every: Granularity) -> tuple[Bucket, ...]:
    week_start = await week_start_of(caller, usage) if every is Granularity.WEEK else WeekStart.MONDAY
    return tuple(buckets(usage.question.time_range, every, usage.timezone, week_start))


def _is_empty(question: Question) -> bool:
    """True if nothing of the earlier period is compared: where the present one has not begun."""
    return question.time_range.start >= question.time_range.end


def check_dimensions(dimensions: tuple[Dimension, ...]) -> None:
    """Return if groups can be of these dimensions. InvalidInput."""
    if not 1 <= len(dimensions) <= GROUP_DIMENSIONS:
        raise InvalidInput(f"`by` takes 1 to {GROUP_DIMENSIONS} dimensions.", "by")
    if len(set(dimensions)) < len(dimensions):
        raise InvalidInput("`by` names a dimension twice.", "by")
