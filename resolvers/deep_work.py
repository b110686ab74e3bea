"""Deep work of people, organizations, or all that the viewer may read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.dimensions import Dimension, Granularity
from core.interval_order import IntervalOrder
from core.limits import PAGE
from db.keyset import PageRequest
from db.metrics.question import Split
from db.queries import deep_work as blocks
from db.queries import metrics
from db.queries.deep_work import BlockRow, DeepWorkSummary
from db.queries.metrics import Groups, GroupsPage, Order
from resolvers import usage_measures
from resolvers.caller import Caller
from resolvers.pages import ConnectionRow, check_size
from resolvers.question_cursors import QuestionCursors
from resolvers.usage import UsageQuery

_MEASURES = frozenset({"deep_work_sessions", "deep_work_seconds"})


@dataclass(frozen=True, slots=True)
class DeepWorkRow:
    """The deep work of a usage's subject and period."""

    usage: UsageQuery


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


async def summary(caller: Caller, usage: UsageQuery) -> DeepWorkSummary:
    """Return the summary of the deep work."""
    return await caller.batches.load(blocks.summaries, usage.subject, usage.question) or DeepWorkSummary()


async def unique_domains(caller: Caller, usage: UsageQuery) -> int:
    """Return the number of domains with an event in a block."""
    return await caller.batches.load(blocks.unique_domains, usage.subject, usage.question) or 0


async def rate(caller: Caller, usage: UsageQuery) -> float | None:
    """Return the part of the tracked minutes that is deep work, in percent."""
    values = await usage_measures.total(caller, usage, frozenset({"deep_work_rate"}))
    found: float | None = values.deep_work_rate
    return found


async def list_page(
    caller: Caller, usage: UsageQuery, order: IntervalOrder, first: int, after: str | None
) -> ConnectionRow[BlockRow]:
    """Return a page of the blocks."""
    check_size("first", first, PAGE)
    cursors = QuestionCursors.of_usage("deepWorkBlocks", usage, order)
    bound: tuple[Any, ...] | None = None
    if after is not None:
        cursors, bound = cursors.parse(after, blocks.ORDERINGS[order].types)
    asked = usage.seen_at(cursors.asked_at)
    request = PageRequest(first, bound)
    found = await caller.batches.load(blocks.pages, asked.subject, asked.question, order, request)
    assert found is not None  # noqa: S101 - the query answers for every subject it is asked about
    return ConnectionRow(cursors.of_page(found))


async def series(caller: Caller, usage: UsageQuery, every: Granularity) -> list[BucketPart]:
    """Return the deep work bucket by bucket."""
    found = await usage_measures.series(caller, usage, every, _MEASURES)
    return [
        BucketPart(bucket.start, bucket.end, bucket.measures.deep_work_seconds, bucket.measures.deep_work_sessions)
        for bucket in found
    ]


async def top_domains(caller: Caller, usage: UsageQuery, first: int) -> list[DomainPart]:
    """Return the domains with the most deep work."""
    check_size("first", first, PAGE)
    groups_page = GroupsPage(Split((Dimension.DOMAIN,)), Order("deep_work_seconds"), first)
    found = await caller.batches.load(metrics.groups, usage.subject, usage.question, groups_page, _MEASURES)
    return [
        DomainPart(group.key[0], group.values.deep_work_seconds, group.values.deep_work_sessions)
        for group in (found or Groups()).rows
    ]


async def domains(caller: Caller, block: BlockRow) -> list[DomainPart]:
    """Return a block's domains, the one with the most time first."""
    found = await caller.batches.load(blocks.domains_of_blocks, block.key, block.question) or []
    return [DomainPart(part.domain, part.seconds, 1) for part in found]
