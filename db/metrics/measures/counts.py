"""Counts of events, and of distinct people, sessions, domains and urls among them."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Text, distinct, func, null, select, union_all

from core.additivity import Additivity
from core.units import Unit
from db.metrics import hours
from db.metrics.keys import Keys
from db.metrics.measure import Measure, Reads
from db.metrics.measure_query import MeasureQuery, added
from db.metrics.measures.splits import ANY
from db.metrics.sequences import named, visits
from db.metrics.source import Source


def _events(source: Source, keys: Keys) -> MeasureQuery:
    """`events` and `active_events`."""
    tally = _tallies(source, keys, "events", "active_events", by_domain=keys.by_domain)
    counts = [func.sum(tally.c.events).label("events"), func.sum(tally.c.active_events).label("active_events")]
    rows = keys.select(tally, *keys.of(tally), *counts).group_by(*keys.labels)
    return added(rows, "events", "active_events")


def _users(source: Source, keys: Keys) -> MeasureQuery:
    """`users`: anonymous events are nobody's."""
    tally = _tallies(source, keys, by_domain=keys.by_domain)
    return _distinct(tally, keys, "users", tally.c.user_id, where=named(tally))


def _sessions(source: Source, keys: Keys) -> MeasureQuery:
    """`sessions`."""
    # Hours know which sessions and which domains they have, but not which session had which domain.
    hours_do = source.hours is not None and not keys.by_domain
    visit = visits(source) if hours_do else source.runs
    return _distinct(visit, keys, "sessions", visit.c.user_id, visit.c.session_id)


def _unique_domains(source: Source, keys: Keys) -> MeasureQuery:
    """`unique_domains`."""
    tally = _tallies(source, keys, by_domain=True)
    return _unique(tally, keys, "unique_domains", tally.c.domain)


def _unique_urls(source: Source, keys: Keys) -> MeasureQuery:
    """`unique_urls`."""
    return _unique(source.events, keys, "unique_urls", source.events.c.url)


def _tallies(source: Source, keys: Keys, *counts: str, by_domain: bool) -> FromClause:
    """Rows whose `counts` add up, told apart by all that the keys read, and by domain where asked."""
    run = source.uncovered
    if source.hours is None:
        return run
    hour = hours.domains(source.hours, *counts).subquery("hour_domain") if by_domain else source.hours
    names = ["user_id", "organization_id", *(["time_slice"] if keys.by_time else []), *counts]
    kept = select(*(hour.c[name] for name in names), hour.c.domain if by_domain else null().label("domain"))
    from_events = select(*(run.c[name] for name in names), run.c.domain)
    return union_all(kept, from_events).subquery("tally")


def _distinct(
    run: FromClause, keys: Keys, name: str, *things: ColumnElement[Any], where: ColumnElement[bool] | None = None
) -> MeasureQuery:
    """The number of distinct `things` in each group. Two levels of grouping are hashed; count(DISTINCT) would sort."""
    labelled = [thing.label(f"thing_{place}") for place, thing in enumerate(things)]
    statement = keys.select(run, *keys.of(run), *labelled).distinct()
    if where is not None:
        statement = statement.where(where)
    different = statement.subquery(name)
    columns = [different.c[column.name] for column in keys.columns]
    return added(select(*columns, func.count().label(name)).group_by(*columns), name)


def _unique(run: FromClause, keys: Keys, name: str, thing: ColumnElement[Any]) -> MeasureQuery:
    """The number of distinct things in each group, null aside, of a kind that several people may share."""
    if not keys.by_person:
        return _distinct(run, keys, name, thing, where=thing.is_not(None))
    column = f"{name}_each"
    each = keys.select(run, *keys.of(run), thing.label(column)).where(thing.is_not(None)).distinct()
    return MeasureQuery(each, {column: Text()}, {name: lambda columns: func.count(distinct(columns[column]))})


MEASURES = (
    Measure("events", "Number of events.", Unit.COUNT, ANY, query=_events, additivity=Additivity.PERIODS),
    Measure(
        "active_events",
        "Number of events of an active type: not blur, visibility_hidden or idle.",
        Unit.COUNT,
        ANY,
        query=_events,
        additivity=Additivity.PERIODS,
    ),
    Measure("users", "Distinct extension users with an event.", Unit.COUNT, ANY, query=_users),
    Measure("sessions", "Distinct pairs of person and session id with an event.", Unit.COUNT, ANY, query=_sessions),
    Measure(
        "unique_domains",
        "Distinct domains with an event; events without a domain count for none.",
        Unit.COUNT,
        ANY,
        query=_unique_domains,
    ),
    Measure(
        "unique_urls",
        "Distinct urls with an event; empty ones count for none.",
        Unit.COUNT,
        ANY,
        query=_unique_urls,
        reads=Reads.EVENTS,
    ),
)
