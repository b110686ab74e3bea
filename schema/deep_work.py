"""Deep work."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from core.deep_work import DEEP_WORK_DEFINITION, HIGH_FOCUS_SWITCHES_PER_HOUR, MEDIUM_FOCUS_SWITCHES_PER_HOUR
from db.queries.deep_work import BlockRow, DeepWorkSummary
from db.queries.extension_users import ExtensionUserRow
from execution.context import Info
from execution.declarations import priced
from resolvers import deep_work, extension_users
from resolvers.deep_work import BucketPart, DeepWorkRow, DomainPart
from resolvers.pages import ConnectionRow
from schema.connection import After, Connection, First
from schema.domain_display import DOMAIN_DISPLAY, shown_domain
from schema.enums import FocusLevel, Granularity, IntervalOrder
from schema.scalars import BigInt

if TYPE_CHECKING:
    from schema.extension_user import ExtensionUser


@strawberry.type(description="The number of blocks of each focus level.")
class FocusLevelCounts:
    """Shows a DeepWorkSummary."""

    high: BigInt = strawberry.field(description="Blocks of level HIGH.")
    medium: BigInt = strawberry.field(description="Blocks of level MEDIUM.")
    low: BigInt = strawberry.field(description="Blocks of level LOW.")


@strawberry.type(description="A domain's part of deep work.")
class DeepWorkDomain:
    """Shows a part of resolvers.deep_work."""

    domain: str = strawberry.field(description="The domain.")
    domain_display: str = strawberry.field(resolver=shown_domain, description=DOMAIN_DISPLAY)
    seconds: float = strawberry.field(description="Its time, in seconds.")
    sessions: BigInt = strawberry.field(description="The number of blocks with an event of it.")


@strawberry.type(description="A bucket's part of deep work.")
class DeepWorkBucket:
    """Shows a part of resolvers.deep_work."""

    start: datetime = strawberry.field(description="The first instant of the bucket.")
    end: datetime = strawberry.field(description="The first instant after the bucket.")
    seconds: float = strawberry.field(description="The deep work in it, in seconds.")
    sessions: BigInt = strawberry.field(description="The number of blocks that overlap it.")


@strawberry.type(description="A block of deep work: its `start` and `end` are the whole block's.")
class DeepWorkBlock:
    """Shows a BlockRow."""

    @strawberry.field(
        graphql_type=Annotated["ExtensionUser", strawberry.lazy("schema.extension_user")],
        description="The person whose block it is.",
    )
    async def extension_user(root: strawberry.Parent[BlockRow], info: Info) -> ExtensionUserRow | None:
        return await extension_users.extension_user(info.context.caller, root.user_id)

    start: datetime = strawberry.field(description="Its first event.")
    end: datetime = strawberry.field(description="Its last event.")
    seconds: float = strawberry.field(
        description="From the first event to the last, in seconds; filtered, the part that meets the filter."
    )
    events: BigInt = strawberry.field(description="The number of its (active) events that meet the filter.")
    context_switches: BigInt = strawberry.field(
        description="Consecutive events of it whose domains differ; filtered, where the earlier one meets the filter."
    )
    switches_per_hour: float = strawberry.field(
        description="Context switches × 3600 / seconds, of the whole block, also where a filter chooses parts of it."
    )

    @strawberry.field(
        description=f"The whole block's: HIGH up to {HIGH_FOCUS_SWITCHES_PER_HOUR} switches an hour, MEDIUM up to "
        f"{MEDIUM_FOCUS_SWITCHES_PER_HOUR}, else LOW."
    )
    def focus_level(root: strawberry.Parent[BlockRow]) -> FocusLevel:
        if root.switches_per_hour <= HIGH_FOCUS_SWITCHES_PER_HOUR:
            return FocusLevel.HIGH
        if root.switches_per_hour <= MEDIUM_FOCUS_SWITCHES_PER_HOUR:
            return FocusLevel.MEDIUM
        return FocusLevel.LOW

    @strawberry.field(
        graphql_type=list[DeepWorkDomain] | None,
        description="Its domains, the one with the most time first.",
        metadata=priced(measures=1),
    )
    async def domains(root: strawberry.Parent[BlockRow], info: Info) -> list[DomainPart]:
        return await deep_work.domains(info.context.caller, root)


@strawberry.type(
    description=f"Deep work in a period. {DEEP_WORK_DEFINITION} A filter by domain, category or url chooses the blocks "
    "with an event that meets it, and the parts of them that are counted."
)
class DeepWork:
    """Shows a resolvers.deep_work.DeepWorkRow."""

    @strawberry.field(description="The number of blocks.", metadata=priced(measures=1))
    async def sessions_count(root: strawberry.Parent[DeepWorkRow], info: Info) -> BigInt | None:
        return BigInt((await _summary(root, info)).sessions_count)

    @strawberry.field(description="The length of all blocks together, in seconds.", metadata=priced(measures=1))
    async def total_seconds(root: strawberry.Parent[DeepWorkRow], info: Info) -> float | None:
        return (await _summary(root, info)).total_seconds

    @strawberry.field(
        description="The average length of a block, in seconds; null without any.", metadata=priced(measures=1)
    )
    async def average_seconds(root: strawberry.Parent[DeepWorkRow], info: Info) -> float | None:
        return (await _summary(root, info)).average_seconds

    @strawberry.field(
        description="The length of the longest block, in seconds; null without any.", metadata=priced(measures=1)
    )
    async def longest_seconds(root: strawberry.Parent[DeepWorkRow], info: Info) -> float | None:
        return (await _summary(root, info)).longest_seconds

    @strawberry.field(
        description="The length of the shortest block, in seconds; null without any.", metadata=priced(measures=1)
    )
    async def shortest_seconds(root: strawberry.Parent[DeepWorkRow], info: Info) -> float | None:
        return (await _summary(root, info)).shortest_seconds

    @strawberry.field(
        description="Total seconds / 60 / tracked minutes × 100; null when nothing was tracked.",
        metadata=priced(measures=1),
    )
    async def rate(root: strawberry.Parent[DeepWorkRow], info: Info) -> float | None:
        return await deep_work.rate(info.context.caller, root.usage)

    @strawberry.field(description="Distinct domains with an event in a block.", metadata=priced(measures=1))
    async def unique_domains(root: strawberry.Parent[DeepWorkRow], info: Info) -> BigInt | None:
        return BigInt(await deep_work.unique_domains(info.context.caller, root.usage))

    @strawberry.field(description="Context switches in all blocks together.", metadata=priced(measures=1))
    async def context_switches(root: strawberry.Parent[DeepWorkRow], info: Info) -> BigInt | None:
        return BigInt((await _summary(root, info)).context_switches)

    @strawberry.field(
        description="Context switches × 3600 / total seconds; null without a block.", metadata=priced(measures=1)
    )
    async def switches_per_hour(root: strawberry.Parent[DeepWorkRow], info: Info) -> float | None:
        summary = await _summary(root, info)
        return summary.context_switches * 3600 / summary.total_seconds if summary.total_seconds else None

    @strawberry.field(
        graphql_type=FocusLevelCounts | None,
        description="The number of blocks of each focus level.",
        metadata=priced(measures=1),
    )
    async def focus_levels(root: strawberry.Parent[DeepWorkRow], info: Info) -> DeepWorkSummary:
        return await _summary(root, info)

    @strawberry.field(
        graphql_type=Connection[DeepWorkBlock] | None, description="The blocks.", metadata=priced(measures=1)
    )
    async def blocks(
        root: strawberry.Parent[DeepWorkRow],
        info: Info,
        order_by: Annotated[
            IntervalOrder, strawberry.argument(description="The order of the blocks.")
        ] = IntervalOrder.OLDEST_FIRST,
        first: First = 50,
        after: After = None,
    ) -> ConnectionRow[BlockRow]:
        return await deep_work.list_page(info.context.caller, root.usage, order_by, first, after)

    @strawberry.field(
        graphql_type=list[DeepWorkBucket] | None,
        description="The deep work bucket by bucket, without gaps. At most 2000.",
        metadata=priced(measures=1),
    )
    async def series(
        root: strawberry.Parent[DeepWorkRow],
        info: Info,
        every: Annotated[Granularity, strawberry.argument(description="The length of the buckets.")] = Granularity.HOUR,
    ) -> list[BucketPart]:
        return await deep_work.series(info.context.caller, root.usage, every)

    @strawberry.field(
        graphql_type=list[DeepWorkDomain] | None,
        description="The domains with the most deep work.",
        metadata=priced(measures=1),
    )
    async def top_domains(
        root: strawberry.Parent[DeepWorkRow],
        info: Info,
        first: Annotated[int, strawberry.argument(description="The number of domains to return, at most 100.")] = 3,
    ) -> list[DomainPart]:
        return await deep_work.top_domains(info.context.caller, root.usage, first)


async def _summary(root: DeepWorkRow, info: Info) -> DeepWorkSummary:
    return await deep_work.summary(info.context.caller, root.usage)
