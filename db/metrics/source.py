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
    ColumnElement,
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
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import INTERVAL

from core.dimensions import Dimension
from core.event_types import ACTIVE_TYPES
from core.periods import TimeRange
from db.keyset import AnySelect, Column
from db.metrics.keys import Keys
from db.metrics.question import Question
from db.models import Behavior, Hour, Run, dirty_hours
from db.queries.filters import EventColumns, EventFilter, matching
from db.queries.people import People

_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_NOT_IN_RUNS = {Dimension.URL, Dimension.EVENT_TYPE}
_NOT_IN_HOURS = {*_NOT_IN_RUNS, Dimension.SESSION}


class Source:
    """The events of the chosen people that a question is about, as relations that the parts of a statement read.

    All have user_id and organization_id; and slot, where anything is split by time.
    """

    def __init__(self, chosen: People, question: Question, keys: Keys) -> None:
        self._persons = chosen.cte("person")
        self._question = question
        self._keys = keys
        coarse = self._rollups_suffice(_NOT_IN_HOURS, _HOUR) and not _needs_runs(question.where)
        self._whole_hours = _whole(question.time_range, _HOUR) if coarse else None

    @cached_property
    def hours(self) -> Subquery | None:
        """Whole hours that bear no mark: the columns of db.models.Hour. None where hours don't do."""
        if self._whole_hours is None:
            return None
        statement = (
            select(*Hour.__table__.c, self._persons.c.organization_id)
            .join(self._persons, self._persons.c.user_id == Hour.user_id)
            .where(
                Hour.hour >= self._whole_hours.start,
                Hour.hour < self._whole_hours.end,
                ~self._is_marked(Hour.user_id, Hour.hour),
                matching(self._question.where, EventColumns.of_hours(self._persons.c.organization_id)),
            )
        )
        return self._slotted(statement.subquery("kept_hour"), "hour").subquery("hour")

    @cached_property
    def rest(self) -> CTE:
        """What is not in `hours`, as runs; all, where hours don't do.

        Columns: session_id, domain, url (null when empty), type, events, active_events, minute, first_ts, last_ts,
        first_active_ts, last_active_ts, first_id. Kept runs have neither url nor type.
        """
        if self._whole_hours is None:
            return self.runs
        return self._runs_of(self._fresh(self._whole_hours), "fresh")

    @cached_property
    def runs(self) -> CTE:
        """Everything as runs, for what hours do not have."""
        minutes = None
        if self._rollups_suffice(_NOT_IN_RUNS, _MINUTE) and not _needs_events(self._question.where):
            minutes = _whole(self._question.time_range, _MINUTE)
        if minutes is None:
            return self.events
        return self._runs_of([self._kept_runs(minutes), *self._fresh(minutes)], "run")

    @cached_property
    def events(self) -> CTE:
        """Every event as a run, for what only events have."""
        return self._runs_of([self._events(self._question.time_range)], "event")

    def _rollups_suffice(self, lacking: set[Dimension], step: timedelta) -> bool:
        return self._question.rollups and not lacking & set(self._keys.dimensions) and self._keys.cuts_at(step)

    def _runs_of(self, parts: list[AnySelect], name: str) -> CTE:
        return self._slotted(union_all(*parts).subquery("source"), "first_ts").cte(name)

    def _slotted(self, relation: Subquery, instant: str) -> AnySelect:
        """The rows, each with the slot it lies in."""
        slot = [self._keys.slot_of(relation.c[instant]).label("slot")] if self._keys.by_time else []
        return select(*relation.c, *slot).select_from(self._keys.joined(relation))

    def _fresh(self, whole: TimeRange) -> list[AnySelect]:
        """The events that rollups of the whole hours, or minutes, lack: those in marked hours and before and after."""
        ends = [
            self._events(end).where(~self._is_marked(Behavior.user_id, Behavior.ts))
            for end in _ends(self._question.time_range, whole)
        ]
        return [self._marked_events(), *ends]

    def _events(self, time_range: TimeRange) -> AnySelect:
        """Events, each as a run of one."""
        return (
            select(*_columns_of(Behavior, self._persons.c.organization_id))
            .join(self._persons, self._persons.c.user_id == Behavior.user_id)
            .where(
                Behavior.ts >= time_range.start,
                Behavior.ts < time_range.end,
                matching(self._question.where, EventColumns.of_behaviors()),
            )
        )

    def _marked_events(self) -> AnySelect:
        """The events of marked hours, hour by hour along the primary key."""
        marked, time_range = self._marked, self._question.time_range
        event = (
            select(Behavior)
            .where(
                Behavior.user_id == marked.c.user_id,
                Behavior.ts >= func.greatest(marked.c.hour, time_range.start),
                Behavior.ts < func.least(marked.c.hour + literal(_HOUR, INTERVAL()), time_range.end),
                matching(self._question.where, EventColumns.of_behaviors()),
            )
            .offset(0)  # keeps the planner from turning this into a join over everything
            .lateral("event")
        )
        return select(*_columns_of(event.c, marked.c.organization_id)).select_from(marked.join(event, literal(True)))

    def _kept_runs(self, time_range: TimeRange) -> AnySelect:
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
                Run.first_ts >= time_range.start,
                Run.first_ts < time_range.end,
                ~self._is_marked(Run.user_id, Run.first_ts),
                matching(self._question.where, EventColumns.of_runs(persons.c.organization_id)),
            )
        )

    @cached_property
    def _marked(self) -> CTE:
        """The marked hours of these people that the range touches."""
        time_range, marks, persons = self._question.time_range, dirty_hours.c, self._persons
        first = time_range.start.replace(minute=0, second=0, microsecond=0)
        return (
            select(marks.user_id, persons.c.organization_id, marks.hour)
            .join(persons, persons.c.user_id == marks.user_id)
            .where(marks.hour >= first, marks.hour < time_range.end)
            .distinct()
            .cte("marked")
        )

    def _is_marked(self, user_id: Column, instant: Column) -> ColumnElement[bool]:
        """Whether an instant of a person lies in a marked hour.

        As `IN`, which is looked up in a hash table however many marks there are. A join would be planned from
        statistics that know nothing of the last minute's marks, and may compare each run with each mark.
        """
        marked = select(self._marked.c.user_id, self._marked.c.hour)
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


