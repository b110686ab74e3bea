"""A bucket of a series of usage."""

from datetime import datetime
from typing import Annotated

import strawberry

from core.comparison import ComparedPeriods
from db.metrics.values import MeasureValues
from execution.context import Info
from resolvers import usage_measures
from resolvers.usage import ComparisonArguments, UsageBucketRow
from schema.comparison import AlignArgument, ComparisonPeriods, ShiftArgument
from schema.enums import Alignment, Granularity, Shift
from schema.usage_measures import UsageMeasures
from schema.usage_selection import selected_measures

EveryArgument = Annotated[Granularity, strawberry.argument(description="The length of the buckets.")]


@strawberry.type(description="A bucket of a series, and its measures.")
class UsageBucket:
    """Shows a resolvers.usage.UsageBucketRow."""

    start: datetime = strawberry.field(description="The first instant of the bucket.")
    end: datetime = strawberry.field(description="The first instant after the bucket.")
    measures: MeasureValues = strawberry.field(
        graphql_type=UsageMeasures, description="The measures of the bucket; zero where nothing happened."
    )

    @strawberry.field(
        graphql_type=UsageMeasures | None,
        description="The measures of its counterpart in an earlier period: the bucket, moved as the whole period is.",
    )
    async def previous(
        root: strawberry.Parent[UsageBucketRow],
        info: Info,
        by: ShiftArgument = Shift.PRECEDING,
        align: AlignArgument = Alignment.TO_DATE,
    ) -> MeasureValues:
        comparison = ComparisonArguments(by, align)
        return await usage_measures.bucket_previous(info.context.caller, root, comparison, selected_measures(info))

    @strawberry.field(
        graphql_type=ComparisonPeriods, description="The bucket and its counterpart in an earlier period, as ranges."
    )
    def comparison_periods(
        root: strawberry.Parent[UsageBucketRow],
        by: ShiftArgument = Shift.PRECEDING,
        align: AlignArgument = Alignment.TO_DATE,
    ) -> ComparedPeriods:
        return root.series.compared(ComparisonArguments(by, align))[root.number]
