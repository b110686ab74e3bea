"""Distinct minutes of people with events, tracked and engaged, and what is derived from them."""

from sqlalchemy import func, select, union_all

from core.additivity import Additivity
from core.units import Unit
from db.metrics import hours
from db.metrics.keys import Keys
from db.metrics.measure import DIFFERENCE, Measure, percentage
from db.metrics.measure_query import MeasureQuery, added
from db.metrics.measures.splits import ANY
from db.metrics.source import Rows, Source


def _minutes(source: Source, keys: Keys) -> MeasureQuery:
    """`tracked_minutes` and `engaged_minutes`: minutes of a person, and whether any event in them was active."""
    # Minutes with several domains count once for all that a group has of them: hours only know how many each has.
    rows: Source | Rows = source.without_hours if keys.by_domain and not keys.of_one_domain else source
    run = rows.uncovered
    engaged = func.bool_or(run.c.active_events > 0).label("engaged")
    minute = (
        keys.select(run, *keys.of(run), run.c.user_id.label("person"), run.c.minute.label("minute"), engaged)
        .group_by(*keys.labels, run.c.user_id, run.c.minute)
        .subquery("minute")
    )
    columns = [minute.c[column.name] for column in keys.columns]
    counted = select(
        *columns,
        func.count().label("tracked_minutes"),
        func.count().filter(minute.c.engaged).label("engaged_minutes"),
    ).group_by(*columns)
    names = ("tracked_minutes", "engaged_minutes")
    if rows.hours is None:
        return added(counted, *names)
    hour = rows.hours
    if keys.by_domain:
        hour = hours.domains(hour, *names).subquery("hour_domain")
    kept = keys.select(hour, *keys.of(hour), hour.c.tracked_minutes, hour.c.engaged_minutes)
    both = union_all(kept, counted).subquery("minutes")
    columns = [both.c[column.name] for column in keys.columns]
    sums = [func.sum(both.c[name]).label(name) for name in names]
    return added(select(*columns, *sums).group_by(*columns), *names)


MEASURES = (
    Measure(
        "tracked_minutes",
        "Distinct pairs of person and UTC minute with an event.",
        Unit.MINUTES,
        ANY,
        query=_minutes,
        additivity=Additivity.PERIODS,
    ),
    Measure(
        "engaged_minutes",
        "Distinct pairs of person and UTC minute with an active event.",
        Unit.MINUTES,
        ANY,
        query=_minutes,
        additivity=Additivity.PERIODS,
    ),
    Measure(
        "idle_minutes",
        "Tracked minutes − engaged minutes.",
        Unit.MINUTES,
        ANY,
        formula=DIFFERENCE,
        derived_from=("tracked_minutes", "engaged_minutes"),
        additivity=Additivity.PERIODS,
    ),
    Measure(
        "engagement_rate",
        "Engaged minutes / tracked minutes × 100; null when nothing was tracked.",
        Unit.PERCENT,
        ANY,
        type=float | None,
        formula=percentage(),
        derived_from=("engaged_minutes", "tracked_minutes"),
    ),
)
