"""What hours hold, taken out of their arrays: domains, sessions, segments."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Numeric,
    Subquery,
    TableValuedAlias,
    Text,
    cast,
    column,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeEngine

from db.keyset import AnySelect

_INSTANT = TIMESTAMP(timezone=True)


def domains(hours: Subquery) -> AnySelect:
    """Domains of hours: domain, events, active_events, tracked_minutes, engaged_minutes, seconds (within sessions)."""
    entry = _entries(
        hours,
        {
            "domains": ("domain", Text()),
            "domain_events": ("events", Integer()),
            "domain_active_events": ("active_events", Integer()),
            "domain_tracked_minutes": ("tracked_minutes", Integer()),
            "domain_engaged_minutes": ("engaged_minutes", Integer()),
            "domain_us": ("us", Integer()),
        },
    )
    counts = [entry.c[name] for name in ("domain", "events", "active_events", "tracked_minutes", "engaged_minutes")]
    return _of(hours, entry, *counts, _seconds(entry.c.us))


def sessions(hours: Subquery) -> AnySelect:
    """Sessions of hours: session_id, first_ts, last_ts, domain (the last event's)."""
    entry = _entries(
        hours,
        {
            "session_ids": ("session_id", Text()),
            "session_first": ("first_ts", _INSTANT),
            "session_last": ("last_ts", _INSTANT),
            "session_domains": ("domain", Text()),
        },
    )
    return _of(hours, entry, *entry.c)


def segments(hours: Subquery) -> AnySelect:
    """Segments of hours: first_ts, last_ts, events, switches, first_domain, last_domain.

    And part_domains and part_us: its domains, and the time that belongs to them, in microseconds.
    """
    entry = _entries(
        hours,
        {
            "segment_first": ("first_ts", _INSTANT),
            "segment_last": ("last_ts", _INSTANT),
            "segment_events": ("events", Integer()),
            "segment_switches": ("switches", Integer()),
            "segment_first_domains": ("first_domain", Text()),
            "segment_last_domains": ("last_domain", Text()),
            "segment_parts": ("parts", Integer()),
        },
        place="place",
    )
    before = func.coalesce(hours.c.segment_parts[entry.c.place - 1], 0)
    return _of(
        hours,
        entry,
        *(entry.c[name] for name in ("first_ts", "last_ts", "events", "switches", "first_domain", "last_domain")),
        hours.c.part_domains[before + 1 : entry.c.parts].label("part_domains"),
        hours.c.part_us[before + 1 : entry.c.parts].label("part_us"),
    )


def parts(segments: FromClause) -> AnySelect:
    """Parts of segments: all their columns, and domain and seconds. Those without parts have no row."""
    entry = _entries(segments, {"part_domains": ("domain", Text()), "part_us": ("us", Integer())})
    return select(*segments.c, entry.c.domain, _seconds(entry.c.us)).select_from(segments.join(entry, true()))


def _seconds(us: ColumnElement[int]) -> ColumnElement[Any]:
    return (cast(us, Numeric()) * literal_column("0.000001")).label("seconds")


def _entries(
    relation: FromClause, arrays: dict[str, tuple[str, TypeEngine[Any]]], place: str | None = None
) -> TableValuedAlias:
    """The arrays' entries as rows, with their place in the array where it is asked for."""
    columns = [column(name, type_) for name, type_ in arrays.values()]
    unnested = func.unnest(*(relation.c[name] for name in arrays))
    return unnested.table_valued(*columns, with_ordinality=place, name="entry").render_derived()


def _of(hours: Subquery, entry: TableValuedAlias, *columns: ColumnElement[Any]) -> AnySelect:
    """Columns of the hours' entries, with those of the hour that every relation has."""
    of_hour = [hours.c[name] for name in ("user_id", "organization_id", "slot") if name in hours.c]
    return select(*of_hour, *columns).select_from(hours.join(entry, true()))
