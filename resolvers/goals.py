"""Goals: members see them and how they are met, admins set them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import AuditAction
from core.calendar import Bucket, local
from core.errors import NotFound, TooManyGoals
from core.goals import GoalInterval, GoalState, judge, rate_of, streak_of, whole_buckets
from core.limits import GOALS
from core.names import checked_name
from core.periods import TimeRange, counted_until_now
from core.weeks import WeekStart
from db.metrics.measures import BY_NAME
from db.metrics.question import Question, Split
from db.metrics.values import NOTHING, MeasureValues
from db.queries import goals, metrics, organizations
from db.queries import teams as teams_query
from db.queries.filters import EventFilter
from db.queries.goals import GoalRow, GoalSubject, GoalTerms
from resolvers import extension_users, teams
from resolvers.audit import record_audit_entry
from resolvers.caller import Caller
from resolvers.goal_rules import check_terms, grows
from resolvers.pages import ConnectionRow, forward
from resolvers.week_starts import chosen_week_start

_NOT_FOUND = "There is no such goal."


@dataclass(frozen=True, slots=True)
class GoalBucketRow:
    """A bucket of a goal's progress, its value and what became of the goal."""

    start: datetime
    end: datetime
    value: float | None
    state: GoalState

    @property
    def met(self) -> bool | None:
        """True if the goal is met, False if it is missed; None if that is not decided, or the bucket is a day off."""
        return {GoalState.MET: True, GoalState.MISSED: False}.get(self.state)


@dataclass(frozen=True, slots=True)
class GoalProgressRow:
    """The buckets of a goal in a period."""

    buckets: Sequence[GoalBucketRow]

    @property
    def streak(self) -> int:
        """The number of buckets met in a row, up to the end."""
        return streak_of(bucket.state for bucket in self.buckets)

    @property
    def rate(self) -> float | None:
        """The part of the decided buckets that is met."""
        return rate_of([bucket.state for bucket in self.buckets])


async def goal(caller: Caller, goal_id: UUID) -> GoalRow | None:
    """Return a goal in an organization that the viewer may read; None if there is none."""
    return await caller.batches.load(goals.by_ids, goal_id)


async def of_organization(
    caller: Caller, organization_id: UUID, first: int, after: str | None
) -> ConnectionRow[GoalRow]:
    """Return a page of an organization's goals, those of its teams and people included. Forbidden for leads."""
    caller.viewer.require_whole(organization_id)
    return await _page(caller, goals.pages_by_organization, organization_id, first, after)


async def of_team(caller: Caller, team_id: UUID, first: int, after: str | None) -> ConnectionRow[GoalRow]:
    """Return a page of a team's goals."""
    return await _page(caller, goals.pages_by_team, team_id, first, after)


async def of_person(caller: Caller, user_id: UUID, first: int, after: str | None) -> ConnectionRow[GoalRow]:
    """Return a page of a person's goals."""
    return await _page(caller, goals.pages_by_person, user_id, first, after)


async def _page(caller: Caller, query: Any, parent: UUID, first: int, after: str | None) -> ConnectionRow[GoalRow]:
    page = await caller.batches.load(query, parent, forward(goals.OLDEST_FIRST.parse, first, after))
    assert page is not None  # noqa: S101 - the query answers for every parent it is asked about
    return ConnectionRow(page)


async def progress(
    caller: Caller,
    row: GoalRow,
    where: EventFilter,
    time_range: TimeRange,
    at: datetime,
    week_start: WeekStart | None = None,
) -> GoalProgressRow:
    """Return how a goal is met in the buckets that a range touches, as seen `at` a moment. InvalidInput."""
    weeks = WeekStart.MONDAY
    if row.interval is GoalInterval.WEEK:
        weeks = await chosen_week_start(caller, week_start, row.organization_id)
    buckets = whole_buckets(time_range, row.interval, row.timezone, weeks)
    values = await _values(caller, row, where, buckets, at)
    measure = BY_NAME[row.measure]
    judged = []
    for number, bucket in enumerate(buckets):
        value = getattr(values.get(number, NOTHING), row.measure)
        state = GoalState.OFF
        if row.bounds.weekdays is None or _weekday(bucket, row.timezone) in row.bounds.weekdays:
            state = judge(row.bounds, value, is_over=bucket.end <= at, grows=grows(measure))
        judged.append(GoalBucketRow(bucket.start, bucket.end, value, state))
    return GoalProgressRow(judged)


