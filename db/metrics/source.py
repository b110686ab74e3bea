"""Which events a question is about, as runs.

A *run* is a stretch of one person's consecutive events (by time, then id) within one minute, alike in domain and
session. Nothing the measures need is lost by taking events run by run:

    events   ×  o  ×      ×  o        o           all of one minute, one session; o: not active
    domain   a  a  a      b  b        a
    runs     [─────]      [──]        [o]         first_ts … last_ts, and how many
    active   [─────]      [×]                     first_active_ts … last_active_ts, and how many

A single event is the shortest run, and the form in which events enter the engine where runs are not kept (for questions
of urls and types), not whole (at the ends of the range) or not up to date (in hours that bear a mark):

    range      [·······································)
    minutes     |──────────────────────────────────|
    hours       |         marked |                 |
    from      e ····runs·········eeeeeeee····runs··· e      e: events

It is one statement and so one snapshot: whoever sees an event sees its mark, and reads the event.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Integer,
    SmallInteger,
    Text,
    case,
    cast,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import INTERVAL

from core.dimensions import Dimension
from core.event_types import ACTIVE_TYPES
from core.periods import TimeRange
from db.keyset import AnySelect, Column
from db.metrics.categories import with_known_categories
from db.metrics.keys import Keys
from db.metrics.question import Question
from db.models import Behavior, Run, dirty_hours
from db.queries.filters import EventColumns, EventFilter, matching
from db.queries.people import People

_HOUR = literal(timedelta(hours=1), INTERVAL())
_MINUTE = timedelta(minutes=1)
_NOT_IN_RUNS = {Dimension.URL, Dimension.EVENT_TYPE}


def runs(chosen: People, question: Question, keys: Keys, *, urls: bool = False) -> CTE:
    """The events of the chosen people that the question is about, as runs. `urls`: a measure needs them.

    Columns: user_id, organization_id, session_id, domain, url (null when empty), type, events, active_events, minute,
    first_ts, last_ts, first_active_ts, last_active_ts, first_id; and slot, where anything is split by time. Kept runs
    have neither url nor type.
    """
    persons = chosen.cte("person")
    known = with_known_categories(question.where, persons, question.time_range, rollups=question.rollups)
    question = replace(question, where=known)
    whole = _whole_minutes(question.time_range)
    of_events = not question.rollups or urls or _NOT_IN_RUNS & set(keys.dimensions) or _needs_events(question.where)
    if of_events or whole is None:
        return _with_slots(_events(persons, question, question.time_range), keys)
    dirty = _dirty(persons, question.time_range)
    ends = [
        _events(persons, question, end).where(~_is_dirty(dirty, Behavior.user_id, Behavior.ts))
        for end in _ends(question.time_range, whole)
    ]
    return _with_slots(union_all(_kept(persons, question, whole, dirty), _marked(question, dirty), *ends), keys)


def _with_slots(statement: Any, keys: Keys) -> CTE:
    """The runs, each with the slot it lies in: a minute lies in one."""
    source = statement.subquery("source")
    slot = [keys.slot_of(source.c.first_ts).label("slot")] if keys.by_time else []
    return select(*source.c, *slot).select_from(keys.with_slots(source)).cte("run")


def _events(persons: CTE, question: Question, time_range: TimeRange) -> AnySelect:
    """Events, each as a run of one."""
    return (
        select(*_columns_of(Behavior, persons.c.organization_id))
        .join(persons, persons.c.user_id == Behavior.user_id)
        .where(
            Behavior.ts >= time_range.start,
            Behavior.ts < time_range.end,
            matching(question.where, EventColumns.of_behaviors()),
        )
    )


def _marked(question: Question, dirty: CTE) -> AnySelect:
    """The events of marked hours, hour by hour along the primary key."""
    event = (
        select(Behavior)
        .where(
            Behavior.user_id == dirty.c.user_id,
            Behavior.ts >= func.greatest(dirty.c.hour, question.time_range.start),
            Behavior.ts < func.least(dirty.c.hour + _HOUR, question.time_range.end),
            matching(question.where, EventColumns.of_behaviors()),
        )
        .offset(0)  # keeps the planner from turning this into a join over everything
        .lateral("event")
    )
    return select(*_columns_of(event.c, dirty.c.organization_id)).select_from(dirty.join(event, literal(True)))


def _kept(persons: CTE, question: Question, time_range: TimeRange, dirty: CTE) -> AnySelect:
    """Runs of hours that bear no mark."""
    return (
        select(
            Run.user_id,
            persons.c.organization_id,
            Run.session_id,
            Run.domain,
            cast(null(), Text()).label("url"),
            cast(null(), SmallInteger()).label("type"),
            cast(Run.events, BigInteger()).label("events"),
            cast(Run.active_events, BigInteger()).label("active_events"),
            _minute(Run.first_ts),
            Run.first_ts,
            Run.last_ts,
            Run.first_active_ts,
            Run.last_active_ts,
            Run.first_id,
        )
        .join(persons, persons.c.user_id == Run.user_id)
        .where(
            Run.first_ts >= time_range.start,
            Run.first_ts < time_range.end,
            ~_is_dirty(dirty, Run.user_id, Run.first_ts),
            matching(question.where, EventColumns.of_runs(persons.c.organization_id)),
        )
    )


def _dirty(persons: CTE, time_range: TimeRange) -> CTE:
    """The marked hours of these people that the range touches."""
    first = time_range.start.replace(minute=0, second=0, microsecond=0)
    marks = dirty_hours.c
    return (
        select(marks.user_id, persons.c.organization_id, marks.hour)
        .join(persons, persons.c.user_id == marks.user_id)
        .where(marks.hour >= first, marks.hour < time_range.end)
        .distinct()
        .cte("dirty")
    )


def _is_dirty(dirty: CTE, user_id: Column, instant: Column) -> ColumnElement[bool]:
    """Whether an instant of a person lies in a marked hour.

    As `IN`, which is looked up in a hash table however many marks there are. A join would be planned from statistics
    that know nothing of the last minute's marks, and may compare each run with each mark.
    """
    marked = select(dirty.c.user_id, dirty.c.hour)
    return tuple_(user_id, func.date_trunc("hour", instant, "UTC")).in_(marked)


def _columns_of(event: Any, organization_id: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    """An event's columns as those of a run."""
    active = event.type.in_([kind.value for kind in ACTIVE_TYPES])
    return [
        event.user_id,
        organization_id,
        event.session_id,
        event.domain,
        func.nullif(event.url, "").label("url"),
        event.type,
        literal(1, BigInteger()).label("events"),
        cast(cast(active, Integer()), BigInteger()).label("active_events"),
        _minute(event.ts),
        event.ts.label("first_ts"),
        event.ts.label("last_ts"),
        case((active, event.ts)).label("first_active_ts"),
        case((active, event.ts)).label("last_active_ts"),
        event.id.label("first_id"),
    ]


def _minute(instant: Column) -> ColumnElement[datetime]:
    return func.date_trunc("minute", instant, "UTC").label("minute")


def _whole_minutes(time_range: TimeRange) -> TimeRange | None:
    """The whole minutes in the range, none of which a run straddles; None without any."""
    start, end = (instant.replace(second=0, microsecond=0) for instant in (time_range.start, time_range.end))
    if start < time_range.start:
        start += _MINUTE
    return TimeRange(start, end) if start < end else None


def _ends(time_range: TimeRange, whole: TimeRange) -> list[TimeRange]:
    """What is left of the range before and after its whole minutes."""
    ends = [TimeRange(time_range.start, whole.start), TimeRange(whole.end, time_range.end)]
    return [end for end in ends if end.start < end.end]


def _needs_events(where: EventFilter) -> bool:
    """Whether a filter asks for what runs do not have."""
    return where.url is not None or where.event_types is not None or any(map(_needs_events, where.nested))
