"""Goals of organizations, teams and people."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.cursors import Instant
from core.goals import GoalBounds, GoalInterval
from core.scope import Scope
from db.keyset import AnySelect, Column, Ordering, PageRequest, RowPage, keyset_per, paginate_rows
from db.models import Goal
from db.tenancy import in_scope


@dataclass(frozen=True, kw_only=True)
class GoalTerms:
    """The terms of a goal: bounds of a measure in each bucket. `conditions` is the filter in its client's words."""

    name: str
    measure: str
    conditions: dict[str, Any] | None
    interval: GoalInterval
    at_least: float | None
    at_most: float | None
    weekdays: tuple[int, ...] | None
    timezone: ZoneInfo

    @cached_property
    def bounds(self) -> GoalBounds:
        """The bounds of the value, and the days that count."""
        weekdays = None if self.weekdays is None else frozenset(self.weekdays)
        return GoalBounds(self.at_least, self.at_most, weekdays)


@dataclass(frozen=True, kw_only=True)
class GoalRow(GoalTerms):
    """A goal of a person, of a team, or else of the organization."""

    id: UUID
    organization_id: UUID
    extension_user_id: UUID | None
    team_id: UUID | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class GoalSubject:
    """The subject of a goal: a person's, a team's, or else the organization's."""

    organization_id: UUID
    extension_user_id: UUID | None = None
    team_id: UUID | None = None


_COLUMNS = tuple(Goal.__table__.columns)

OLDEST_FIRST: Ordering[GoalRow] = Ordering(
    "goals", (Goal.created_at, Goal.id), (Instant, UUID), lambda row: (row.created_at, row.id)
)


def _visible(scope: Scope) -> AnySelect:
    return select(*_COLUMNS).where(in_scope(scope, Goal.organization_id))


def _row(found: Any) -> GoalRow:
    members = {column.key: getattr(found, column.key) for column in _COLUMNS}
    weekdays = members["weekdays"]
    return GoalRow(
        **members
        | {
            "interval": GoalInterval(members["interval"]),
            "weekdays": None if weekdays is None else tuple(weekdays),
            "timezone": ZoneInfo(members["timezone"]),
        }
    )


async def by_ids(connection: AsyncConnection, scope: Scope, ids: Iterable[UUID]) -> dict[UUID, GoalRow]:
    """Return those of these goals that are in scope, by id."""
    rows = await connection.execute(_visible(scope).where(Goal.id.in_(ids)))
    return {row.id: _row(row) for row in rows}


async def pages_by_organization(
    connection: AsyncConnection, scope: Scope, organization_ids: Iterable[UUID], request: PageRequest
) -> dict[UUID, RowPage[GoalRow]]:
    """The same page of each organization's goals, those of its teams and people included."""
    return await _pages(connection, scope, Goal.organization_id, list(organization_ids), request)


async def pages_by_team(
    connection: AsyncConnection, scope: Scope, team_ids: Iterable[UUID], request: PageRequest
) -> dict[UUID, RowPage[GoalRow]]:
    """The same page of each team's goals."""
    return await _pages(connection, scope, Goal.team_id, list(team_ids), request)


async def pages_by_person(
    connection: AsyncConnection, scope: Scope, user_ids: Iterable[UUID], request: PageRequest
) -> dict[UUID, RowPage[GoalRow]]:
    """The same page of each person's goals."""
    return await _pages(connection, scope, Goal.extension_user_id, list(user_ids), request)


async def _pages(
    connection: AsyncConnection, scope: Scope, parent: Column, ids: Collection[UUID], request: PageRequest
) -> dict[UUID, RowPage[GoalRow]]:
    found: dict[UUID, list[GoalRow]] = {each: [] for each in ids}
    statement = _visible(scope).where(parent.in_(ids))
    for row in await connection.execute(keyset_per(parent, statement, OLDEST_FIRST, request)):
        found[row.parent].append(_row(row))
    return {each: paginate_rows(rows, OLDEST_FIRST, request) for each, rows in found.items()}


async def count(connection: AsyncConnection, scope: Scope, organization_id: UUID) -> int:
    """Return the number of an organization's goals."""
    statement = _visible(scope).where(Goal.organization_id == organization_id).with_only_columns(func.count())
    return await connection.scalar(statement) or 0


async def create(connection: AsyncConnection, subject: GoalSubject, terms: GoalTerms) -> GoalRow:
    """Create a goal. The organization was locked within the caller's scope, and the person or team looked up in it."""
    whose = {
        "organization_id": subject.organization_id,
        "extension_user_id": subject.extension_user_id,
        "team_id": subject.team_id,
    }
    statement = insert(Goal).values(**whose, **_values(terms)).returning(*_COLUMNS)
    return _row((await connection.execute(statement)).one())


async def change(connection: AsyncConnection, scope: Scope, goal_id: UUID, terms: GoalTerms) -> GoalRow | None:
    """Give a goal other terms; None if no such goal is in scope."""
    statement = (
        update(Goal)
        .where(Goal.id == goal_id, in_scope(scope, Goal.organization_id))
        .values(**_values(terms), updated_at=func.now())
        .returning(*_COLUMNS)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _row(row)


async def remove(connection: AsyncConnection, scope: Scope, goal_id: UUID) -> bool:
    """Delete a goal; False if no such goal is in scope."""
    statement = delete(Goal).where(Goal.id == goal_id, in_scope(scope, Goal.organization_id))
    return (await connection.execute(statement)).rowcount > 0


def _values(terms: GoalTerms) -> dict[str, Any]:
    return {
        "name": terms.name,
        "measure": terms.measure,
        "conditions": terms.conditions,
        "interval": terms.interval.value,
        "at_least": terms.at_least,
        "at_most": terms.at_most,
        "weekdays": None if terms.weekdays is None else list(terms.weekdays),
        "timezone": terms.timezone.key,
    }
