"""Which events a question is about, in the coarsest form that answers it.

    hours      one row of a person's hour, with all in it summed up (db.models.Hour)
    runs       a person's consecutive events of one minute, alike in domain and session (db.models.Run)
    events     each as the shortest run

A *run* keeps what the measures need of its events:

    events   ×  o  ×      ×  o        o           all of one minute, one session; o: not active
    domain   a  a  a      b  b        a
    runs     [─────]      [──]        [o]         first_ts … last_ts, and how many
    active   [─────]      [×]                     first_active_ts … last_active_ts, and how many

Rollups are read where they are whole and true, events at the ends of the range and in hours that bear a mark:

    range      [·····································)
    hours         |        |  marked |        |
    from      eeee··hours···eeeeeeeeee··hours··eeeeee     e: events

or, for what hours do not have (single sessions, filters by domain, cuts within an hour),

    minutes     |──────────────────────────────────|
    from      e ····runs····eeeeeeeeee···runs····· e

Nothing has hours and runs of the same time: sequences are stitched together from whatever comes next (`visits`,
`segments`). It is one statement and so one snapshot: whoever sees an event sees its mark, and reads the event.
"""

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    SmallInteger,
    Subquery,
    Text,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import INTERVAL

from core.event_types import ACTIVE_TYPES
from db.keyset import AnySelect, Column
from db.metrics.categories import one_by_one, with_known_categories
from db.metrics.keys import Keys
from db.metrics.shape import Ends, Open, Shape, shared
from db.models import Behavior, Hour, Run, dirty_hours
from db.queries.filters import EventColumns, matching
from db.queries.people import People, is_asked, people_asked

_HOUR = timedelta(hours=1)
Parameter = BindParameter[Any]


