"""Tracked and active time, lengths of sessions, context switches.

Sequences are taken over all events of the question before anything is split, so the parts add up to the whole.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    FromClause,
    Integer,
    and_,
    cast,
    false,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import INTERVAL

from core.additivity import Additivity
from core.deep_work import SWITCH_GAP
from core.dimensions import Dimension
from core.units import Unit
from db.keyset import AnySelect
from db.metrics import hours
from db.metrics.active_time import active_pieces
from db.metrics.keys import Keys
from db.metrics.measure import Measure
from db.metrics.measure_query import Columns, MeasureQuery, added, as_seconds
from db.metrics.measures.splits import ANY, OF_DOMAIN, PEOPLE, TIME_OF_WEEK
from db.metrics.sequences import beside_domain, in_order, pieces, segments, session_lengths, stretches, visits
from db.metrics.source import Source

_WHOLE_SESSIONS = PEOPLE | {Dimension.SESSION}


@dataclass(frozen=True, slots=True)
class SessionSecondsRow:
    """The lengths of sessions, in seconds; None without any."""

    average: float | None = None
    p50: float | None = None
    p95: float | None = None
    longest: float | None = None


def _tracked_seconds(source: Source, keys: Keys) -> MeasureQuery:
    """`tracked_seconds`: whole sessions where those stay whole, else the time between events, piece by piece."""
    if not keys.by_time and not keys.chooses and set(keys.dimensions) <= _WHOLE_SESSIONS:
        session = session_lengths(source, keys)
        return _summed(session, keys, session.c.us, "tracked_seconds")
    stretch = stretches(visits(source, by_domain=keys.by_domain))
    piece: FromClause = pieces(stretch, keys)
    if keys.by_domain and source.hours is not None:
        names = ["user_id", "organization_id", *(["time_slice"] if keys.by_time else []), "domain"]
        within = hours.domains(source.hours, "us").subquery("hour_domain")
        piece = union_all(
            select(*(within.c[name] for name in names), within.c.us),
            select(*(piece.c[name] for name in names), piece.c.us),
        ).subquery("spent")
    return _summed(piece, keys, piece.c.us, "tracked_seconds")


def _active_seconds(source: Source, keys: Keys) -> MeasureQuery:
    """`active_seconds`."""
    piece = active_pieces(source, keys)
    return _summed(piece, keys, piece.c.us, "active_seconds")


def _session_seconds(source: Source, keys: Keys) -> MeasureQuery:
    """`session_seconds`, in four columns. Percentiles are of all sessions: a cluster's last step takes each."""
    session, keys = session_lengths(source, keys), keys.of_chosen()
    if keys.by_person:
        each = keys.select(session, *keys.of(session), session.c.us.label("session_us"))
        return MeasureQuery(
            each, {"session_us": BigInteger()}, {name: _of_sessions(make) for name, make in _LENGTHS.items()}
        )
    columns = [make(session.c.us).label(name) for name, make in _LENGTHS.items()]
    return MeasureQuery(
        _grouped(session, keys, *columns),
        dict.fromkeys(_LENGTHS, Double()),
        {name: partial(_only, name) for name in _LENGTHS},
    )


def _percentile(fraction: float) -> Callable[[ColumnElement[Any]], ColumnElement[Any]]:
    return lambda us: func.percentile_cont(fraction).within_group(as_seconds(us))


_LENGTHS: dict[str, Callable[[ColumnElement[Any]], ColumnElement[Any]]] = {
    "session_average": lambda us: as_seconds(func.avg(us)),
    "session_p50": _percentile(0.5),
    "session_p95": _percentile(0.95),
    "session_longest": lambda us: as_seconds(func.max(us)),
}


def _of_sessions(make: Callable[[ColumnElement[Any]], ColumnElement[Any]]) -> Callable[[Columns], ColumnElement[Any]]:
    return lambda columns: make(columns.session_us)


def _only(name: str, columns: Columns) -> ColumnElement[Any]:
    """The one value that there is."""
    return func.max(columns[name])


