"""Measures that count: events, and distinct people, sessions, domains, urls and minutes among them."""

from typing import Any

from sqlalchemy import CTE, ColumnElement, func, literal_column, select

from db.keyset import AnySelect
from db.metrics.keys import Keys
from db.metrics.sequences import named


def events(run: CTE, keys: Keys) -> AnySelect:
    """`events` and `active_events`."""
    counts = [
        func.sum(run.c.events).label("events"),
        func.sum(run.c.active_events).label("active_events"),
    ]
    return _from(run, keys, *keys.of(run), *counts).group_by(*_places(keys))


def users(run: CTE, keys: Keys) -> AnySelect:
    """`users`: anonymous events are nobody's."""
    return _distinct(run, keys, "users", run.c.user_id, where=named(run))


def sessions(run: CTE, keys: Keys) -> AnySelect:
    """`sessions`."""
    return _distinct(run, keys, "sessions", run.c.user_id, run.c.session_id)


def unique_domains(run: CTE, keys: Keys) -> AnySelect:
    """`unique_domains`."""
    return _distinct(run, keys, "unique_domains", run.c.domain, where=run.c.domain.is_not(None))


def unique_urls(run: CTE, keys: Keys) -> AnySelect:
    """`unique_urls`."""
    return _distinct(run, keys, "unique_urls", run.c.url, where=run.c.url.is_not(None))


def minutes(run: CTE, keys: Keys) -> AnySelect:
    """`tracked_minutes` and `engaged_minutes`: minutes of a person, and whether any event in them was active."""
    person_and_minute = [run.c.user_id.label("person"), run.c.minute.label("minute")]
    engaged = func.bool_or(run.c.active_events > 0).label("engaged")
    minute = (
        _from(run, keys, *keys.of(run), *person_and_minute, engaged)
        .group_by(*_places(keys), run.c.user_id, run.c.minute)
        .subquery("minute")
    )
    counts = [
        func.count().label("tracked_minutes"),
        func.count().filter(minute.c.engaged).label("engaged_minutes"),
    ]
    columns = [minute.c[column.name] for column in keys.columns]
    return select(*columns, *counts).group_by(*columns)


def _distinct(
    run: CTE, keys: Keys, name: str, *things: ColumnElement[Any], where: ColumnElement[bool] | None = None
) -> AnySelect:
    """How many different `things` each group has. Two levels of grouping are hashed; count(DISTINCT) would sort."""
    labelled = [thing.label(f"thing_{place}") for place, thing in enumerate(things)]
    statement = _from(run, keys, *keys.of(run), *labelled).distinct()
    if where is not None:
        statement = statement.where(where)
    different = statement.subquery(name)
    columns = [different.c[column.name] for column in keys.columns]
    return select(*columns, func.count().label(name)).group_by(*columns)


def _from(run: CTE, keys: Keys, *columns: ColumnElement[Any]) -> AnySelect:
    return select(*columns).select_from(keys.joined(run)).where(*keys.conditions(run))


def _places(keys: Keys) -> list[ColumnElement[Any]]:
    """The key columns in GROUP BY, by their labels."""
    return [literal_column(column.name) for column in keys.columns]
