"""Deep work."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from core.measures import DEEP_WORK_DEFINITION, HIGH_FOCUS_SWITCHES_PER_HOUR, MEDIUM_FOCUS_SWITCHES_PER_HOUR
from db.queries.deep_work import BlockRow, DeepWorkSummary
from db.queries.extension_user import ExtensionUserRow
from resolvers import deep_work as deep_works
from resolvers import extension_user as extension_users
from resolvers.deep_work import BucketPart, DomainPart
from resolvers.deep_work import DeepWork as DeepWorkRow
from resolvers.pages import Connection as ConnectionRow
from schema.connection import After, Connection, First
from schema.context import Info
from schema.enums import FocusLevel, Granularity
from schema.scalars import BigInt

if TYPE_CHECKING:
    from schema.extension_user import ExtensionUser


@strawberry.type(description="How many blocks have which focus level.")
class FocusLevelCounts:
    """Shows a DeepWorkSummary."""

    high: BigInt = strawberry.field(description="Blocks of level HIGH.")
    medium: BigInt = strawberry.field(description="Blocks of level MEDIUM.")
    low: BigInt = strawberry.field(description="Blocks of level LOW.")


@strawberry.type(description="A domain's part of deep work.")
class DeepWorkDomain:
    """Shows a part of resolvers.deep_work."""

    domain: str = strawberry.field(description="The domain.")
    seconds: float = strawberry.field(description="How much time belongs to it, in seconds.")
    sessions: BigInt = strawberry.field(description="How many blocks have an event of it.")


@strawberry.type(description="A bucket's part of deep work.")
class DeepWorkBucket:
    """Shows a part of resolvers.deep_work."""

    start: datetime = strawberry.field(description="The first instant of the bucket.")
    end: datetime = strawberry.field(description="The first instant after the bucket.")
    seconds: float = strawberry.field(description="How much deep work falls into it, in seconds.")
    sessions: BigInt = strawberry.field(description="How many blocks have a piece in it.")


@strawberry.type(description="A block of deep work.")
class DeepWorkBlock:
    """Shows a BlockRow."""

    @strawberry.field(
        graphql_type=Annotated["ExtensionUser", strawberry.lazy("schema.extension_user")],
        description="Whose it is.",
    )
    async def extension_user(root: strawberry.Parent[BlockRow], info: Info) -> ExtensionUserRow | None:
        return await extension_users.extension_user(info.context.caller, root.user_id)

    start: datetime = strawberry.field(description="Its first event.")
    end: datetime = strawberry.field(description="Its last event.")
    seconds: float = strawberry.field(description="From the first event to the last, in seconds.")
    events: BigInt = strawberry.field(description="How many (active) events it holds.")
    context_switches: BigInt = strawberry.field(description="Consecutive events of it whose domains differ.")
    switches_per_hour: float = strawberry.field(description="Context switches × 3600 / seconds.")

    @strawberry.field(
        description=f"HIGH up to {HIGH_FOCUS_SWITCHES_PER_HOUR} switches an hour, MEDIUM up to "
        f"{MEDIUM_FOCUS_SWITCHES_PER_HOUR}, else LOW."
    )
    def focus_level(root: strawberry.Parent[BlockRow]) -> FocusLevel:
        if root.switches_per_hour <= HIGH_FOCUS_SWITCHES_PER_HOUR:
            return FocusLevel.HIGH
        if root.switches_per_hour <= MEDIUM_FOCUS_SWITCHES_PER_HOUR:
            return FocusLevel.MEDIUM
        return FocusLevel.LOW

    @strawberry.field(graphql_type=list[DeepWorkDomain], description="Its domains, the one with the most time first.")
    async def domains(root: strawberry.Parent[BlockRow], info: Info) -> list[DomainPart]:
        return await deep_works.domains(info.context.caller, root)


@strawberry.type(description=f"Deep work in a period. {DEEP_WORK_DEFINITION}")
class DeepWork:
    """Shows a resolvers.deep_work.DeepWork."""

    @strawberry.field(description="How many blocks there are.")
    async def sessions_count(root: strawberry.Parent[DeepWorkRow], info: Info) -> BigInt:
        return BigInt((await _summary(root, info)).sessions_count)

    @strawberry.field(description="How long they last together, in seconds.")
    async def total_seconds(root: strawberry.Parent[DeepWorkRow], info: Info) -> float:
        return (await _summary(root, info)).total_seconds

    @strawberry.field(description="How long they last on average, in seconds; null without any.")
    async def average_seconds(root: strawberry.Parent[DeepWorkRow], info: Info) -> float | None:
        return (await _summary(root, info)).average_seconds

    @strawberry.field(description="How long the longest lasts, in seconds; null without any.")
    async def longest_seconds(root: strawberry.Parent[DeepWorkRow], info: Info) -> float | None:
        return (await _summary(root, info)).longest_seconds

    @strawberry.field(description="How long the shortest lasts, in seconds; null without any.")
    async def shortest_seconds(root: strawberry.Parent[DeepWorkRow], info: Info) -> float | None:
        return (await _summary(root, info)).shortest_seconds

    @strawberry.field(description="Total seconds / 60 / tracked minutes × 100; null when nothing was tracked.")
    async def rate(root: strawberry.Parent[DeepWorkRow], info: Info) -> float | None:
        return await deep_works.rate(info.context.caller, root.usage)

    @strawberry.field(description="Distinct domains with an event in a block.")
    async def unique_domains(root: strawberry.Parent[DeepWorkRow], info: Info) -> BigInt:
        return BigInt(await deep_works.unique_domains(info.context.caller, root.usage))

    @strawberry.field(description="Context switches in all blocks together.")
    async def context_switches(root: strawberry.Parent[DeepWorkRow], info: Info) -> BigInt:
        return BigInt((await _summary(root, info)).context_switches)

    @strawberry.field(description="Context switches × 3600 / total seconds; null without a block.")
    async def switches_per_hour(root: strawberry.Parent[DeepWorkRow], info: Info) -> float | None:
        summary = await _summary(root, info)
        return summary.context_switches * 3600 / summary.total_seconds if summary.total_seconds else None

    @strawberry.field(graphql_type=FocusLevelCounts, description="How many blocks have which focus level.")
    async def focus_levels(root: strawberry.Parent[DeepWorkRow], info: Info) -> DeepWorkSummary:
        return await _summary(root, info)

    @strawberry.field(graphql_type=Connection[DeepWorkBlock], description="The blocks, the oldest first.")
    async def blocks(
        root: strawberry.Parent[DeepWorkRow], info: Info, first: First = 50, after: After = None
    ) -> ConnectionRow[BlockRow]:
        return await deep_works.page(info.context.caller, root.usage, first, after)

    @strawberry.field(
        graphql_type=list[DeepWorkBucket], description="The deep work bucket by bucket, without gaps. At most 2000."
    )
    async def series(
        root: strawberry.Parent[DeepWorkRow],
        info: Info,
        every: Annotated[Granularity, strawberry.argument(description="How long the buckets are.")] = Granularity.HOUR,
    ) -> list[BucketPart]:
        return await deep_works.series(info.context.caller, root.usage, every)

    @strawberry.field(graphql_type=list[DeepWorkDomain], description="The domains with the most deep work.")
    async def top_domains(
        root: strawberry.Parent[DeepWorkRow],
        info: Info,
        first: Annotated[int, strawberry.argument(description="How many to return, at most 100.")] = 3,
    ) -> list[DomainPart]:
        return await deep_works.top_domains(info.context.caller, root.usage, first)


async def _summary(root: DeepWorkRow, info: Info) -> DeepWorkSummary:
    return await deep_works.summary(info.context.caller, root.usage)
