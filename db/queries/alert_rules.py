"""Alert rules: kept by admins, evaluated in the background."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.alerts.conditions import AlertComparison, Condition
from core.alerts.quiet_hours import QuietHours
from core.alerts.states import RuleLogic, RuleState
from core.names import normalized_name
from core.scope import Scope
from db.keyset import AnySelect, Ordering, PageRequest, RowPage, keyset_per, paginate_rows
from db.models import AlertRule
from db.names import is_name
from db.tenancy import in_scope

_MINUTES_PER_HOUR = 60
_EVERY_COLUMN = tuple(AlertRule.__table__.columns)


@dataclass(frozen=True, slots=True)
class AlertRuleContent:
    """The part of a rule that its admins decide.

    It is about the person or the team, else about the whole organization. `measure` is in Python's spelling; `filter`
    is the client's `where` as it is written in GraphQL's variables.
    """

    name: str
    measure: str
    logic: RuleLogic
    window: timedelta
    team_id: UUID | None = None
    extension_user_id: UUID | None = None
    filter: dict[str, Any] | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class AlertRuleRow:
    """A rule, and the outcome of its last evaluation. `problem` says why that failed; None if it did not."""

    id: UUID
    organization_id: UUID
    content: AlertRuleContent
    state: RuleState
    evaluated_at: datetime | None
    problem: str | None
    failures: int
    created_at: datetime
    updated_at: datetime

    @property
    def name(self) -> str:
        """The name, unique in the organization."""
        return self.content.name


BY_NAME: Ordering[AlertRuleRow] = Ordering(
    "alertRules", (AlertRule.normalized_name, AlertRule.id), (str, UUID), lambda row: (row.name, row.id), by_name=True
)


def _row(row: Any) -> AlertRuleRow:
    condition = Condition(AlertComparison(row.comparison), row.limit_value, row.clear_value)
    quiet_hours = None
    if row.quiet_timezone is not None:
        start, end = (time(*divmod(minutes, _MINUTES_PER_HOUR)) for minutes in (row.quiet_start, row.quiet_end))
        quiet_hours = QuietHours(start, end, frozenset(row.quiet_weekdays), ZoneInfo(row.quiet_timezone))
    content = AlertRuleContent(
        row.name,
        row.measure,
        RuleLogic(condition, timedelta(seconds=row.hold_seconds), quiet_hours),
        timedelta(seconds=row.window_seconds),
        row.team_id,
        row.extension_user_id,
        row.filter,
        row.enabled,
    )
    return AlertRuleRow(
        row.id,
        row.organization_id,
        content,
        RuleState(row.holds_since, row.firing),
        row.evaluated_at,
        row.problem,
        row.failures,
        row.created_at,
        row.updated_at,
    )


def _values(content: AlertRuleContent) -> dict[str, Any]:
    logic, quiet = content.logic, content.logic.quiet_hours
    return {
        "team_id": content.team_id,
        "extension_user_id": content.extension_user_id,
        "name": content.name,
        "normalized_name": normalized_name(content.name),
        "measure": content.measure,
        "filter": content.filter,
        "comparison": logic.condition.comparison.value,
        "limit_value": logic.condition.limit,
        "clear_value": logic.condition.clear_at,
        "window_seconds": int(content.window.total_seconds()),
        "hold_seconds": int(logic.hold.total_seconds()),
        "quiet_start": None if quiet is None else _minutes(quiet.start),
        "quiet_end": None if quiet is None else _minutes(quiet.end),
        "quiet_weekdays": None if quiet is None else sorted(quiet.weekdays),
        "quiet_timezone": None if quiet is None else quiet.zone.key,
        "enabled": content.enabled,
    }


def _minutes(clock: time) -> int:
    return clock.hour * _MINUTES_PER_HOUR + clock.minute


def _visible(scope: Scope) -> AnySelect:
    return select(*_EVERY_COLUMN).where(in_scope(scope, AlertRule.organization_id))


async def by_ids(connection: AsyncConnection, scope: Scope, ids: Iterable[UUID]) -> dict[UUID, AlertRuleRow]:
    """Return those of these rules that are in scope, by id."""
    rows = await connection.execute(_visible(scope).where(AlertRule.id.in_(ids)))
    return {row.id: _row(row) for row in rows}


async def pages_by_organization(
    connection: AsyncConnection, scope: Scope, organization_ids: Iterable[UUID], request: PageRequest
) -> dict[UUID, RowPage[AlertRuleRow]]:
    """The same page of each organization's rules, by name."""
    ids = list(organization_ids)
    statement = _visible(scope).where(AlertRule.organization_id.in_(ids))
    found: dict[UUID, list[AlertRuleRow]] = {organization_id: [] for organization_id in ids}
    for row in await connection.execute(keyset_per(AlertRule.organization_id, statement, BY_NAME, request)):
        found[row.organization_id].append(_row(row))
    return {organization_id: paginate_rows(rows, BY_NAME, request) for organization_id, rows in found.items()}


