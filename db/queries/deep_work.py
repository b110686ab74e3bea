"""Deep work in detail: its blocks, one by one and summed up. db/metrics/blocks.py finds them."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    Double,
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
from core.measures import HIGH_FOCUS_SWITCHES_PER_HOUR, MEDIUM_FOCUS_SWITCHES_PER_HOUR
from core.scope import Scope
from db.cluster import is_cluster
from db.keyset import AnySelect, Ordering, Page, PageRequest, cut, keyset_per
from db.metrics.blocks import deep_segments, domain_times, domains
from db.metrics.keys import Keys
from db.metrics.part import as_seconds
from db.metrics.question import WHOLE, Question
from db.metrics.shape import Asked, Shape, asked
from db.metrics.source import Source
from db.prepared import SHAPES, Prepared, fetch, parameter, prepared

_INSTANTS = ARRAY(TIMESTAMP(timezone=True))


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
    high: int = 0
    medium: int = 0
    low: int = 0


_OLDEST_FIRST: Ordering[BlockRow] = Ordering(
    "deepWorkBlocks",
    (column("start", TIMESTAMP(timezone=True)), column("user_id", Uuid())),
    (Instant, UUID),
    lambda row: (row.start, row.user_id),
)


def parse_cursor(cursor: str) -> tuple[Any, ...]:
    """The sort key in a cursor of a list of blocks."""
    return _OLDEST_FIRST.parse(cursor)


async def summaries(
    connection: AsyncConnection, scope: Scope, ids: Collection[UUID], question: Question
) -> dict[UUID, DeepWorkSummary]:
    """Each subject's deep work, summed up."""
    about = _asked(connection, scope, ids, question)
    rows = await fetch(connection, _summaries_statement(about.shape), about.values)
    return {row.subject: DeepWorkSummary(*row[1:]) for row in rows}


async def unique_domains(
    connection: AsyncConnection, scope: Scope, ids: Collection[UUID], question: Question
) -> dict[UUID, int]:
    """How many domains each subject's blocks have events of."""
    about = _asked(connection, scope, ids, question)
    rows = await fetch(connection, _unique_domains_statement(about.shape), about.values)
    return {row.subject: row.domains for row in rows}


async def pages(
    connection: AsyncConnection, scope: Scope, ids: Collection[UUID], question: Question, request: PageRequest
) -> dict[UUID, Page[BlockRow]]:
    """The same page of each subject's blocks, the oldest first."""
    about = _asked(connection, scope, ids, question)
    found: dict[UUID, list[BlockRow]] = {subject: [] for subject in ids}
    for row in await fetch(connection, _pages_statement(about.shape, request), about.values):
        found[row.parent].append(
            BlockRow(row.user_id, row.start, row.end, row.seconds, row.events, row.switches, question)
        )
    return {subject: cut(rows, _OLDEST_FIRST, request) for subject, rows in found.items()}


async def domains_of_blocks(
    connection: AsyncConnection, scope: Scope, keys: Collection[BlockKey], question: Question
) -> dict[BlockKey, list[DomainTime]]:
    """Each block's domains, the one with the most time first."""
    about = asked(scope, None, replace(question, subject=None), WHOLE, spread=is_cluster(connection))
    blocks = {"block_users": [key.user_id for key in keys], "block_starts": [key.start for key in keys]}
    found: dict[BlockKey, list[DomainTime]] = {key: [] for key in keys}
    for row in await fetch(connection, _domains_statement(about.shape), about.values | blocks):
        found[BlockKey(row.user_id, row.block_start)].append(DomainTime(row.domain, row.seconds))
    return found


def _asked(connection: AsyncConnection, scope: Scope, ids: Collection[UUID], question: Question) -> Asked:
    return asked(scope, None if question.subject is None else ids, question, WHOLE, spread=is_cluster(connection))


@lru_cache(SHAPES)
def _summaries_statement(shape: Shape) -> Prepared:
    block = _blocks_of(shape)
    per_hour = block.c.switches * 3600 / block.c.seconds
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
def _unique_domains_statement(shape: Shape) -> Prepared:
    deep, keys = _deep_segments(shape, by_domain=True)
    domain = domains(deep)
    different = select(*keys.of(domain), domain.c.domain).where(domain.c.domain.is_not(None)).distinct().subquery()
    # On a cluster each person's are told apart, and two may have been to the same.
    count = func.count(distinct(different.c.domain)) if shape.spread else func.count()
    return prepared(select(different.c.subject, count.label("domains")).group_by(different.c.subject))


@lru_cache(SHAPES)
def _pages_statement(shape: Shape, request: PageRequest) -> Prepared:
    block = _blocks_of(shape)
    return prepared(keyset_per(block.c.subject, select(block), _OLDEST_FIRST, request))


@lru_cache(SHAPES)
def _domains_statement(shape: Shape) -> Prepared:
    time = domain_times(*_deep_segments(shape, by_domain=True))
    seconds = as_seconds(func.sum(time.c.us))
    users, starts = (
        parameter("block_users", ARRAY(Uuid())),
        parameter("block_starts", _INSTANTS),
    )
    wanted = select(func.unnest(users, type_=Uuid()), func.unnest(starts, type_=TIMESTAMP(timezone=True)))
    return prepared(
        select(time.c.user_id, time.c.block_start, time.c.domain, seconds.label("seconds"))
        .where(time.c.domain.is_not(None), tuple_(time.c.user_id, time.c.block_start).in_(wanted))
        .group_by(time.c.user_id, time.c.block_start, time.c.domain)
        .order_by(seconds.desc(), time.c.domain)
    )


def _deep_segments(shape: Shape, *, by_domain: bool) -> tuple[CTE, Keys]:
    keys = Keys(shape)
    return deep_segments(Source(shape, keys), keys, by_domain=by_domain), keys


def _blocks_of(shape: Shape) -> Subquery:
    """The blocks: subject, user_id, start, end, seconds, events, switches."""
    deep, keys = _deep_segments(shape, by_domain=False)
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
