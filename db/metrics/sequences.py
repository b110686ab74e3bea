"""Measures of what follows what: tracked time, the lengths of sessions, context switches.

Sequences are taken over all events of the question before anything is split, so the parts add up to the whole.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    SmallInteger,
    Subquery,
    Text,
    Uuid,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from core.events import ANONYMOUS
from db.metrics import hours
from db.metrics.keys import Keys
from db.metrics.measure_query import microseconds
from db.metrics.source import Rows, Source

_INSTANT_BEFORE = func.make_interval(0, 0, 0, 0, 0, 0, 0.000001)


def visits(source: Source | Rows, *, by_domain: bool = False) -> FromClause:
    """Visits: a session within an hour or a run. The time between visits is found by their order.

    Columns: session_id, domain (of the last event), url, type, first_ts, first_id, last_ts; and open_ts: time from
    there on is not yet accounted for. That of hours is, where it is told apart `by_domain`, up to their last event.
    """
    run = source.uncovered
    own = [run.c.user_id, run.c.organization_id, run.c.session_id, run.c.domain]
    time_slice = [run.c.time_slice] if "time_slice" in run.c else []
    moments = [run.c.first_ts, run.c.first_id, run.c.last_ts, run.c.first_ts.label("open_ts")]
    of_runs = select(*own, run.c.url, run.c.type, *moments, *time_slice)
    if source.hours is None:
        return of_runs.subquery("visit")
    session = hours.sessions(source.hours).subquery("hour_session")
    of_hours = select(
        *(session.c[column.name] for column in own),
        cast(null(), Text()).label("url"),
        cast(null(), SmallInteger()).label("type"),
        session.c.first_ts,
        cast(literal(ANONYMOUS, Uuid()), Uuid()).label("first_id"),
        session.c.last_ts,
        (session.c.last_ts if by_domain else session.c.first_ts).label("open_ts"),
        *([session.c.time_slice] if time_slice else []),
    )
    return union_all(of_hours, of_runs).subquery("visit")


def segments(source: Source | Rows, keys: Keys, *, by_domain: bool = False) -> FromClause:
    """A person's active events, as far as they are known to follow one another by at most 300 s.

    Columns: first_ts, first_id (their order), first_active_ts, last_active_ts, active_events, switches, first_domain,
    last_domain; part_domains and part_us, what belongs to the domains within; and open_ts: time from there on is not
    yet accounted for. Parts are those of hours alone, and only where time is told apart `by_domain`. Of the columns
    that the keys read also session_id, url and type, which no hours answer.
    """
    run = source.uncovered
    time_slice = ["time_slice"] if keys.by_time else []
    of_runs = select(
        *(run.c[name] for name in ("user_id", "organization_id", *time_slice, "first_ts", "first_id")),
        run.c.first_active_ts,
        run.c.last_active_ts,
        run.c.active_events,
        literal(0, Integer()).label("switches"),
        run.c.domain.label("first_domain"),
        run.c.domain.label("last_domain"),
        cast(null(), ARRAY(Text())).label("part_domains"),
        cast(null(), ARRAY(BigInteger())).label("part_us"),
        run.c.first_active_ts.label("open_ts"),
        *(run.c[name] for name in beside_domain(keys)),
    ).where(run.c.active_events > 0, named(run))
    if source.hours is None:
        return of_runs.subquery("segment")
    entry = hours.segments(source.hours, with_parts=by_domain).subquery("hour_segment")
    parts = {
        name: entry.c[name] if by_domain else of_runs.selected_columns[name] for name in ("part_domains", "part_us")
    }
    of_hours = select(
        *(entry.c[name] for name in ("user_id", "organization_id", *time_slice, "first_ts")),
        cast(literal(ANONYMOUS, Uuid()), Uuid()).label("first_id"),
        entry.c.first_ts.label("first_active_ts"),
        entry.c.last_ts.label("last_active_ts"),
        entry.c.events.label("active_events"),
        *(entry.c[name] for name in ("switches", "first_domain", "last_domain")),
        *parts.values(),
        (entry.c.last_ts if by_domain else entry.c.first_ts).label("open_ts"),
    )
    return union_all(of_hours, of_runs).subquery("segment")


def in_order(segment: FromClause) -> dict[str, Any]:
    """The window of a person's segments, in their order."""
    return {"partition_by": segment.c.user_id, "order_by": [segment.c.first_ts, segment.c.first_id]}


def beside_domain(keys: Keys) -> list[str]:
    """The columns of single events, other than their domain, that the keys read. There are none where hours answer."""
    return [name for name in keys.read if name != "domain"]


def named(relation: FromClause) -> ColumnElement[bool]:
    """True for rows of a person: anonymous events are many people's, and follow one another by chance."""
    return relation.c.user_id != cast(literal(ANONYMOUS, Uuid()), Uuid())


def pieces(stretch: Subquery, keys: Keys) -> Subquery:
    """Stretches of time (`start`, `end`) with their length `us`; if need be cut at the edges of time slices.

    Stretches of no length have no piece.
    """
    if not keys.by_time:
        whole = microseconds(stretch.c.end - stretch.c.start)
        return select(stretch, whole.label("us")).where(stretch.c.end > stretch.c.start).subquery("piece")
    first, last = keys.time_slice_of(stretch.c.start), keys.time_slice_of(stretch.c.end - _INSTANT_BEFORE)
    cut = (
        select(stretch, func.generate_series(first, last).label("time_slice"))
        .select_from(keys.joined(stretch))
        .where(stretch.c.end > stretch.c.start)
        .subquery("cut")
    )
    edges = keys.time_slices.edges
    begin = func.greatest(cut.c.start, edges[cut.c.time_slice])
    finish = func.least(cut.c.end, edges[cut.c.time_slice + 1])
    columns = [column for column in cut.c if column.key not in {"start", "end"}]
    return select(*columns, microseconds(finish - begin).label("us")).select_from(keys.joined(cut)).subquery("piece")


def stretches(visit: FromClause) -> Subquery:
    """The time from each visit to the next of its session: `start`, `end`, and whose it is."""
    order = [visit.c.first_ts, visit.c.first_id]
    following = func.lead(visit.c.first_ts).over(partition_by=[visit.c.user_id, visit.c.session_id], order_by=order)
    names = ("user_id", "organization_id", "session_id", "domain", "url", "type")
    return select(
        *(visit.c[name] for name in names),
        visit.c.open_ts.label("start"),
        func.coalesce(following, visit.c.last_ts).label("end"),
    ).subquery("stretch")


def session_lengths(source: Source, keys: Keys) -> Subquery:
    """Each session's length in microseconds; if parts are chosen, of each session with any the time that they last."""
    if keys.chooses:
        part: FromClause = stretches(visits(source.without_hours))
        length: ColumnElement[int] = func.sum(microseconds(part.c.end - part.c.start))
    else:
        part = visits(source)
        length = microseconds(func.max(part.c.last_ts) - func.min(part.c.first_ts))
    names = (part.c.user_id, part.c.organization_id, part.c.session_id)
    return select(*names, length.label("us")).where(*keys.chosen(part)).group_by(*names).subquery("session")
