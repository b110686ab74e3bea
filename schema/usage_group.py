"""The groups of usage, page by page."""

from typing import Annotated

import strawberry

from db.metrics.values import MeasureValues
from execution.context import Info
from execution.declarations import priced
from resolvers import usage_measures
from resolvers.usage import ComparisonArguments, UsageBucketRow, UsageGroupRow, UsageGroupsRow, UsageKeyRow
from schema.comparison import AlignArgument, ShiftArgument
from schema.connection import PageInfo
from schema.enums import Alignment, Shift, UsageMeasure
from schema.scalars import BigInt
from schema.usage_bucket import EveryArgument, UsageBucket
from schema.usage_key import UsageKey
from schema.usage_measures import UsageMeasures
from schema.usage_selection import measure_name, selected_measures


@strawberry.type(description="The events with the same values for the dimensions asked for, and their measures.")
class UsageGroup:
    """Shows a resolvers.usage.UsageGroupRow."""

    key: UsageKeyRow = strawberry.field(
        graphql_type=UsageKey, description="The values that the events of the group have in common."
    )
    measures: MeasureValues = strawberry.field(graphql_type=UsageMeasures, description="The measures of the group.")

    @strawberry.field(
        description="The group's part of the whole usage, from 0 to 1; null when the whole is nothing. Parts of "
        "distinct counts may add up to more than 1.",
        metadata=priced(measures=1),
    )
    async def share(
        root: strawberry.Parent[UsageGroupRow],
        info: Info,
        of: Annotated[UsageMeasure, strawberry.argument(description="The measure to take the share of.")],
    ) -> float | None:
        return await usage_measures.share(info.context.caller, root, measure_name(of))

    @strawberry.field(
        graphql_type=UsageMeasures | None, description="The measures of the same group in an earlier period."
    )
    async def previous(
        root: strawberry.Parent[UsageGroupRow],
        info: Info,
        by: ShiftArgument = Shift.PRECEDING,
        align: AlignArgument = Alignment.TO_DATE,
    ) -> MeasureValues:
        comparison = ComparisonArguments(by, align)
        return await usage_measures.group_previous(info.context.caller, root, comparison, selected_measures(info))

    @strawberry.field(graphql_type=list[UsageBucket] | None, description="The measures of the group, bucket by bucket.")
    async def series(root: strawberry.Parent[UsageGroupRow], info: Info, every: EveryArgument) -> list[UsageBucketRow]:
        return await usage_measures.group_series(info.context.caller, root, every, selected_measures(info, "measures"))


@strawberry.type(description="A group, with its cursor.")
class UsageGroupEdge:
    """Shows a resolvers.usage.UsageGroupEdgeRow."""

    node: UsageGroupRow = strawberry.field(graphql_type=UsageGroup, description="The group.")
    cursor: str = strawberry.field(description="Its cursor, for `after`.")


@strawberry.type(description="A page of groups.")
class UsageGroupConnection:
    """Shows a resolvers.usage.UsageGroupsRow."""

    nodes: list[UsageGroup] = strawberry.field(description="The groups of the page.")
    edges: list[UsageGroupEdge] = strawberry.field(description="The groups with their cursors.")
    page_info: PageInfo = strawberry.field(description="The place of the page in the list.")
    total_count: BigInt = strawberry.field(description="The number of groups in all.")

    @strawberry.field(
        graphql_type=UsageMeasures | None,
        description="The measures of all groups that are not on this page, taken together.",
    )
    async def other(root: strawberry.Parent[UsageGroupsRow], info: Info) -> MeasureValues:
        return await usage_measures.other(info.context.caller, root, selected_measures(info))

    @strawberry.field(
        description="The part of the whole usage that `other` is, from 0 to 1, like the `share` of a group; null when "
        "the whole is nothing.",
        metadata=priced(measures=2),
    )
    async def other_share(
        root: strawberry.Parent[UsageGroupsRow],
        info: Info,
        of: Annotated[UsageMeasure, strawberry.argument(description="The measure to take the share of.")],
    ) -> float | None:
        return await usage_measures.other_share(info.context.caller, root, measure_name(of))
