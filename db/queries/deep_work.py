"""Deep work in detail: its blocks, one by one and summed up. db/metrics/blocks.py finds them."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnClause,
    ColumnElement,
    Double,
    FromClause,
    Subquery,
    Uuid,
    and_,
    cast,
    column,
    distinct,
    func,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection

from core.cursors import Instant
from core.deep_work import HIGH_FOCUS_SWITCHES_PER_HOUR, MEDIUM_FOCUS_SWITCHES_PER_HOUR
from core.interval_order import IntervalOrder
from core.scope import Scope
from db.cluster import topology_of
from db.keyset import AnySelect, Ordering, PageRequest, RowPage, keyset_per, paginate_rows
from db.metrics.blocks import deep_segments, domain_times, domains
from db.metrics.keys import Keys
from db.metrics.measure_query import as_seconds, microseconds
from db.metrics.query_shape import BoundQuery, QueryShape, bound_query
from db.metrics.question import WHOLE, Question
from db.metrics.statement import source_and_keys
from db.prepared import SHAPES, Prepared, fetch, parameter, prepared

_INSTANTS = ARRAY(TIMESTAMP(timezone=True))


class BlockKey(NamedTuple):
    """The key of a block."""

    user_id: UUID
    start: datetime


@dataclass(frozen=True, slots=True)
class BlockDomainRow:
    """The part of a block's time that belongs to a domain, in seconds."""

    domain: str
    seconds: float


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A block of deep work.

    `start`, `end` and `switches_per_hour` are the whole block's; `seconds`, `events` and `context_switches` those of
    its parts that the filter chooses.
    """

    user_id: UUID
    start: datetime
    end: datetime
    seconds: float
    events: int
    context_switches: int
    switches_per_hour: float
    question: Question

    @property
    def key(self) -> BlockKey:
        """The block's key."""
        return BlockKey(self.user_id, self.start)


@dataclass(frozen=True, slots=True)
class DeepWorkSummary:
    """All blocks, summed up: times in seconds, None without a block. See BlockRow."""

    sessions_count: int = 0
    total_seconds: float = 0.0
    average_seconds: float | None = None
    longest_seconds: float | None = None
    shortest_seconds: float | None = None
    context_switches: int = 0
    high: int = 0
    medium: int = 0
    low: int = 0


def _ordering(order: IntervalOrder) -> Ordering[BlockRow]:
    columns: tuple[ColumnClause[Any], ...] = (column("start", TIMESTAMP(timezone=True)), column("user_id", Uuid()))
    types: tuple[Any, ...] = (Instant, UUID)
    if order.by_length:
        columns, types = (column("seconds", Double()), *columns), (float, *types)
    key = attrgetter(*(each.name for each in columns))
    return Ordering("deepWorkBlocks", columns, types, key, descending=order.descending)


ORDERINGS = {order: _ordering(order) for order in IntervalOrder}
"""The orders of blocks."""


async def summaries(
    connection: AsyncConnection, scope: Scope, ids: Collection[UUID], question: Question
) -> dict[UUID, DeepWorkSummary]:
    """Each subject's deep work, summed up."""
    about = _bound_query(connection, scope, ids, question)
    rows = await fetch(connection, _summaries_statement(about.shape), about.values)
    return {row.subject: DeepWorkSummary(*row[1:]) for row in rows}


async def unique_domains(
    connection: AsyncConnection, scope: Scope, ids: Collection[UUID], question: Question
) -> dict[UUID, int]:
    """The number of distinct domains in each subject's blocks."""
    about = _bound_query(connection, scope, ids, question)
    rows = await fetch(connection, _unique_domains_statement(about.shape), about.values)
    return {row.subject: row.domains for row in rows}


async def pages(
    connection: AsyncConnection,
    scope: Scope,
    ids: Collection[UUID],
    question: Question,
    order: IntervalOrder,
    request: PageRequest,
) -> dict[UUID, RowPage[BlockRow]]:
    """The same page of each subject's blocks."""
    about = _bound_query(connection, scope, ids, question)
    found: dict[UUID, list[BlockRow]] = {subject: [] for subject in ids}
    for row in await fetch(connection, _pages_statement(about.shape, order, request), about.values):
        found[row.parent].append(
            BlockRow(
                row.user_id, row.start, row.end, row.seconds, row.events, row.switches, row.switches_per_hour, question
            )
        )
    return {subject: paginate_rows(rows, ORDERINGS[order], request) for subject, rows in found.items()}


async def domains_of_blocks(
    connection: AsyncConnection, scope: Scope, keys: Collection[BlockKey], question: Question
) -> dict[BlockKey, list[BlockDomainRow]]:
    """Each block's domains, the one with the most time first."""
    about = bound_query(scope, None, replace(question, subject=None), WHOLE, topology_of(connection))
    blocks = {"block_users": [key.user_id for key in keys], "block_starts": [key.start for key in keys]}
    found: dict[BlockKey, list[BlockDomainRow]] = {key: [] for key in keys}
    for row in await fetch(connection, _domains_statement(about.shape), about.values | blocks):
        found[BlockKey(row.user_id, row.block_start)].append(BlockDomainRow(row.domain, row.seconds))
    return found


