"""Alerts: the times that rules fired."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.alerts.conditions import Reading
from core.alerts.states import AlertState
from core.cursors import Instant
from core.limits import ALERTS_KEPT
from core.scope import Scope
from db.keyset import AnySelect, Ordering, PageRequest, RowPage, keyset_per, paginate_rows
from db.models import Alert
from db.queries.alert_rules import AlertRuleRow
from db.tenancy import in_scope


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert, and the figures that it fired at. It is firing until `resolved_at` is set."""

    id: UUID
    organization_id: UUID
    rule_id: UUID
    fired_at: datetime
    resolved_at: datetime | None
    value: float | None
    value_before: float | None

    @property
    def state(self) -> AlertState:
        """FIRING until it is over."""
        return AlertState.FIRING if self.resolved_at is None else AlertState.RESOLVED


class AlertList(NamedTuple):
    """A list of alerts: an organization's, or of one of its rules if that is given."""

    organization_id: UUID
    rule_id: UUID | None = None
    state: AlertState | None = None


_COLUMNS = (
    Alert.id,
    Alert.organization_id,
    Alert.rule_id,
    Alert.fired_at,
    Alert.resolved_at,
    Alert.value,
    Alert.value_before,
)

NEWEST_FIRST: Ordering[AlertRow] = Ordering(
    "alerts", (Alert.fired_at, Alert.id), (Instant, UUID), lambda row: (row.fired_at, row.id), descending=True
)


async def pages(
    connection: AsyncConnection, scope: Scope, lists: Iterable[AlertList], request: PageRequest
) -> dict[AlertList, RowPage[AlertRow]]:
    """The same page of each list of alerts, the newest first."""
    found: dict[AlertList, RowPage[AlertRow]] = {}
    for kind, of_kind in _by_kind(lists).items():
        by_rule, state = kind
        column = Alert.rule_id if by_rule else Alert.organization_id
        wanted = {each.rule_id if by_rule else each.organization_id: each for each in of_kind}
        statement = _visible(scope, state).where(column.in_(wanted))
        rows: dict[AlertList, list[AlertRow]] = {each: [] for each in of_kind}
        for row in await connection.execute(keyset_per(column, statement, NEWEST_FIRST, request)):
            rows[wanted[row.parent]].append(AlertRow(*row[1:]))
        found |= {each: paginate_rows(alerts, NEWEST_FIRST, request) for each, alerts in rows.items()}
    return found


def _by_kind(lists: Iterable[AlertList]) -> dict[tuple[bool, AlertState | None], list[AlertList]]:
    """The lists that one statement answers: organizations' or rules', of the same state."""
    kinds: dict[tuple[bool, AlertState | None], list[AlertList]] = {}
    for each in lists:
        kinds.setdefault((each.rule_id is not None, each.state), []).append(each)
    return kinds


def _visible(scope: Scope, state: AlertState | None) -> AnySelect:
    statement = select(*_COLUMNS).where(in_scope(scope, Alert.organization_id))
    if state is None:
        return statement
    is_firing = Alert.resolved_at.is_(None)
    return statement.where(is_firing if state is AlertState.FIRING else ~is_firing)


async def fire(connection: AsyncConnection, rule: AlertRuleRow, at: datetime, reading: Reading) -> AlertRow:
    """Record that a rule fired, and delete the oldest of its alerts beyond those that are kept."""
    statement = (
        insert(Alert)
        .values(
            organization_id=rule.organization_id,
            rule_id=rule.id,
            fired_at=at,
            value=reading.value,
            value_before=reading.before,
        )
        .returning(*_COLUMNS)
    )
    row = AlertRow(*(await connection.execute(statement)).one())
    older = (
        select(Alert.id)
        .where(Alert.rule_id == rule.id)
        .order_by(Alert.fired_at.desc(), Alert.id.desc())
        .offset(ALERTS_KEPT)
    )
    await connection.execute(delete(Alert).where(Alert.id.in_(older)))
    return row


async def resolve(connection: AsyncConnection, rule_id: UUID, at: datetime) -> AlertRow | None:
    """Record that a rule's alert is over; None if none was firing."""
    statement = (
        update(Alert)
        .where(Alert.rule_id == rule_id, Alert.resolved_at.is_(None))
        .values(resolved_at=at)
        .returning(*_COLUMNS)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else AlertRow(*row)
