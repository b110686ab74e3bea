"""The domains, sessions and segments of hours, taken out of their arrays.

Arrays are unnested in the select list, side by side: a function's rows in FROM would be stored first, which takes
twice as long.
"""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Subquery, func, select

from db.keyset import AnySelect

_DOMAINS = {
    "domain": "domains",
    "events": "domain_events",
    "active_events": "domain_active_events",
    "tracked_minutes": "domain_tracked_minutes",
    "engaged_minutes": "domain_engaged_minutes",
    "us": "domain_us",
}
_SESSIONS = {
    "session_id": "session_ids",
    "first_ts": "session_first",
    "last_ts": "session_last",
    "domain": "session_domains",
}
_SEGMENTS = {
    "first_ts": "segment_first",
    "last_ts": "segment_last",
    "events": "segment_events",
    "switches": "segment_switches",
    "first_domain": "segment_first_domains",
    "last_domain": "segment_last_domains",
    "parts_from": "segment_parts_from",
    "parts_to": "segment_parts_to",
}


def domains(hours: Subquery, *counts: str) -> AnySelect:
    """Domains of hours, with these counts of them: events, active_events, tracked_minutes, engaged_minutes, us."""
    return select(*_of_hour(hours), *_unnested(hours, {name: _DOMAINS[name] for name in ("domain", *counts)}))


def sessions(hours: Subquery) -> AnySelect:
    """Sessions of hours: session_id, first_ts, last_ts, domain (the last event's)."""
    return select(*_of_hour(hours), *_unnested(hours, _SESSIONS))


def segments(hours: Subquery, *, with_parts: bool) -> AnySelect:
    """Segments of hours: first_ts, last_ts, events, switches, first_domain, last_domain.

    `with_parts`: and part_domains and part_us, its domains and the time that belongs to them, in microseconds.
    """
    if not with_parts:
        return select(*_of_hour(hours), *_unnested(hours, _SEGMENTS))
    entry = select(*_of_hour(hours), hours.c.part_domains, hours.c.part_us, *_unnested(hours, _SEGMENTS)).subquery(
        "entry"
    )
    place = slice(entry.c.parts_from, entry.c.parts_to)
    return select(
        *_of_hour(entry),
        *(entry.c[name] for name in _SEGMENTS),
        entry.c.part_domains[place].label("part_domains"),
        entry.c.part_us[place].label("part_us"),
    )


def segment_ends(hours: Subquery) -> AnySelect:
    """Segments of hours: first_ts, last_ts."""
    names = ("first_ts", "last_ts")
    return select(*_of_hour(hours), *_unnested(hours, {name: _SEGMENTS[name] for name in names}))


def parts(segments: FromClause, *names: str) -> AnySelect:
    """Parts of segments, or of all those of hours: these columns of them, domain and us.

    Segments without parts have none.
    """
    return select(
        *(segments.c[name] for name in names), *_unnested(segments, {"domain": "part_domains", "us": "part_us"})
    )


def names_of(hours: FromClause) -> list[str]:
    """The names of the hour's columns that every relation has."""
    return [name for name in ("user_id", "organization_id", "time_slice") if name in hours.c]


def _of_hour(relation: FromClause) -> list[ColumnElement[Any]]:
    """The columns of the hour that every relation has."""
    return [relation.c[name] for name in names_of(relation)]


def _unnested(relation: FromClause, arrays: dict[str, str]) -> list[ColumnElement[Any]]:
    """The entries of arrays, row by row: the names they get, and the arrays."""
    columns: list[ColumnElement[Any]] = []
    for name, array in arrays.items():
        type_: Any = relation.c[array].type
        columns.append(func.unnest(relation.c[array], type_=type_.item_type).label(name))
    return columns
