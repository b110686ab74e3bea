"""Deep work: the number and duration of its blocks, and what is derived from them."""

from sqlalchemy import Subquery, func, select

from core.additivity import Additivity
from core.units import Unit
from db.metrics.blocks import deep_segments, domain_times
from db.metrics.keys import Keys
from db.metrics.measure import Measure, percentage
from db.metrics.measure_query import MeasureQuery, added, microseconds
from db.metrics.measures.splits import OF_DOMAIN, PEOPLE, TIME_OF_WEEK
from db.metrics.sequences import pieces
from db.metrics.source import Source

_SPLITS = PEOPLE | TIME_OF_WEEK | OF_DOMAIN


def _deep_work(source: Source, keys: Keys) -> MeasureQuery:
    """`deep_work_sessions` and `deep_work_seconds`."""
    by_piece = bool(keys.read)
    deep = deep_segments(source, keys, by_domain=by_piece)
    if by_piece:
        return _by_piece(domain_times(deep, keys), keys)
    names = [deep.c.user_id, deep.c.organization_id, deep.c.block]
    ends = [deep.c.block_start.label("start"), deep.c.block_end.label("end")]
    block = select(*names, *ends).where(deep.c.opens).subquery("block")
    if keys.by_time:
        return _by_piece(pieces(block, keys), keys)
    labels = keys.of(block)
    rows = (
        select(
            *labels,
            func.count().label("deep_work_sessions"),
            func.sum(microseconds(block.c.end - block.c.start)).label("deep_work_seconds"),
        )
        .select_from(keys.grouped(block))
        .where(*keys.conditions(block))
        .group_by(*(label.element for label in labels))
    )
    return added(rows, "deep_work_sessions", seconds=("deep_work_seconds",))


def _by_piece(piece: Subquery, keys: Keys) -> MeasureQuery:
    """Pieces of blocks, summed up; a block counts once in every group that has a piece of it."""
    labels = keys.of(piece)
    block = (
        select(*labels, func.sum(piece.c.us).label("us"))
        .select_from(keys.grouped(piece))
        .where(*keys.conditions(piece))
        .group_by(*(label.element for label in labels), piece.c.user_id, piece.c.block)
        .subquery("block_piece")
    )
    names = [block.c[column.name] for column in keys.columns]
    rows = select(
        *names, func.count().label("deep_work_sessions"), func.sum(block.c.us).label("deep_work_seconds")
    ).group_by(*names)
    return added(rows, "deep_work_sessions", seconds=("deep_work_seconds",))


MEASURES = (
    Measure(
        "deep_work_sessions",
        "Number of deep-work blocks. Split by time, a block counts wherever a piece of it lies; split by domain, "
        "wherever it has an event.",
        Unit.COUNT,
        _SPLITS,
        query=_deep_work,
    ),
    Measure(
        "deep_work_seconds",
        "Total duration of deep-work blocks. Split, the time between two consecutive events of a block belongs to "
        "the domain of the earlier one, and to the time it falls in.",
        Unit.SECONDS,
        _SPLITS,
        type=float,
        query=_deep_work,
        additivity=Additivity.BUCKETS,
    ),
    Measure(
        "deep_work_rate",
        "Deep-work seconds / 60 / tracked minutes × 100; null when nothing was tracked.",
        Unit.PERCENT,
        _SPLITS,
        type=float | None,
        formula=percentage(divisor=60),
        derived_from=("deep_work_seconds", "tracked_minutes"),
    ),
)
