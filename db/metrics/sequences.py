"""Measures of what follows what: tracked time, the lengths of sessions, context switches.

Sequences are taken over all events of the question before anything is split, so the parts add up to the whole.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    FromClause,
    Integer,
    Subquery,
    Text,
    Uuid,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, INTERVAL

from core.dimensions import Dimension
from core.events import ANONYMOUS
from core.measures import SWITCH_GAP
from db.keyset import AnySelect
from db.metrics import hours
from db.metrics.keys import Keys
from db.metrics.part import Figures, Part, added, as_seconds, microseconds
from db.metrics.source import Source

_INSTANT_BEFORE = func.make_interval(0, 0, 0, 0, 0, 0, 0.000001)
_WHOLE_SESSIONS = {Dimension.EXTENSION_USER, Dimension.ORGANIZATION, Dimension.SESSION}


def tracked_seconds(source: Source, keys: Keys) -> Part:
    """`tracked_seconds`: whole sessions where those stay whole, else the time between events, piece by piece."""
    if not keys.by_time and set(keys.dimensions) <= _WHOLE_SESSIONS:
        session = _sessions(source)
        return _summed(session, keys, session.c.us, "tracked_seconds")
    by_domain = Dimension.DOMAIN in keys.dimensions
    visit = visits(source, by_domain=by_domain)
    order = [visit.c.first_ts, visit.c.first_id]
    following = func.lead(visit.c.first_ts).over(partition_by=[visit.c.user_id, visit.c.session_id], order_by=order)
    stretch = select(
        visit.c.user_id,
        visit.c.organization_id,
        visit.c.session_id,
        visit.c.domain,
        visit.c.url,
        visit.c.open_ts.label("start"),
        func.coalesce(following, visit.c.last_ts).label("end"),
    ).subquery("stretch")
    piece: FromClause = pieces(stretch, keys)
    if by_domain and source.hours is not None:
        names = ["user_id", "organization_id", *(["slot"] if keys.by_time else []), "domain"]
        within = hours.domains(source.hours, "us").subquery("hour_domain")
        piece = union_all(
            select(*(within.c[name] for name in names), within.c.us),
            select(*(piece.c[name] for name in names), piece.c.us),
        ).subquery("spent")
    return _summed(piece, keys, piece.c.us, "tracked_seconds")


def session_seconds(source: Source, keys: Keys) -> Part:
    """`session_seconds`, in four columns. Percentiles are of all sessions: a cluster's last step takes each."""
    session = _sessions(source)
    if keys.spread:
        each = _told_apart(session, keys, *keys.of(session), session.c.us.label("session_us"))
        return Part(each, {"session_us": BigInteger()}, {name: _of_sessions(make) for name, make in _LENGTHS.items()})
    columns = [make(session.c.us).label(name) for name, make in _LENGTHS.items()]
    return Part(
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


def _of_sessions(make: Callable[[ColumnElement[Any]], ColumnElement[Any]]) -> Callable[[Figures], ColumnElement[Any]]:
    return lambda figures: make(figures.session_us)


def _only(name: str, figures: Figures) -> ColumnElement[Any]:
    """The one value that there is."""
    return func.max(figures[name])


def context_switches(source: Source, keys: Keys) -> Part:
    """`context_switches`."""
    segment = segments(source, keys)
    person: dict[str, Any] = {"partition_by": segment.c.user_id, "order_by": [segment.c.first_ts, segment.c.first_id]}
    step = select(
        segment.c.user_id,
        segment.c.organization_id,
        *([segment.c.slot] if keys.by_time else []),
        segment.c.switches,
        segment.c.first_domain,
        (segment.c.first_active_ts - func.lag(segment.c.last_active_ts).over(**person)).label("gap"),
        func.lag(segment.c.last_domain).over(**person).label("domain_before"),
    ).subquery("step")
    is_switch = (step.c.gap <= literal(SWITCH_GAP, INTERVAL())) & step.c.first_domain.is_distinct_from(
        step.c.domain_before
    )
    switches = step.c.switches + case((is_switch, 1), else_=0)
    return added(_grouped(step, keys, func.sum(switches).label("context_switches")), "context_switches")


def visits(source: Source, *, by_domain: bool = False) -> FromClause:
    """What happened of each session within an hour or a run; the time between visits is found by their order.

    Columns: session_id, domain (of the last event), url, first_ts, first_id, last_ts; and open_ts: time from there on
    is not yet accounted for. That of hours is, where it is told apart `by_domain`, up to their last event.
    """
    run = source.rest
    own = [run.c.user_id, run.c.organization_id, run.c.session_id, run.c.domain]
    slot = [run.c.slot] if "slot" in run.c else []
    moments = [run.c.first_ts, run.c.first_id, run.c.last_ts, run.c.first_ts.label("open_ts")]
    of_runs = select(*own, run.c.url, *moments, *slot)
    if source.hours is None:
        return of_runs.subquery("visit")
    session = hours.sessions(source.hours).subquery("hour_session")
    of_hours = select(
        *(session.c[column.name] for column in own),
        cast(null(), Text()).label("url"),
        session.c.first_ts,
        cast(literal(ANONYMOUS, Uuid()), Uuid()).label("first_id"),
        session.c.last_ts,
        (session.c.last_ts if by_domain else session.c.first_ts).label("open_ts"),
        *([session.c.slot] if slot else []),
    )
    return union_all(of_hours, of_runs).subquery("visit")


def segments(source: Source, keys: Keys, *, by_domain: bool = False) -> FromClause:
    """A person's active events, as far as they are known to follow one another by at most 300 s.

    Columns: first_ts, first_id (their order), first_active_ts, last_active_ts, active_events, switches, first_domain,
    last_domain; part_domains and part_us, what belongs to the domains within; and open_ts: time from there on is not
    yet accounted for. Parts are those of hours alone, and only where time is told apart `by_domain`.
    """
    run = source.rest
    slot = ["slot"] if keys.by_time else []
    of_runs = select(
        *(run.c[name] for name in ("user_id", "organization_id", *slot, "first_ts", "first_id")),
        run.c.first_active_ts,
        run.c.last_active_ts,
        run.c.active_events,
        literal(0, Integer()).label("switches"),
        run.c.domain.label("first_domain"),
        run.c.domain.label("last_domain"),
        cast(null(), ARRAY(Text())).label("part_domains"),
        cast(null(), ARRAY(BigInteger())).label("part_us"),
        run.c.first_active_ts.label("open_ts"),
    ).where(run.c.active_events > 0, named(run))
    if source.hours is None:
        return of_runs.subquery("segment")
    entry = hours.segments(source.hours, with_parts=by_domain).subquery("hour_segment")
    parts = {
        name: entry.c[name] if by_domain else of_runs.selected_columns[name] for name in ("part_domains", "part_us")
    }
    of_hours = select(
        *(entry.c[name] for name in ("user_id", "organization_id", *slot, "first_ts")),
        cast(literal(ANONYMOUS, Uuid()), Uuid()).label("first_id"),
        entry.c.first_ts.label("first_active_ts"),
        entry.c.last_ts.label("last_active_ts"),
        entry.c.events.label("active_events"),
        *(entry.c[name] for name in ("switches", "first_domain", "last_domain")),
        *parts.values(),
        (entry.c.last_ts if by_domain else entry.c.first_ts).label("open_ts"),
    )
    return union_all(of_hours, of_runs).subquery("segment")


def named(relation: FromClause) -> ColumnElement[bool]:
    """Whether a row is a person's: anonymous events are many people's, and follow one another by chance."""
    return relation.c.user_id != cast(literal(ANONYMOUS, Uuid()), Uuid())


def pieces(stretch: Subquery, keys: Keys) -> Subquery:
    """Stretches of time (`start`, `end`) cut at the slots' edges, where the split needs it: adds `slot` and `us`.

    Stretches of no length have no piece.
    """
    if not keys.by_time:
        whole = microseconds(stretch.c.end - stretch.c.start)
        return select(stretch, whole.label("us")).where(stretch.c.end > stretch.c.start).subquery("piece")
    first, last = keys.slot_of(stretch.c.start), keys.slot_of(stretch.c.end - _INSTANT_BEFORE)
    cut = (
        select(stretch, func.generate_series(first, last).label("slot"))
        .select_from(keys.joined(stretch))
        .where(stretch.c.end > stretch.c.start)
        .subquery("cut")
    )
    edges = keys.slots.edges
    begin = func.greatest(cut.c.start, edges[cut.c.slot])
    finish = func.least(cut.c.end, edges[cut.c.slot + 1])
    columns = [column for column in cut.c if column.key not in {"start", "end"}]
    return select(*columns, microseconds(finish - begin).label("us")).select_from(keys.joined(cut)).subquery("piece")


def _sessions(source: Source) -> Subquery:
    """Each session's length in microseconds."""
    visit = visits(source)
    return (
        select(
            visit.c.user_id,
            visit.c.organization_id,
            visit.c.session_id,
            microseconds(func.max(visit.c.last_ts) - func.min(visit.c.first_ts)).label("us"),
        )
        .group_by(visit.c.user_id, visit.c.organization_id, visit.c.session_id)
        .subquery("session")
    )


def _summed(relation: FromClause, keys: Keys, us: ColumnElement[int], name: str) -> Part:
    return added(_grouped(relation, keys, func.sum(us).label(name)), seconds=(name,))


def _grouped(relation: FromClause, keys: Keys, *columns: ColumnElement[Any]) -> AnySelect:
    labels = keys.of(relation)
    return _told_apart(relation, keys, *labels, *columns).group_by(*(label.element for label in labels))


def _told_apart(relation: FromClause, keys: Keys, *columns: ColumnElement[Any]) -> AnySelect:
    return select(*columns).select_from(keys.joined(relation)).where(*keys.conditions(relation))
