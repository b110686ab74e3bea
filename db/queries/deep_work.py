"""Deep work in detail: its blocks, one by one and summed up. db/metrics/blocks.py finds them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import CTE, BigInteger, ColumnElement, Double, Subquery, cast, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from core.cursors import Instant, decode_cursor
from core.measures import HIGH_FOCUS_SWITCHES_PER_HOUR, MEDIUM_FOCUS_SWITCHES_PER_HOUR
from core.scope import Scope
from db.keyset import AnySelect, Ordering, Page, PageRequest, cut, keyset_per
from db.metrics.blocks import deep_segments, domain_times
from db.metrics.keys import Keys
from db.metrics.question import WHOLE, Question
from db.metrics.source import Source
from db.queries.metrics import EVERYBODY, chosen

_NAME = "deepWorkBlocks"
_TYPES = (Instant, UUID)


class BlockKey(NamedTuple):
    """What tells blocks apart."""

    user_id: UUID
    start: datetime


@dataclass(frozen=True, slots=True)
class DomainTime:
    """How much of a block's time belongs to a domain, in seconds."""

    domain: str
    seconds: float


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A block of deep work."""

    user_id: UUID
    start: datetime
    end: datetime
    seconds: float
    events: int
    context_switches: int
    question: Question

    @property
    def key(self) -> BlockKey:
        """What tells it apart."""
        return BlockKey(self.user_id, self.start)

    @property
    def switches_per_hour(self) -> float:
        """Context switches in an hour of it."""
        return self.context_switches * 3600 / self.seconds


@dataclass(frozen=True, slots=True)
class DeepWorkSummary:
    """All blocks, summed up. Lengths in seconds, None without a block."""

    sessions_count: int = 0
    total_seconds: float = 0.0
    average_seconds: float | None = None
    longest_seconds: float | None = None
    shortest_seconds: float | None = None
    context_switches: int = 0
    unique_domains: int = 0
    high: int = 0
    medium: int = 0
    low: int = 0


def parse_cursor(cursor: str) -> tuple[Any, ...]:
    """The sort key in a cursor of a list of blocks."""
    return decode_cursor(_NAME, cursor, _TYPES)


async def summaries(
    connection: AsyncConnection, scope: Scope, ids: Collection[UUID], question: Question
) -> dict[UUID, DeepWorkSummary]:
    """Each subject's deep work, summed up."""
    deep, keys = _deep_segments(scope, ids, question, by_domain=True)
    block = _blocks(deep, keys)
    per_hour = block.c.switches * 3600 / block.c.seconds
    of_blocks = (
        select(
            block.c.subject,
            func.count().label("count"),
            func.sum(block.c.seconds).label("total"),
            func.avg(block.c.seconds).label("average"),
            func.max(block.c.seconds).label("longest"),
            func.min(block.c.seconds).label("shortest"),
            cast(func.sum(block.c.switches), BigInteger()).label("switches"),
            func.count().filter(per_hour <= HIGH_FOCUS_SWITCHES_PER_HOUR).label("high"),
            func.count()
            .filter(per_hour > HIGH_FOCUS_SWITCHES_PER_HOUR, per_hour <= MEDIUM_FOCUS_SWITCHES_PER_HOUR)
            .label("medium"),
            func.count().filter(per_hour > MEDIUM_FOCUS_SWITCHES_PER_HOUR).label("low"),
        )
        .group_by(block.c.subject)
        .subquery("of_blocks")
    )
    time = domain_times(deep, keys)
    labels = keys.of(time)
    of_domains = (
        select(*labels, func.count(time.c.domain.distinct()).label("domains"))
        .group_by(*(label.element for label in labels))
        .subquery("of_domains")
    )
    statement = select(of_blocks, of_domains.c.domains).join(of_domains, of_domains.c.subject == of_blocks.c.subject)
    return {row.subject: _summary(row) for row in await connection.execute(statement)}


async def pages(
    connection: AsyncConnection, scope: Scope, ids: Collection[UUID], question: Question, request: PageRequest
) -> dict[UUID, Page[BlockRow]]:
    """The same page of each subject's blocks, the oldest first."""
    block = _blocks(*_deep_segments(scope, ids, question, by_domain=False))
    ordering: Ordering[BlockRow] = Ordering(
        _NAME, (block.c.start, block.c.user_id), _TYPES, lambda row: (row.start, row.user_id)
    )
    found: dict[UUID, list[BlockRow]] = {subject: [] for subject in ids}
    for row in await connection.execute(keyset_per(block.c.subject, select(block), ordering, request)):
        found[row.parent].append(
            BlockRow(row.user_id, row.start, row.end, row.seconds, row.events, row.switches, question)
        )
    return {subject: cut(rows, ordering, request) for subject, rows in found.items()}


async def domains_of_blocks(
    connection: AsyncConnection, scope: Scope, keys: Collection[BlockKey], question: Question
) -> dict[BlockKey, list[DomainTime]]:
    """Each block's domains, the one with the most time first."""
    time = domain_times(*_deep_segments(scope, [EVERYBODY], question, by_domain=True))
    seconds: ColumnElement[float] = cast(func.sum(time.c.seconds), Double())
    statement = (
        select(time.c.user_id, time.c.block_start, time.c.domain, seconds.label("seconds"))
        .where(time.c.domain.is_not(None), tuple_(time.c.user_id, time.c.block_start).in_(list(keys)))
        .group_by(time.c.user_id, time.c.block_start, time.c.domain)
        .order_by(seconds.desc(), time.c.domain)
    )
    found: dict[BlockKey, list[DomainTime]] = {key: [] for key in keys}
    for row in await connection.execute(statement):
        found[BlockKey(row.user_id, row.block_start)].append(DomainTime(row.domain, row.seconds))
    return found


def _deep_segments(scope: Scope, ids: Collection[UUID], question: Question, *, by_domain: bool) -> tuple[CTE, Keys]:
    keys = Keys(question.subject, WHOLE, None)
    return deep_segments(Source(chosen(scope, ids, question), question, keys), keys, by_domain=by_domain), keys


def _blocks(deep: CTE, keys: Keys) -> Subquery:
    """The blocks: subject, user_id, start, end, seconds, events, switches."""
    statement: AnySelect = select(
        *keys.of(deep),
        deep.c.user_id,
        deep.c.block_start.label("start"),
        deep.c.block_end.label("end"),
        cast(func.extract("epoch", deep.c.block_end - deep.c.block_start), Double()).label("seconds"),
        cast(func.sum(deep.c.active_events), BigInteger()).label("events"),
        cast(func.sum(deep.c.all_switches), BigInteger()).label("switches"),
    ).group_by(deep.c.user_id, deep.c.organization_id, deep.c.block_start, deep.c.block_end)
    return statement.subquery("block")


def _summary(row: Any) -> DeepWorkSummary:
    return DeepWorkSummary(
        row.count,
        row.total,
        row.average,
        row.longest,
        row.shortest,
        row.switches,
        row.domains,
        row.high,
        row.medium,
        row.low,
    )
