"""Deep work: blocks of a person's active events.

active events   ×××× ××  ××××        ×× ×        gap of more than 300 s: a new block
blocks          [────────────]       [──]        deep when it lasts 25 minutes and holds 10 events
"""

from typing import Any

from sqlalchemy import CTE, Double, Integer, and_, cast, func, literal, select
from sqlalchemy.dialects.postgresql import INTERVAL

from core.dimensions import Dimension
from core.measures import DEEP_WORK_EVENTS, DEEP_WORK_LENGTH, SWITCH_GAP
from db.keyset import AnySelect
from db.metrics.keys import Keys
from db.metrics.sequences import named, pieces

_GAP = literal(SWITCH_GAP, INTERVAL())


def deep_runs(run: CTE) -> CTE:
    """The active runs that lie in deep-work blocks.

    Adds to a run's columns: block (its number, per person), opens (whether it is the block's first run), switches (1
    where the domain differs from that of the run before, in the same block), start and end of the time that belongs to
    it, and block_start, block_end, block_events.
    """
    order = [run.c.first_ts, run.c.first_id]
    person: dict[str, Any] = {"partition_by": run.c.user_id, "order_by": order}
    gap = run.c.first_active_ts - func.lag(run.c.last_active_ts).over(**person)
    active = (
        select(
            *run.c,
            func.coalesce(gap > _GAP, literal(True)).label("opens"),
            func.lag(run.c.domain).over(**person).label("domain_before"),
        )
        .where(run.c.active_events > 0, named(run))
        .subquery("active_run")
    )
    number = (
        func.count()
        .filter(active.c.opens)
        .over(partition_by=active.c.user_id, order_by=[active.c.first_ts, active.c.first_id], rows=(None, 0))
    )
    numbered = select(active, number.label("block")).subquery("numbered_run")
    block = [numbered.c.user_id, numbered.c.block]
    following = func.lead(numbered.c.first_active_ts).over(
        partition_by=block, order_by=[numbered.c.first_ts, numbered.c.first_id]
    )
    switches = and_(~numbered.c.opens, numbered.c.domain.is_distinct_from(numbered.c.domain_before))
    measured = select(
        numbered,
        cast(switches, Integer()).label("switches"),
        numbered.c.first_active_ts.label("start"),
        func.coalesce(following, numbered.c.last_active_ts).label("end"),
        func.min(numbered.c.first_active_ts).over(partition_by=block).label("block_start"),
        func.max(numbered.c.last_active_ts).over(partition_by=block).label("block_end"),
        func.sum(numbered.c.active_events).over(partition_by=block).label("block_events"),
    ).subquery("measured_run")
    is_deep = and_(
        measured.c.block_end - measured.c.block_start >= literal(DEEP_WORK_LENGTH, INTERVAL()),
        measured.c.block_events >= DEEP_WORK_EVENTS,
    )
    return select(measured).where(is_deep).cte("deep_run")


def deep_work(run: CTE, keys: Keys) -> AnySelect:
    """`deep_work_sessions` and `deep_work_seconds`."""
    deep = deep_runs(run)
    if keys.by_time or not {Dimension.DOMAIN, Dimension.CATEGORY}.isdisjoint(keys.dimensions):
        return _by_piece(deep, keys)
    labels = keys.of(deep)
    length = func.extract("epoch", deep.c.block_end - deep.c.block_start)
    return (
        select(
            *labels,
            func.count().label("deep_work_sessions"),
            cast(func.sum(length), Double()).label("deep_work_seconds"),
        )
        .where(deep.c.opens, *keys.conditions(deep))
        .group_by(*(label.element for label in labels))
    )


def _by_piece(deep: CTE, keys: Keys) -> AnySelect:
    """Time as it belongs to domains and times; a block counts wherever it has a piece or, by domain alone, an event."""
    columns = [deep.c.user_id, deep.c.organization_id, deep.c.domain, deep.c.block]
    stretch = select(*columns, deep.c.start, deep.c.end).subquery("stretch")
    if keys.by_time:
        part: Any = pieces(stretch, keys)
        seconds = part.c.seconds
    else:
        part, seconds = stretch, func.extract("epoch", stretch.c.end - stretch.c.start)
    per_block = (
        select(*keys.of(part), part.c.user_id.label("person"), part.c.block.label("block"), seconds.label("seconds"))
        .select_from(keys.joined(part))
        .where(*keys.conditions(part))
        .subquery("block_piece")
    )
    names = [per_block.c[column.name] for column in keys.columns]
    block = (
        select(*names, per_block.c.person, per_block.c.block, func.sum(per_block.c.seconds).label("seconds"))
        .group_by(*names, per_block.c.person, per_block.c.block)
        .subquery("block")
    )
    names = [block.c[column.name] for column in keys.columns]
    return select(
        *names,
        func.count().label("deep_work_sessions"),
        cast(func.sum(block.c.seconds), Double()).label("deep_work_seconds"),
    ).group_by(*names)
