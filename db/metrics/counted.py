"""Measures that count: events, and distinct people, sessions, domains, urls and minutes among them."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Text, distinct, func, literal_column, null, select, union_all

from core.dimensions import Dimension
from db.keyset import AnySelect
from db.metrics import hours
from db.metrics.keys import Keys
from db.metrics.part import Part, added
from db.metrics.sequences import named, visits
from db.metrics.source import Source


def events(source: Source, keys: Keys) -> Part:
    """`events` and `active_events`."""
    tally = _tallies(source, keys, "events", "active_events", by_domain=Dimension.DOMAIN in keys.dimensions)
    counts = [func.sum(tally.c.events).label("events"), func.sum(tally.c.active_events).label("active_events")]
    rows = _from(tally, keys, *keys.of(tally), *counts).group_by(*_places(keys))
    return added(rows, "events", "active_events")


def users(source: Source, keys: Keys) -> Part:
    """`users`: anonymous events are nobody's."""
    tally = _tallies(source, keys, by_domain=Dimension.DOMAIN in keys.dimensions)
    return _distinct(tally, keys, "users", tally.c.user_id, where=named(tally))


def sessions(source: Source, keys: Keys) -> Part:
    """`sessions`."""
    # Hours know which sessions and which domains they have, but not which session had which domain.
    hours_do = source.hours is not None and Dimension.DOMAIN not in keys.dimensions
    visit = visits(source) if hours_do else source.runs
    return _distinct(visit, keys, "sessions", visit.c.user_id, visit.c.session_id)


def unique_domains(source: Source, keys: Keys) -> Part:
    """`unique_domains`."""
    tally = _tallies(source, keys, by_domain=True)
    return _unique(tally, keys, "unique_domains", tally.c.domain)


def unique_urls(source: Source, keys: Keys) -> Part:
    """`unique_urls`."""
    return _unique(source.events, keys, "unique_urls", source.events.c.url)


def minutes(source: Source, keys: Keys) -> Part:
    """`tracked_minutes` and `engaged_minutes`: minutes of a person, and whether any event in them was active."""
    run = source.rest
    engaged = func.bool_or(run.c.active_events > 0).label("engaged")
    minute = (
        _from(run, keys, *keys.of(run), run.c.user_id.label("person"), run.c.minute.label("minute"), engaged)
        .group_by(*_places(keys), run.c.user_id, run.c.minute)
        .subquery("minute")
    )
    columns = [minute.c[column.name] for column in keys.columns]
    counted = select(
        *columns,
        func.count().label("tracked_minutes"),
        func.count().filter(minute.c.engaged).label("engaged_minutes"),
    ).group_by(*columns)
    names = ("tracked_minutes", "engaged_minutes")
    if source.hours is None:
        return added(counted, *names)
    hour = source.hours
    if Dimension.DOMAIN in keys.dimensions:
        hour = hours.domains(hour, *names).subquery("hour_domain")
    kept = _from(hour, keys, *keys.of(hour), hour.c.tracked_minutes, hour.c.engaged_minutes)
    both = union_all(kept, counted).subquery("minutes")
    columns = [both.c[column.name] for column in keys.columns]
    sums = [func.sum(both.c[name]).label(name) for name in names]
    return added(select(*columns, *sums).group_by(*columns), *names)


def _tallies(source: Source, keys: Keys, *counts: str, by_domain: bool) -> FromClause:
    """Rows whose `counts` add up, told apart by all that the keys read, and by domain where asked."""
    run = source.rest
    if source.hours is None:
        return run
    hour = hours.domains(source.hours, *counts).subquery("hour_domain") if by_domain else source.hours
    names = ["user_id", "organization_id", *(["slot"] if keys.by_time else []), *counts]
    kept = select(*(hour.c[name] for name in names), hour.c.domain if by_domain else null().label("domain"))
    fresh = select(*(run.c[name] for name in names), run.c.domain)
    return union_all(kept, fresh).subquery("tally")


def _distinct(
    run: FromClause, keys: Keys, name: str, *things: ColumnElement[Any], where: ColumnElement[bool] | None = None
) -> Part:
    """How many different `things` each group has. Two levels of grouping are hashed; count(DISTINCT) would sort."""
    labelled = [thing.label(f"thing_{place}") for place, thing in enumerate(things)]
    statement = _from(run, keys, *keys.of(run), *labelled).distinct()
    if where is not None:
        statement = statement.where(where)
    different = statement.subquery(name)
    columns = [different.c[column.name] for column in keys.columns]
    return added(select(*columns, func.count().label(name)).group_by(*columns), name)


def _unique(run: FromClause, keys: Keys, name: str, thing: ColumnElement[Any]) -> Part:
    """How many different things each group has of those that several people may have, null aside."""
    if not keys.spread:
        return _distinct(run, keys, name, thing, where=thing.is_not(None))
    figure = f"{name}_each"
    each = _from(run, keys, *keys.of(run), thing.label(figure)).where(thing.is_not(None)).distinct()
    return Part(each, {figure: Text()}, {name: lambda figures: func.count(distinct(figures[figure]))})


def _from(relation: FromClause, keys: Keys, *columns: ColumnElement[Any]) -> AnySelect:
    return select(*columns).select_from(keys.joined(relation)).where(*keys.conditions(relation))


def _places(keys: Keys) -> list[ColumnElement[Any]]:
    """The key columns in GROUP BY, by their labels."""
    return [literal_column(column.name) for column in keys.columns]