def _context_switches(source: Source, keys: Keys) -> MeasureQuery:
    """`context_switches`."""
    if keys.read:
        return _switches_away(source, keys)
    segment = segments(source, keys)
    order: dict[str, Any] = in_order(segment)
    step = select(
        segment.c.user_id,
        segment.c.organization_id,
        *([segment.c.time_slice] if keys.by_time else []),
        segment.c.switches,
        _is_switch(segment, order).label("is_switch"),
    ).subquery("step")
    switches = step.c.switches + cast(step.c.is_switch, Integer())
    return added(_grouped(step, keys, func.sum(switches).label("context_switches")), "context_switches")


def _switches_away(source: Source, keys: Keys) -> MeasureQuery:
    """`context_switches`, each with what is read of the event that it leaves: not told apart by hours."""
    segment = segments(source.without_hours, keys)
    order: dict[str, Any] = in_order(segment)
    before = {"domain": segment.c.last_domain} | {name: segment.c[name] for name in beside_domain(keys)}
    step = select(
        segment.c.user_id,
        segment.c.organization_id,
        *([segment.c.time_slice] if keys.by_time else []),
        *(func.lag(column).over(**order).label(name) for name, column in before.items()),
        _is_switch(segment, order).label("is_switch"),
    ).subquery("step")
    switch = select(step).where(step.c.is_switch).subquery("switch")
    return added(_grouped(switch, keys, func.count().label("context_switches")), "context_switches")


def _is_switch(segment: FromClause, order: dict[str, Any]) -> ColumnElement[bool]:
    """True if a person's segment follows the one before by a switch."""
    gap = segment.c.first_active_ts - func.lag(segment.c.last_active_ts).over(**order)
    domain_before = func.lag(segment.c.last_domain).over(**order)
    near = func.coalesce(gap <= literal(SWITCH_GAP, INTERVAL()), false())
    return and_(near, segment.c.first_domain.is_distinct_from(domain_before))


def _summed(relation: FromClause, keys: Keys, us: ColumnElement[int], name: str) -> MeasureQuery:
    return added(_grouped(relation, keys, func.sum(us).label(name)), seconds=(name,))


def _grouped(relation: FromClause, keys: Keys, *columns: ColumnElement[Any]) -> AnySelect:
    labels = keys.of(relation)
    return keys.select(relation, *labels, *columns).group_by(*(label.element for label in labels))


MEASURES = (
    Measure(
        "tracked_seconds",
        "Per person and session, the time from its first event to its last; summed. Split, the time between two "
        "consecutive events of a session belongs to the domain, url and session of the earlier one, and to the time "
        "it falls in.",
        Unit.SECONDS,
        ANY - {Dimension.EVENT_TYPE},
        type=float,
        query=_tracked_seconds,
        additivity=Additivity.BUCKETS,
    ),
    Measure(
        "active_seconds",
        "Per person, the gaps of at most 300 s between consecutive active events of all sessions and devices together; "
        "summed. A gap belongs to the domain, url and session of the earlier event, and to the time it falls in, also "
        "where it crosses an end of the period: days add up to the week.",
        Unit.SECONDS,
        ANY - {Dimension.EVENT_TYPE},
        type=float,
        query=_active_seconds,
        additivity=Additivity.PERIODS,
        beyond=True,
    ),
    Measure(
        "session_seconds",
        "How long sessions last, per person and session from its first event to its last: average, median, 95th "
        "percentile and longest.",
        Unit.SECONDS,
        PEOPLE | {Dimension.SESSION},
        type=SessionSecondsRow,
        by_time=False,
        query=_session_seconds,
        columns=tuple(_LENGTHS),
    ),
    Measure(
        "context_switches",
        "Consecutive active events of a person, at most 300 s apart, whose domains differ. Split, a switch belongs to "
        "the domain and url of the earlier event, and to the time in which the later one falls.",
        Unit.COUNT,
        PEOPLE | TIME_OF_WEEK | OF_DOMAIN | {Dimension.URL},
        query=_context_switches,
        additivity=Additivity.BUCKETS,
    ),
)
