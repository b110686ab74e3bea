"""The events that a question is about, in the coarsest form that answers it.

    hours      one row of a person's hour, with all in it summed up (db.models.Hour)
    runs       a person's consecutive events of one minute, alike in domain and session (db.models.Run)
    events     each as the shortest run

A *run* keeps what the measures need of its events:

    events   ×  o  ×      ×  o        o           all of one minute, one session; o: not active
    domain   a  a  a      b  b        a
    runs     [─────]      [──]        [o]         first_ts … last_ts, and how many
    active   [─────]      [×]                     first_active_ts … last_active_ts, and how many

Rollups are read where they are complete and up to date, events at the ends of the range and in hours that bear a mark:

    range      [·····································)
    hours         |        |  marked |        |
    from      eeee··hours···eeeeeeeeee··hours··eeeeee     e: events

or, for what hours do not have (single sessions, the sessions or minutes of several domains, cuts within an hour),

    minutes     |──────────────────────────────────|
    from      e ····runs····eeeeeeeeee···runs····· e

Nothing has hours and runs of the same time: sequences are stitched together from whatever comes next (`visits`,
`segments`). It is one statement and so one snapshot: whoever sees an event sees its mark, and reads the event.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    BindParameter,
    ColumnElement,
    FromClause,
    Integer,
    SmallInteger,
    Subquery,
    Text,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import INTERVAL

from core.deep_work import SWITCH_GAP
from core.event_types import ACTIVE_TYPES
from db.keyset import AnySelect, Column
from db.metrics import hours
from db.metrics.keys import Keys
from db.metrics.query_shape import PartialEdges, QueryParams, QueryShape
from db.models import Behavior, Hour, Run, dirty_hours
from db.queries.filter_conditions import EventColumns, matching
from db.queries.people import People, is_asked, people_asked

_HOUR = timedelta(hours=1)
MARGIN = literal(SWITCH_GAP, INTERVAL())
Parameter = BindParameter[Any]
Instant = ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """All events of a question: `hours`, and as runs what those do not cover."""

    hours: Subquery | None
    uncovered: CTE


class Source:
    """The events of the chosen people that a question is about, as relations that the parts of a statement read.

    They are narrowed as the filter says; what of them it chooses is for the keys to say, since sequences are found
    among all of them (ADR 25). All relations have user_id and organization_id; and time_slice, where anything is split
    by time.
    """

    def __init__(self, shape: QueryShape, keys: Keys) -> None:
        self._shape = shape
        self._keys = keys
        self._subject = shape.subject if shape.named else None
        self._persons = self._shared(
            people_asked(reach=shape.reach, subject=self._subject, where=shape.where, topology=shape.topology),
            "person",
        )
        self._where = shape.where.narrowing

    @cached_property
    def hours(self) -> Subquery | None:
        """Whole hours without a mark: the columns of db.models.Hour. None if hourly rollups cannot answer."""
        if self._shape.hours is None:
            return None
        statement = (
            select(*Hour.__table__.c, self._persons.c.organization_id)
            .join(self._persons, self._persons.c.user_id == Hour.user_id)
            .where(
                Hour.hour >= QueryParams.hours_start,
                Hour.hour < QueryParams.hours_end,
                *self._is_asked(Hour.user_id),
                self._is_unmarked(Hour.user_id, Hour.hour),
                matching(self._where, EventColumns.of_hours(self._persons.c.organization_id)),
            )
        )
        return self._with_time_slice(statement.subquery("kept_hour"), "hour").subquery("hour")

    @cached_property
    def uncovered(self) -> CTE:
        """The events that `hours` does not cover, as runs; all events where hours cannot answer.

        Columns: session_id, domain, url (null when empty), type, events, active_events, minute, first_ts, last_ts,
        first_active_ts, last_active_ts, first_id. Kept runs have neither url nor type.
        """
        if self._shape.hours is None:
            return self.runs
        return self._runs_of(
            self._from_events(self._shape.hours, QueryParams.hours_start, QueryParams.hours_end), "uncovered"
        )

    @cached_property
    def runs(self) -> CTE:
        """Everything as runs, for what hours do not have."""
        if self._shape.minutes is None:
            return self.events
        from_events = self._from_events(self._shape.minutes, QueryParams.minutes_start, QueryParams.minutes_end)
        return self._runs_of([self._kept_runs(), *from_events], "run")

    @cached_property
    def events(self) -> CTE:
        """Every event as a run, for what only events have."""
        return self._runs_of([self._events(QueryParams.start, QueryParams.end)], "event")

    def domains(self, *, beyond: bool = False) -> AnySelect:
        """The distinct domains of all the events: organization_id, domain. `beyond`: also those of `margins`."""
        names = ("user_id", "organization_id", "domain")
        relations: list[FromClause] = [self.uncovered, *([self.margins] if beyond else [])]
        if self.hours is not None:
            relations.insert(0, hours.domains(self.hours).subquery("domain_of_hour"))
        met = union_all(*(select(*(each.c[name] for name in names)) for each in relations)).subquery("domain_met")
        return select(met.c.organization_id, met.c.domain).where(met.c.domain.is_not(None)).distinct()

    @property
    def without_hours(self) -> "Rows":
        """The same events, none of them summed up by the hour: for what hours do not tell apart."""
        return Rows(None, self.runs)

    @cached_property
    def margins(self) -> CTE:
        """The events up to 300 s before the range and after it, as runs: what active time is looked for beyond it.

        They lie in no time slice.
        """
        before = self._events(QueryParams.start - MARGIN, QueryParams.start)
        after = self._events(QueryParams.end, QueryParams.end + MARGIN)
        return self._shared(union_all(before, after), "margin")

    def _runs_of(self, parts: list[AnySelect], name: str) -> CTE:
        return self._shared(self._with_time_slice(union_all(*parts).subquery("source"), "first_ts"), name)

    def _shared(self, statement: People, name: str) -> CTE:
        return self._shape.topology.shared(statement, name)

    def _is_asked(self, user_id: Column) -> list[ColumnElement[bool]]:
        """The conditions by which a cluster finds the machines to ask."""
        return self._shape.topology.routing(is_asked(user_id, self._subject, self._shape.where))

    def _with_time_slice(self, relation: Subquery, instant: str) -> AnySelect:
        """The rows, each with the time slice it lies in."""
        time_slice = [self._keys.time_slice_of(relation.c[instant]).label("time_slice")] if self._keys.by_time else []
        return select(*relation.c, *time_slice).select_from(self._keys.joined(relation))

    def _from_events(self, ends: PartialEdges, start: Parameter, end: Parameter) -> list[AnySelect]:
        """The events that the rollups from `start` to `end` lack: those in marked hours and before and after."""
        missing = [(QueryParams.start, start)] if ends.head else []
        missing += [(end, QueryParams.end)] if ends.tail else []
        unmarked = self._is_unmarked(Behavior.user_id, Behavior.ts)
        return [self._marked_events(), *(self._events(*part).where(unmarked) for part in missing)]

    def _events(self, start: Instant, end: Instant) -> AnySelect:
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
            Behavior.ts >= func.greatest(marked.c.hour, QueryParams.start),
            Behavior.ts < func.least(marked.c.hour + literal(_HOUR, INTERVAL()), QueryParams.end),
            *self._is_asked(Behavior.user_id),
            matching(self._where, EventColumns.of_behaviors()),
        )
        event = self._shape.topology.lookup(looked_up).lateral("event")
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
                Run.first_ts >= QueryParams.minutes_start,
                Run.first_ts < QueryParams.minutes_end,
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
            .where(marks.hour >= QueryParams.first_hour, marks.hour < QueryParams.end, *self._is_asked(marks.user_id))
            .distinct()
        )
        return self._shared(statement, "marked")

    def _is_unmarked(self, user_id: Column, instant: Column) -> ColumnElement[bool]:
        """True for instants of a person in an hour that is not marked dirty."""
        hour = func.date_trunc("hour", instant, "UTC")
        return self._shape.topology.is_unmarked(user_id, hour, self._marked, self._is_asked)


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
