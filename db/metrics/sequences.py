"""Measures of what follows what: tracked time, the lengths of sessions, context switches.

Sequences are taken over all events of the question before anything is split, so the parts add up to the whole.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Double,
    FromClause,
    Subquery,
    Uuid,
    cast,
    extract,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import INTERVAL

from core.dimensions import Dimension
from core.events import ANONYMOUS
from core.measures import SWITCH_GAP
from db.keyset import AnySelect
from db.metrics.keys import Keys

_INSTANT_BEFORE = func.make_interval(0, 0, 0, 0, 0, 0, 0.000001)
_WHOLE_SESSIONS = {Dimension.EXTENSION_USER, Dimension.ORGANIZATION, Dimension.SESSION}


def tracked_seconds(run: CTE, keys: Keys) -> AnySelect:
    """`tracked_seconds`: whole sessions where those stay whole, else the time between events, piece by piece."""
    if not keys.by_time and set(keys.dimensions) <= _WHOLE_SESSIONS:
        session = _sessions(run)
        return _summed(session, keys, session.c.seconds, "tracked_seconds")
    order = [run.c.first_ts, run.c.first_id]
    following = func.lead(run.c.first_ts).over(partition_by=[run.c.user_id, run.c.session_id], order_by=order)
    stretch = select(
        run.c.user_id,
        run.c.organization_id,
        run.c.session_id,
        run.c.domain,
        run.c.url,
        run.c.first_ts.label("start"),
        func.coalesce(following, run.c.last_ts).label("end"),
    ).subquery("stretch")
    piece = pieces(stretch, keys)
    return _summed(piece, keys, piece.c.seconds, "tracked_seconds")


def session_seconds(run: CTE, keys: Keys) -> AnySelect:
    """`session_seconds`, in four columns."""
    session = _sessions(run)
    seconds: ColumnElement[float] = cast(session.c.seconds, Double())
    columns = [
        cast(func.avg(session.c.seconds), Double()).label("session_average"),
        func.percentile_cont(0.5).within_group(seconds).label("session_p50"),
        func.percentile_cont(0.95).within_group(seconds).label("session_p95"),
        func.max(seconds).label("session_longest"),
    ]
    return _grouped(session, keys, *columns)


def context_switches(run: CTE, keys: Keys) -> AnySelect:
    """`context_switches`."""
    person: dict[str, Any] = {"partition_by": run.c.user_id, "order_by": [run.c.first_ts, run.c.first_id]}
    step = (
        select(
            run.c.user_id,
            run.c.organization_id,
            run.c.domain,
            *([run.c.slot] if keys.by_time else []),
            (run.c.first_active_ts - func.lag(run.c.last_active_ts).over(**person)).label("gap"),
            func.lag(run.c.domain).over(**person).label("domain_before"),
        )
        .where(run.c.active_events > 0, named(run))
        .subquery("step")
    )
    is_switch = (step.c.gap <= literal(SWITCH_GAP, INTERVAL())) & step.c.domain.is_distinct_from(step.c.domain_before)
    return _grouped(step, keys, func.count().filter(is_switch).label("context_switches"))


def named(run: CTE) -> ColumnElement[bool]:
    """Whether a run is a person's: anonymous events are many people's, and follow one another by chance."""
    return run.c.user_id != cast(literal(ANONYMOUS, Uuid()), Uuid())


def pieces(stretch: Subquery, keys: Keys) -> Subquery:
    """Stretches of time (`start`, `end`) cut at the slots' edges, where the split needs it: adds `slot`, `seconds`.

    Stretches of no length have no piece.
    """
    if not keys.by_time:
        whole = extract("epoch", stretch.c.end - stretch.c.start).label("seconds")
        return select(stretch, whole).where(stretch.c.end > stretch.c.start).subquery("piece")
    edges = keys.slots.c.edges
    first, last = keys.slot_of(stretch.c.start), keys.slot_of(stretch.c.end - _INSTANT_BEFORE)
    slot = select(func.generate_series(first, last).label("slot")).correlate(stretch, keys.slots).lateral("cut")
    begin = func.greatest(stretch.c.start, edges[slot.c.slot])
    finish = func.least(stretch.c.end, edges[slot.c.slot + 1])
    columns = [column for column in stretch.c if column.key not in {"start", "end"}]
    return (
        select(*columns, slot.c.slot, extract("epoch", finish - begin).label("seconds"))
        .select_from(stretch.join(keys.slots, true()).join(slot, true()))
        .where(stretch.c.end > stretch.c.start)
        .subquery("piece")
    )


def _sessions(run: CTE) -> Subquery:
    """Each session's length in seconds."""
    return (
        select(
            run.c.user_id,
            run.c.organization_id,
            run.c.session_id,
            extract("epoch", func.max(run.c.last_ts) - func.min(run.c.first_ts)).label("seconds"),
        )
        .group_by(run.c.user_id, run.c.organization_id, run.c.session_id)
        .subquery("session")
    )


def _summed(relation: FromClause, keys: Keys, seconds: ColumnElement[Any], name: str) -> AnySelect:
    return _grouped(relation, keys, cast(func.sum(seconds), Double()).label(name))


def _grouped(relation: FromClause, keys: Keys, *columns: ColumnElement[Any]) -> AnySelect:
    labels = keys.of(relation)
    return (
        select(*labels, *columns)
        .select_from(keys.joined(relation))
        .where(*keys.conditions(relation))
        .group_by(*(label.element for label in labels))
    )