def _whole(time_range: TimeRange, step: timedelta) -> TimeRange | None:
    """The whole hours, or minutes, in the range, which no rollup of such a length straddles; None without any."""
    start, end = (_rounded_down(instant, step) for instant in (time_range.start, time_range.end))
    if start < time_range.start:
        start += step
    return TimeRange(start, end) if start < end else None


def _rounded_down(instant: datetime, step: timedelta) -> datetime:
    minute = 0 if step == _HOUR else instant.minute
    return instant.replace(minute=minute, second=0, microsecond=0)


def _ends(time_range: TimeRange, whole: TimeRange) -> list[TimeRange]:
    """What is left of the range before and after its whole part."""
    ends = [TimeRange(time_range.start, whole.start), TimeRange(whole.end, time_range.end)]
    return [end for end in ends if end.start < end.end]


def _needs_runs(where: EventFilter) -> bool:
    """Whether a filter asks for what hours do not have."""
    lacking = (where.session_ids, where.domain, where.url, where.event_types)
    return any(each is not None for each in lacking) or any(map(_needs_runs, _nested(where)))


def _needs_events(where: EventFilter) -> bool:
    """Whether a filter asks for what runs do not have."""
    return where.url is not None or where.event_types is not None or any(map(_needs_events, _nested(where)))


def _nested(where: EventFilter) -> list[EventFilter]:
    return [*(where.all_of or ()), *(where.any_of or ()), *([where.not_] if where.not_ else [])]
