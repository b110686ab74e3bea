"""Deep work: blocks of a person's active events.

active events   ×××× ××  ××××        ×× ×        gap of more than 300 s: a new block
segments        [──────][───]        [──]        what hours and runs know of them
blocks          [───────────]        [──]        deep when it lasts 25 minutes and holds 10 events
"""

from sqlalchemy import CTE, FromClause, Integer, Subquery, and_, cast, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import INTERVAL

from core.deep_work import DEEP_WORK_EVENTS, DEEP_WORK_LENGTH, SWITCH_GAP
from db.metrics import hours
from db.metrics.keys import Keys
from db.metrics.measure_query import microseconds
from db.metrics.sequences import beside_domain, in_order, pieces, segments
from db.metrics.source import Rows, Source

_GAP = literal(SWITCH_GAP, INTERVAL())


def deep_segments(source: Source | Rows, keys: Keys, *, by_domain: bool) -> CTE:
    """The segments that lie in deep-work blocks.

    Adds to a segment's columns: block (its number, per person), opens (whether it is the block's first), all_switches
    (with that between the segment before and this one), start and end of the time that is accounted for by neither
    parts nor other segments, and block_start, block_end, block_events.
    """
    segment = segments(source, keys, by_domain=by_domain)
    person = in_order(segment)
    gap = segment.c.first_active_ts - func.lag(segment.c.last_active_ts).over(**person)
    opened = select(
        *segment.c,
        func.coalesce(gap > _GAP, literal(True)).label("opens"),
        func.lag(segment.c.last_domain).over(**person).label("domain_before"),
    ).subquery("opened")
    number = (
        func.count()
        .filter(opened.c.opens)
        .over(partition_by=opened.c.user_id, order_by=[opened.c.first_ts, opened.c.first_id], rows=(None, 0))
    )
    numbered = select(opened, number.label("block")).subquery("numbered")
    block = [numbered.c.user_id, numbered.c.block]
    following = func.lead(numbered.c.first_active_ts).over(
        partition_by=block, order_by=[numbered.c.first_ts, numbered.c.first_id]
    )
    switches_in = and_(~numbered.c.opens, numbered.c.first_domain.is_distinct_from(numbered.c.domain_before))
    measured = select(
        numbered,
        (numbered.c.switches + cast(switches_in, Integer())).label("all_switches"),
        numbered.c.open_ts.label("start"),
        func.coalesce(following, numbered.c.last_active_ts).label("end"),
        func.min(numbered.c.first_active_ts).over(partition_by=block).label("block_start"),
        func.max(numbered.c.last_active_ts).over(partition_by=block).label("block_end"),
        func.sum(numbered.c.active_events).over(partition_by=block).label("block_events"),
    ).subquery("measured")
    is_deep = and_(
        measured.c.block_end - measured.c.block_start >= literal(DEEP_WORK_LENGTH, INTERVAL()),
        measured.c.block_events >= DEEP_WORK_EVENTS,
    )
    return keys.topology.shared(select(measured).where(is_deep), "deep")


def domain_times(deep: CTE, keys: Keys) -> Subquery:
    """The blocks' time by domain, in pieces: block, block_start, domain, us, and time slice where time is cut.

    `deep` must be told apart by domain. A domain with an event in a block has a piece, be it of no length; but where
    time is cut, pieces are longer than that. Pieces also have what else the keys read of their event.
    """
    names = ["user_id", "organization_id", "block", "block_start", *beside_domain(keys)]
    time_slice = ["time_slice"] if keys.by_time else []
    part = hours.parts(deep, *names, *time_slice).subquery("part")
    within = select(
        *(part.c[name] for name in names),
        part.c.domain,
        *(part.c[name] for name in time_slice),
        part.c.us,
    )
    stretch = select(
        *(deep.c[name] for name in names), deep.c.last_domain.label("domain"), deep.c.start, deep.c.end
    ).subquery("stretch")
    between: FromClause = stretch
    length = microseconds(stretch.c.end - stretch.c.start)
    if keys.by_time:
        within = within.where(part.c.us > 0)
        between = pieces(stretch, keys)
        length = between.c.us
    outside = select(
        *(between.c[name] for name in names), between.c.domain, *(between.c[name] for name in time_slice), length
    )
    return union_all(within, outside).subquery("domain_time")


def domains(deep: CTE, keys: Keys) -> Subquery:
    """The domains with an event in a block. `deep` must be told apart by domain."""
    names = ["user_id", "organization_id", *beside_domain(keys)]
    part = hours.parts(deep, *names).subquery("part")
    return union_all(
        select(*(part.c[name] for name in names), part.c.domain),
        select(*(deep.c[name] for name in names), deep.c.last_domain),
    ).subquery("deep_domain")
