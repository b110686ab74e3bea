"""Comparison with an earlier period: its arguments, and the ranges compared."""

from datetime import datetime
from typing import Annotated

import strawberry

from core.periods import TimeRange as TimeRangeRow
from schema.enums import Alignment, Shift

ShiftArgument = Annotated[Shift, strawberry.argument(description="The earlier period to compare with.")]
AlignArgument = Annotated[
    Alignment,
    strawberry.argument(description="The part of the earlier period to compare an unfinished one with."),
]


@strawberry.type(description="The time from one instant to another.")
class TimeRange:
    """Shows a core.periods.TimeRange."""

    start: datetime = strawberry.field(description="The first instant that belongs to it.")
    end: datetime = strawberry.field(
        description="The first instant after it; the same as `start` where there is nothing to compare."
    )


@strawberry.type(description="The two ranges of a comparison.")
class ComparisonPeriods:
    """Shows a core.comparison.ComparedPeriods."""

    current: TimeRangeRow = strawberry.field(
        graphql_type=TimeRange, description="As much of the period as is compared: to the present moment, or all of it."
    )
    previous: TimeRangeRow = strawberry.field(
        graphql_type=TimeRange, description="The range that `previous` measures with the same arguments."
    )