async def _values(
    caller: Caller, row: GoalRow, where: EventFilter, buckets: Sequence[Bucket], at: datetime
) -> dict[int, MeasureValues]:
    """The measure by the number of the bucket. Goals that differ in nothing but their subject are asked together."""
    time_range = counted_until_now(buckets[0].start, buckets[-1].end, at)
    if time_range.counted.end <= time_range.start:
        return {}  # all of it lies ahead
    subject, key, where = metrics.subject_of(row.organization_id, row.team_id, row.extension_user_id, where)
    question = Question(time_range, where, row.timezone, subject, caller.services.rollups_enabled)
    split = Split(buckets=tuple(buckets))
    found = await caller.batches.load(metrics.series, (key, ()), question, split, frozenset({row.measure}))
    return found or {}


def _weekday(bucket: Bucket, zone: ZoneInfo) -> int:
    return local(bucket.start, zone).isoweekday()


async def create(caller: Caller, subject: GoalSubject, terms: GoalTerms, where: EventFilter) -> GoalRow:
    """Create a goal of a subject as `subject_of` gives it. NotFound, InvalidInput, TooManyGoals."""
    check_terms(subject, terms, where)
    terms, scope = replace(terms, name=checked_name("name", terms.name)), caller.viewer.manageable
    async with caller.database.write() as db:
        if not await organizations.lock(db, scope, subject.organization_id):
            raise NotFound("There is no such organization.")
        if await goals.count(db, scope, subject.organization_id) >= GOALS:
            raise TooManyGoals(f"An organization has at most {GOALS} goals. Delete one first.")
        await _lock_subject(caller, db, subject)
        row = await goals.create(db, subject, terms)
        await _record(caller, db, AuditAction.GOAL_CREATED, row)
    return row


async def organization_subject(caller: Caller, organization_id: UUID | None) -> GoalSubject:
    """Return an organization that the viewer may change, as the subject of a goal. NotFound, Forbidden."""
    return GoalSubject(caller.viewer.require_management_of(organization_id))


async def team_subject(caller: Caller, team_id: UUID | None) -> GoalSubject:
    """Return a team that the viewer may change, as the subject of a goal. NotFound, Forbidden."""
    team = await teams.managed(caller, team_id)
    return GoalSubject(team.organization_id, team_id=team.id)


async def person_subject(caller: Caller, user_id: UUID | None) -> GoalSubject:
    """Return a person whom the viewer may change, as the subject of a goal. NotFound, Forbidden."""
    person = await extension_users.managed(caller, user_id)
    return GoalSubject(person.organization_id, extension_user_id=person.id)


async def _lock_subject(caller: Caller, db: AsyncConnection, subject: GoalSubject) -> None:
    """Lock the person or team against deletion until the goal is stored. NotFound if they are gone."""
    scope = caller.viewer.manageable
    if subject.extension_user_id is not None and not await teams_query.locked_people(
        db, scope, subject.organization_id, [subject.extension_user_id]
    ):
        raise NotFound("There is no such extension user.")
    if subject.team_id is not None and not await teams_query.by_ids(db, scope, [subject.team_id]):
        raise NotFound("There is no such team.")


async def update(caller: Caller, row: GoalRow, terms: GoalTerms, where: EventFilter) -> GoalRow:
    """Give a goal, as `managed` gives it, other terms. NotFound, InvalidInput."""
    check_terms(GoalSubject(row.organization_id, row.extension_user_id, row.team_id), terms, where)
    terms = replace(terms, name=checked_name("name", terms.name))
    async with caller.database.write() as db:
        changed = await goals.change(db, caller.viewer.manageable, row.id, terms)
        if changed is None:
            raise NotFound(_NOT_FOUND)
        await _record(caller, db, AuditAction.GOAL_UPDATED, changed)
    return changed


async def delete(caller: Caller, goal_id: UUID | None) -> UUID:
    """Delete a goal. Return the id it had. NotFound, Forbidden."""
    found = await managed(caller, goal_id)
    async with caller.database.write() as db:
        if not await goals.remove(db, caller.viewer.manageable, found.id):
            raise NotFound(_NOT_FOUND)
        await _record(caller, db, AuditAction.GOAL_DELETED, found)
    return found.id


async def managed(caller: Caller, goal_id: UUID | None) -> GoalRow:
    """Return a goal that the viewer may change. NotFound, Forbidden."""
    found = None if goal_id is None else await goal(caller, goal_id)
    if found is None:
        raise NotFound(_NOT_FOUND)
    caller.viewer.require_management_of(found.organization_id)
    return found


async def _record(caller: Caller, db: AsyncConnection, action: AuditAction, row: GoalRow) -> None:
    details = {"goalId": str(row.id), "measure": BY_NAME[row.measure].field}
    if row.team_id is not None:
        details["teamId"] = str(row.team_id)
    await record_audit_entry(
        db,
        caller.viewer,
        action,
        organization_id=row.organization_id,
        subject_id=row.extension_user_id,
        details=details,
    )