async def counts_by_organization(
    connection: AsyncConnection, scope: Scope, organization_ids: Iterable[UUID]
) -> dict[UUID, int]:
    """Return the number of each organization's rules."""
    statement = (
        select(AlertRule.organization_id, func.count())
        .where(in_scope(scope, AlertRule.organization_id), AlertRule.organization_id.in_(organization_ids))
        .group_by(AlertRule.organization_id)
    )
    return {row[0]: row[1] for row in await connection.execute(statement)}


async def has_name(
    connection: AsyncConnection, scope: Scope, organization_id: UUID, name: str, *, other_than: UUID | None = None
) -> bool:
    """True if another rule of an organization in scope has that name, however it is written."""
    statement = select(AlertRule.id).where(
        in_scope(scope, AlertRule.organization_id),
        AlertRule.organization_id == organization_id,
        is_name(AlertRule.normalized_name, name),
    )
    if other_than is not None:
        statement = statement.where(AlertRule.id != other_than)
    return await connection.scalar(statement.limit(1)) is not None


async def create(connection: AsyncConnection, organization_id: UUID, content: AlertRuleContent) -> AlertRuleRow:
    """Create a rule of an organization that the caller has locked within its scope. It is due at once."""
    statement = insert(AlertRule).values(organization_id=organization_id, **_values(content)).returning(*_EVERY_COLUMN)
    return _row((await connection.execute(statement)).one())


async def replace(
    connection: AsyncConnection, scope: Scope, rule_id: UUID, content: AlertRuleContent
) -> AlertRuleRow | None:
    """Give a rule another content. It begins anew: nothing is firing, and it is due at once.

    None if no such rule is in scope.
    """
    statement = (
        update(AlertRule)
        .where(AlertRule.id == rule_id, in_scope(scope, AlertRule.organization_id))
        .values(
            **_values(content),
            holds_since=None,
            firing=False,
            problem=None,
            failures=0,
            evaluated_at=None,
            next_evaluation_at=func.now(),
            updated_at=func.now(),
        )
        .returning(*_EVERY_COLUMN)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _row(row)


async def remove(connection: AsyncConnection, scope: Scope, rule_id: UUID) -> bool:
    """Delete a rule with its alerts; False if no such rule is in scope."""
    statement = delete(AlertRule).where(AlertRule.id == rule_id, in_scope(scope, AlertRule.organization_id))
    return (await connection.execute(statement)).rowcount > 0


async def due(connection: AsyncConnection, at: datetime, limit: int) -> list[UUID]:
    """The rules of all organizations whose time has come, at most `limit`: each organization's first, then the next."""
    turn = func.row_number().over(
        partition_by=AlertRule.organization_id, order_by=(AlertRule.next_evaluation_at, AlertRule.id)
    )
    waiting = (
        select(AlertRule.id, AlertRule.next_evaluation_at, turn.label("turn"))
        .where(AlertRule.enabled, AlertRule.next_evaluation_at <= at)
        .subquery()
    )
    statement = select(waiting.c.id).order_by(waiting.c.turn, waiting.c.next_evaluation_at, waiting.c.id).limit(limit)
    return list(await connection.scalars(statement))


async def locked_if_due(connection: AsyncConnection, rule_id: UUID, at: datetime) -> AlertRuleRow | None:
    """Lock a rule for this transaction; None if it is not due any more, or locked by another process."""
    statement = (
        select(*_EVERY_COLUMN)
        .where(AlertRule.id == rule_id, AlertRule.enabled, AlertRule.next_evaluation_at <= at)
        .with_for_update(skip_locked=True)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _row(row)


async def record_evaluation(
    connection: AsyncConnection, rule_id: UUID, at: datetime, state: RuleState, next_at: datetime
) -> None:
    """Write down the outcome of an evaluation of a rule that is locked."""
    statement = (
        update(AlertRule)
        .where(AlertRule.id == rule_id)
        .values(
            evaluated_at=at,
            holds_since=state.holds_since,
            firing=state.firing,
            next_evaluation_at=next_at,
            problem=None,
            failures=0,
        )
    )
    await connection.execute(statement)


async def record_failure(connection: AsyncConnection, rule_id: UUID, problem: str, next_at: datetime) -> None:
    """Write down that an evaluation failed; the state stays what it was."""
    statement = (
        update(AlertRule)
        .where(AlertRule.id == rule_id)
        .values(problem=problem, failures=AlertRule.failures + 1, next_evaluation_at=next_at)
    )
    await connection.execute(statement)