class Source:
    """The events of the chosen people that a question is about, as relations that the parts of a statement read.

    All have user_id and organization_id; and slot, where anything is split by time.
    """

    def __init__(self, shape: Shape, keys: Keys) -> None:
        self._shape = shape
        self._keys = keys
        self._subject = shape.subject if shape.named else None
        self._persons = self._shared(
            people_asked(in_scope=shape.in_scope, subject=self._subject, where=shape.where, spread=shape.spread),
            "person",
        )
        self._where = with_known_categories(
            shape.where, self._persons, Open.start, Open.end, rollups=shape.minutes is not None, spread=shape.spread
        )

    @cached_property
    def hours(self) -> Subquery | None:
        """Whole hours that bear no mark: the columns of db.models.Hour. None where hours don't do."""
        if self._shape.hours is None:
            return None
        statement = (
            select(*Hour.__table__.c, self._persons.c.organization_id)
            .join(self._persons, self._persons.c.user_id == Hour.user_id)
            .where(
                Hour.hour >= Open.hours_start,
                Hour.hour < Open.hours_end,
                *self._is_asked(Hour.user_id),
                self._is_unmarked(Hour.user_id, Hour.hour),
                matching(self._where, EventColumns.of_hours(self._persons.c.organization_id)),
            )
        )
        return self._slotted(statement.subquery("kept_hour"), "hour").subquery("hour")

    @cached_property
    def rest(self) -> CTE:
        """What is not in `hours`, as runs; all, where hours don't do.

        Columns: session_id, domain, url (null when empty), type, events, active_events, minute, first_ts, last_ts,
        first_active_ts, last_active_ts, first_id. Kept runs have neither url nor type.
        """
        if self._shape.hours is None:
            return self.runs
        return self._runs_of(self._fresh(self._shape.hours, Open.hours_start, Open.hours_end), "fresh")

    @cached_property
    def runs(self) -> CTE:
        """Everything as runs, for what hours do not have."""
        if self._shape.minutes is None:
            return self.events
        fresh = self._fresh(self._shape.minutes, Open.minutes_start, Open.minutes_end)
        return self._runs_of([self._kept_runs(), *fresh], "run")

    @cached_property
    def events(self) -> CTE:
        """Every event as a run, for what only events have."""
        return self._runs_of([self._events(Open.start, Open.end)], "event")

    def _runs_of(self, parts: list[AnySelect], name: str) -> CTE:
        return self._shared(self._slotted(union_all(*parts).subquery("source"), "first_ts"), name)

    def _shared(self, statement: People, name: str) -> CTE:
        return shared(statement, name, spread=self._shape.spread)

    def _is_asked(self, user_id: Column) -> list[ColumnElement[bool]]:
        """On a cluster, what tells it whose machines to ask."""
        return is_asked(user_id, self._subject, self._shape.where) if self._shape.spread else []

    def _slotted(self, relation: Subquery, instant: str) -> AnySelect:
        """The rows, each with the slot it lies in."""
        slot = [self._keys.slot_of(relation.c[instant]).label("slot")] if self._keys.by_time else []
        return select(*relation.c, *slot).select_from(self._keys.joined(relation))

    def _fresh(self, ends: Ends, start: Parameter, end: Parameter) -> list[AnySelect]:
        """The events that the rollups from `start` to `end` lack: those in marked hours and before and after."""
        missing = [(Open.start, start)] if ends.head else []
        missing += [(end, Open.end)] if ends.tail else []
        unmarked = self._is_unmarked(Behavior.user_id, Behavior.ts)
        return [self._marked_events(), *(self._events(*part).where(unmarked) for part in missing)]

    def _events(self, start: Parameter, end: Parameter) -> AnySelect:
        """Events, each as a run of one."""
        return (
            select(*_columns_of(Behavior, self._persons.c.organization_id))
            .join(self._persons, self._persons.c.user_id == Behavior.user_id)
            .where(
                Behavior.ts >= start,
                Behavior.ts < end,
                *self._is_asked(Behavior.user_id),
                matching(self._where, EventColumns.of_behaviors()),
            )
        )

    def _marked_events(self) -> AnySelect:
        """The events of marked hours, hour by hour along the primary key."""
        marked = self._marked
        looked_up = select(Behavior).where(
            Behavior.user_id == marked.c.user_id,
            Behavior.ts >= func.greatest(marked.c.hour, Open.start),
            Behavior.ts < func.least(marked.c.hour + literal(_HOUR, INTERVAL()), Open.end),
            *self._is_asked(Behavior.user_id),
            matching(self._where, EventColumns.of_behaviors()),
        )
        event = one_by_one(looked_up, spread=self._shape.spread).lateral("event")
        return select(*_columns_of(event.c, marked.c.organization_id)).select_from(marked.join(event, literal(True)))

    def _kept_runs(self) -> AnySelect:
        """Runs of hours that bear no mark."""
        persons = self._persons
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
                Run.first_ts >= Open.minutes_start,
                Run.first_ts < Open.minutes_end,
                *self._is_asked(Run.user_id),
                self._is_unmarked(Run.user_id, Run.first_ts),
                matching(self._where, EventColumns.of_runs(persons.c.organization_id)),
            )
        )

    @cached_property
    def _marked(self) -> CTE:
        """The marked hours of these people that the range touches."""
        marks, persons = dirty_hours.c, self._persons
        statement = (
            select(marks.user_id, persons.c.organization_id, marks.hour)
            .join(persons, persons.c.user_id == marks.user_id)
            .where(marks.hour >= Open.first_hour, marks.hour < Open.end, *self._is_asked(marks.user_id))
            .distinct()
        )
        return self._shared(statement, "marked")

    def _is_unmarked(self, user_id: Column, instant: Column) -> ColumnElement[bool]:
        """Whether an instant of a person lies in an hour without a mark.

        As `NOT IN`, which is looked up in a hash table however many marks there are. A join would be planned from
        statistics that know nothing of the last minute's marks, and may compare each run with each mark. A
        cluster, though, takes no other form than a join for one of people.
        """
        hour = func.date_trunc("hour", instant, "UTC")
        if self._shape.spread:
            marks = dirty_hours.alias("mark").c
            mine = (marks.user_id == user_id, marks.hour == hour, *self._is_asked(marks.user_id))
            return ~exists().where(*mine)
        return tuple_(user_id, hour).not_in(select(self._marked.c.user_id, self._marked.c.hour))


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
