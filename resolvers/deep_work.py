"""Deep work of people, organizations, or all that the viewer may read."""

from dataclasses import dataclass
from datetime import datetime

from core.dimensions import Dimension, Granularity
from core.limits import PAGE
from db.metrics.question import Split
from db.queries import deep_work as blocks
from db.queries import metrics
from db.queries.deep_work import BlockRow, DeepWorkSummary
from db.queries.metrics import Groups, GroupsPage, Order
from resolvers import usage as usages
from resolvers.caller import Caller
from resolvers.pages import Connection, check_size, forward
from resolvers.usage import Usage

_MEASURES = frozenset({"deep_work_sessions", "deep_work_seconds"})


@dataclass(frozen=True, slots=True)
class DeepWork:
    """The deep work of a usage's subject and period."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class BucketPart:
    """A bucket's part of the deep work; `sessions` counts the blocks that have a piece in it."""

    start: datetime
    end: datetime
    seconds: float
    sessions: int


@dataclass(frozen=True, slots=True)
class DomainPart:
    """A domain's part of the deep work; `sessions` counts the blocks that have an event of it."""

    domain: str
    seconds: float
    sessions: int


async def summary(caller: Caller, usage: Usage) -> DeepWorkSummary:
    """The deep work, summed up."""
    return await caller.batches.load(blocks.summaries, usage.subject, usage.question) or DeepWorkSummary()


async def unique_domains(caller: Caller, usage: Usage) -> int:
    """How many domains have an event in a block."""
    return await caller.batches.load(blocks.unique_domains, usage.subject, usage.question) or 0


async def rate(caller: Caller, usage: Usage) -> float | None:
    """The part of the tracked minutes that is deep work, in percent."""
    values = await usages.total(caller, usage, frozenset({"deep_work_rate"}))
    return values.deep_work_rate


async def page(caller: Caller, usage: Usage, first: int, after: str | None) -> Connection[BlockRow]:
    """A page of the blocks, the oldest first."""
    request = forward(blocks.parse_cursor, first, after)
    found = await caller.batches.load(blocks.pages, usage.subject, usage.question, request)
    assert found is not None  # noqa: S101 - the query answers for every subject it is asked about
    return Connection(found)


async def series(caller: Caller, usage: Usage, every: Granularity) -> list[BucketPart]:
    """The deep work bucket by bucket."""
    found = await usages.series(caller, usage, every, _MEASURES)
    return [
        BucketPart(bucket.start, bucket.end, bucket.measures.deep_work_seconds, bucket.measures.deep_work_sessions)
        for bucket in found
    ]


async def top_domains(caller: Caller, usage: Usage, first: int) -> list[DomainPart]:
    """The domains with the most deep work."""
    check_size("first", first, PAGE)
    groups_page = GroupsPage(Split((Dimension.DOMAIN,)), Order("deep_work_seconds"), 0, first)
    found = await caller.batches.load(metrics.groups, usage.subject, usage.question, groups_page, _MEASURES)
    return [
        DomainPart(group.key[0], group.values.deep_work_seconds, group.values.deep_work_sessions)
        for group in (found or Groups()).rows
    ]


async def domains(caller: Caller, block: BlockRow) -> list[DomainPart]:
    """A block's domains, the one with the most time first."""
    found = await caller.batches.load(blocks.domains_of_blocks, block.key, block.question) or []
    return [DomainPart(part.domain, part.seconds, 1) for part in found]
