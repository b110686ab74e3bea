"""Active time: the gaps of at most 300 s between a person's active events, whatever their sessions.

range          [·····································)
events    ×       ×× ×   ×           ××  ×  ×            ×   those up to 300 s beyond the range are looked at as well
active         ███████████           ██████████          ·   and gaps are cut at its ends

Hours know what lies within their segments. Segments of an hour are farther apart, so only the time from an hour's last
active event on is left, and that from run to run: it is found by their order, and belongs to the earlier one.
"""

from sqlalchemy import FromClause, Subquery, Uuid, case, cast, func, literal, select, union_all

from core.events import ANONYMOUS
from db.keyset import AnySelect
from db.metrics import hours
from db.metrics.keys import Keys
from db.metrics.measure_query import microseconds
from db.metrics.query_shape import QueryParams
from db.metrics.sequences import in_order, named, pieces
from db.metrics.source import MARGIN, Source


def active_pieces(source: Source, keys: Keys) -> FromClause:
    """Active time in pieces: user_id, organization_id, what the keys read, us, and time slice where time is cut."""
    own = ["user_id", "organization_id", *keys.read]
    between = pieces(_stretches(source, own), keys)
    if source.hours is None:
        return between
    within = _within_hours(source.hours, by_domain="domain" in own)
    names = [*own, *(["time_slice"] if keys.by_time else []), "us"]
    parts = (select(*(part.c[name] for name in names)) for part in (within, between))
    return union_all(*parts).subquery("active_piece")


def _within_hours(hour: Subquery, *, by_domain: bool) -> Subquery:
    """The time within the segments of hours, by domain or by segment."""
    if by_domain:
        part = hours.parts(hour, *hours.names_of(hour)).subquery("hour_part")
        return select(part).where(part.c.us > 0).subquery("within_hour")
    segment = hours.segment_ends(hour).subquery("hour_segment")
    us = microseconds(segment.c.last_ts - segment.c.first_ts).label("us")
    names = hours.names_of(hour)
    return (
        select(*(segment.c[name] for name in names), us)
        .where(segment.c.last_ts > segment.c.first_ts)
        .subquery("within_hour")
    )


def _stretches(source: Source, own: list[str]) -> Subquery:
    """The time from each run, or hour's last active event, on: as far as it is active, and lies in the range."""
    move = _moves(source, own)
    following = func.lead(move.c.first_active_ts).over(**in_order(move))
    step = select(*move.c, following.label("next_ts")).subquery("step")
    end = case((step.c.next_ts - step.c.last_active_ts <= MARGIN, step.c.next_ts), else_=step.c.last_active_ts)
    return select(
        *(step.c[name] for name in own),
        func.greatest(step.c.open_ts, QueryParams.start).label("start"),
        func.least(end, QueryParams.end).label("end"),
    ).subquery("active_stretch")


def _moves(source: Source, own: list[str]) -> Subquery:
    """Hours and runs with active events, in the range, and runs up to 300 s beyond it.

    Columns: `own` (those of the last event); first_ts, first_id (their order); first_active_ts, last_active_ts; and
    open_ts: time from there on is not yet accounted for.
    """
    parts = [_of_runs(source.uncovered, own), _of_runs(source.margins, own)]
    if source.hours is not None:
        parts.insert(0, _of_hours(source.hours, own))
    return union_all(*parts).subquery("active_move")


def _of_runs(run: FromClause, own: list[str]) -> AnySelect:
    names = (*own, "first_ts", "first_id", "first_active_ts", "last_active_ts")
    return select(*(run.c[name] for name in names), run.c.first_active_ts.label("open_ts")).where(
        run.c.active_events > 0, named(run)
    )


def _of_hours(hour: Subquery, own: list[str]) -> AnySelect:
    last = func.cardinality(hour.c.segment_last)
    columns = {"domain": hour.c.segment_last_domains[last].label("domain")}
    begin, end = hour.c.segment_first[1], hour.c.segment_last[last]
    return select(
        *(columns[name] if name in columns else hour.c[name] for name in own),
        begin.label("first_ts"),
        cast(literal(ANONYMOUS, Uuid()), Uuid()).label("first_id"),
        begin.label("first_active_ts"),
        end.label("last_active_ts"),
        end.label("open_ts"),
    ).where(last > 0)