def _bound_query(connection: AsyncConnection, scope: Scope, ids: Collection[UUID], question: Question) -> BoundQuery:
    return bound_query(scope, None if question.subject is None else ids, question, WHOLE, topology_of(connection))


@lru_cache(SHAPES)
def _summaries_statement(shape: QueryShape) -> Prepared:
    block = _blocks_of(shape)
    per_hour = block.c.switches_per_hour
    medium = and_(per_hour > HIGH_FOCUS_SWITCHES_PER_HOUR, per_hour <= MEDIUM_FOCUS_SWITCHES_PER_HOUR)
    return prepared(
        select(
            block.c.subject,
            func.count().label("count"),
            func.sum(block.c.seconds).label("total"),
            func.avg(block.c.seconds).label("average"),
            func.max(block.c.seconds).label("longest"),
            func.min(block.c.seconds).label("shortest"),
            cast(func.sum(block.c.switches), BigInteger()).label("switches"),
            func.count().filter(per_hour <= HIGH_FOCUS_SWITCHES_PER_HOUR).label("high"),
            func.count().filter(medium).label("medium"),
            func.count().filter(per_hour > MEDIUM_FOCUS_SWITCHES_PER_HOUR).label("low"),
        ).group_by(block.c.subject)
    )


@lru_cache(SHAPES)
def _unique_domains_statement(shape: QueryShape) -> Prepared:
    source, keys = source_and_keys(shape)
    domain = domains(deep_segments(source, keys, by_domain=True), keys)
    different = (
        select(*keys.of(domain), domain.c.domain)
        .where(domain.c.domain.is_not(None), *keys.chosen(domain))
        .distinct()
        .subquery()
    )
    # Where people are kept apart, two of them may have been to the same domain.
    count = func.count(distinct(different.c.domain)) if keys.by_person else func.count()
    return prepared(select(different.c.subject, count.label("domains")).group_by(different.c.subject))


@lru_cache(SHAPES)
def _pages_statement(shape: QueryShape, order: IntervalOrder, request: PageRequest) -> Prepared:
    block = _blocks_of(shape)
    return prepared(keyset_per(block.c.subject, select(block), ORDERINGS[order], request))


@lru_cache(SHAPES)
def _domains_statement(shape: QueryShape) -> Prepared:
    source, keys = source_and_keys(shape)
    time = domain_times(deep_segments(source, keys, by_domain=True), keys)
    seconds = as_seconds(func.sum(time.c.us))
    users, starts = (
        parameter("block_users", ARRAY(Uuid())),
        parameter("block_starts", _INSTANTS),
    )
    wanted = select(func.unnest(users, type_=Uuid()), func.unnest(starts, type_=TIMESTAMP(timezone=True)))
    return prepared(
        select(time.c.user_id, time.c.block_start, time.c.domain, seconds.label("seconds"))
        .where(time.c.domain.is_not(None), *keys.chosen(time), tuple_(time.c.user_id, time.c.block_start).in_(wanted))
        .group_by(time.c.user_id, time.c.block_start, time.c.domain)
        .order_by(seconds.desc(), time.c.domain)
    )


def _blocks_of(shape: QueryShape) -> Subquery:
    """The blocks with a chosen part: subject, user_id, start, end, seconds, events, switches, switches_per_hour."""
    source, keys = source_and_keys(shape)
    deep = deep_segments(source.without_hours if keys.chooses else source, keys, by_domain=False)
    part: FromClause = _chosen_parts(deep, keys) if keys.chooses else deep
    length: ColumnElement[Any] = cast(func.extract("epoch", part.c.block_end - part.c.block_start), Double())
    whole_switches: ColumnElement[Any] = cast(func.sum(part.c.all_switches), BigInteger())
    seconds, switches = length, whole_switches
    events: ColumnElement[Any] = func.sum(part.c.active_events)
    if keys.chooses:
        seconds = as_seconds(_of_chosen(part, microseconds(part.c.end - part.c.start)))
        events = _of_chosen(part, part.c.active_events)
        switches = _of_chosen(part, part.c.switches_away)
    statement: AnySelect = select(
        *keys.of(part),
        part.c.user_id,
        part.c.block_start.label("start"),
        part.c.block_end.label("end"),
        seconds.label("seconds"),
        cast(events, BigInteger()).label("events"),
        cast(switches, BigInteger()).label("switches"),
        (whole_switches * 3600 / length).label("switches_per_hour"),
    ).group_by(part.c.user_id, part.c.organization_id, part.c.block_start, part.c.block_end)
    if keys.chooses:
        statement = statement.having(func.bool_or(part.c.is_chosen))
    return statement.subquery("block")


def _chosen_parts(deep: CTE, keys: Keys) -> Subquery:
    """The segments of blocks, as events and runs alone give them: each with whether the filter chooses it.

    Adds switches_away: whether the next segment of the block is in another domain, which this one's event leaves.
    """
    away = func.lead(deep.c.all_switches).over(
        partition_by=[deep.c.user_id, deep.c.block], order_by=[deep.c.first_ts, deep.c.first_id]
    )
    part = select(deep, deep.c.last_domain.label("domain"), away.label("switches_away")).subquery("block_part")
    return select(part, and_(*keys.chosen(part)).label("is_chosen")).subquery("chosen_part")


def _of_chosen(part: FromClause, amount: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(amount).filter(part.c.is_chosen), 0)
