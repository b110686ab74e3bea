"""Usage: the measures of a set of events; whole, compared, in buckets, in groups."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import strawberry

from core.comparison import ComparedPeriods
from db.metrics.values import MeasureValues
from db.queries.annotations import AnnotationRow
from db.queries.distributions import DistributionRow
from db.queries.transitions import TransitionOrder, TransitionRow
from execution.context import Info
from execution.declarations import priced
from resolvers import annotations, transitions, usage_measures
from resolvers.pages import ConnectionRow
from resolvers.transitions import TransitionsArguments
from resolvers.usage import ComparisonArguments, GroupsArguments, UsageBucketRow, UsageGroupsRow, UsageQuery
from resolvers.week_starts import week_start_of
from schema.annotation import Annotation
from schema.comparison import AlignArgument, ComparisonPeriods, ShiftArgument
from schema.connection import After, Connection, CountedConnection, First
from schema.enums import Alignment, Population, Shift, TransitionDimension, UsageDimension, UsageMeasure, WeekStart
from schema.transition import UsageTransition, UsageTransitionOrder
from schema.usage_bucket import EveryArgument, UsageBucket
from schema.usage_distribution import UsageDistribution
from schema.usage_group import UsageGroupConnection
from schema.usage_measures import UsageMeasures
from schema.usage_order import UsageOrder
from schema.usage_selection import measure_name, selected_group_measures, selected_measures


@strawberry.type(description="The measures of the events of a period.")
class Usage:
    """Shows a resolvers.usage.UsageQuery: only the selected fields are computed."""

    start: datetime = strawberry.field(description="The first instant of the period.")
    end: datetime = strawberry.field(description="The first instant after the period.")
    as_of: datetime = strawberry.field(
        description="The time up to which all events count: every event acknowledged before is in the figures."
    )
    timezone: ZoneInfo = strawberry.field(description="The time zone asked for.")

    @strawberry.field(description="The day that weeks begin on: the one asked for, or the default.")
    async def week_start(root: strawberry.Parent[UsageQuery], info: Info) -> WeekStart:
        return await week_start_of(info.context.caller, root)

    @strawberry.field(graphql_type=UsageMeasures | None, description="The measures of the whole period.")
    async def total(root: strawberry.Parent[UsageQuery], info: Info) -> MeasureValues:
        return await usage_measures.total(info.context.caller, root, selected_measures(info))

    @strawberry.field(
        graphql_type=UsageMeasures | None, description="The measures of an earlier period, to compare with."
    )
    async def previous(
        root: strawberry.Parent[UsageQuery],
        info: Info,
        by: ShiftArgument = Shift.PRECEDING,
        align: AlignArgument = Alignment.TO_DATE,
    ) -> MeasureValues:
        comparison = ComparisonArguments(by, align)
        return await usage_measures.previous(info.context.caller, root, comparison, selected_measures(info))

    @strawberry.field(
        graphql_type=ComparisonPeriods,
        description="The ranges that a comparison with an earlier period is of: what is compared of this period, and "
        "what `previous` measures with the same arguments.",
    )
    def comparison_periods(
        root: strawberry.Parent[UsageQuery],
        by: ShiftArgument = Shift.PRECEDING,
        align: AlignArgument = Alignment.TO_DATE,
    ) -> ComparedPeriods:
        return root.comparison(ComparisonArguments(by, align)).periods()

    @strawberry.field(
        graphql_type=list[UsageBucket] | None,
        description="The measures bucket by bucket, without gaps; the first and last bucket end with the period. "
        "At most 2000.",
    )
    async def series(root: strawberry.Parent[UsageQuery], info: Info, every: EveryArgument) -> list[UsageBucketRow]:
        return await usage_measures.series(info.context.caller, root, every, selected_measures(info, "measures"))

    @strawberry.field(
        graphql_type=UsageGroupConnection | None,
        description="The measures group by group. Sequences are found over all events before they are grouped, so the "
        "parts of what can be added up to the whole.",
        metadata=priced(measures=1, split_by="by"),
    )
    async def groups(
        root: strawberry.Parent[UsageQuery],
        info: Info,
        by: Annotated[list[UsageDimension], strawberry.argument(description="The dimensions to group by: 1 to 3.")],
        order_by: Annotated[
            UsageOrder | None,
            strawberry.argument(
                description="The order of the groups; without it by events, the most first, and with `fill` by key."
            ),
        ] = None,
        first: Annotated[int, strawberry.argument(description="The number of groups to return, at most 200.")] = 20,
        after: After = None,
        fill: Annotated[
            bool,
            strawberry.argument(
                description="True: the hours and days without an event are groups, too, with zeros. For `by` with "
                "HOUR_OF_DAY, DAY_OF_WEEK or both, and no other dimension."
            ),
        ] = False,
    ) -> UsageGroupsRow:
        order = None if order_by is None else order_by.order()
        arguments = GroupsArguments(tuple(by), order, first, after, fill)
        return await usage_measures.groups(info.context.caller, root, arguments, selected_group_measures(info))

    @strawberry.field(
        graphql_type=CountedConnection[UsageTransition] | None,
        description="The context switches by where people go from and to. Counts add up to `contextSwitches`.",
        metadata=priced(measures=3),
    )
    async def transitions(
        root: strawberry.Parent[UsageQuery],
        info: Info,
        by: Annotated[TransitionDimension, strawberry.argument(description="The dimension of `from` and `to`.")],
        order_by: Annotated[
            UsageTransitionOrder | None,
            strawberry.argument(description="The order of the transitions; without it by count, the most first."),
        ] = None,
        first: Annotated[
            int, strawberry.argument(description="The number of transitions to return, at most 200.")
        ] = 20,
        after: After = None,
    ) -> ConnectionRow[TransitionRow]:
        order = TransitionOrder() if order_by is None else order_by.order()
        return await transitions.list_page(info.context.caller, root, TransitionsArguments(by, order, first, after))

    @strawberry.field(
        graphql_type=Connection[Annotation] | None,
        description="The annotations of the days of the period, by their first day: of the organization that the usage "
        "is about; of everybody's usage of all organizations that the viewer may see, or those of them that `where` "
        "names in `organizationIds`.",
    )
    async def annotations(
        root: strawberry.Parent[UsageQuery], info: Info, first: First = 50, after: After = None
    ) -> ConnectionRow[AnnotationRow]:
        return await annotations.of_usage(info.context.caller, root, first, after)

    @strawberry.field(
        graphql_type=UsageDistribution | None,
        description="The distribution of a measure over people, to compare with. Null for fewer than five people with "
        "an event, since it is no way to learn about single ones.",
        metadata=priced(measures=2),
    )
    async def distribution(
        root: strawberry.Parent[UsageQuery],
        info: Info,
        of: Annotated[UsageMeasure, strawberry.argument(description="The measure of each person.")],
        over: Annotated[
            Population, strawberry.argument(description="Whose values they are.")
        ] = Population.EXTENSION_USER,
    ) -> DistributionRow | None:
        del over  # there is one population
        return await usage_measures.distribution(info.context.caller, root, measure_name(of))
