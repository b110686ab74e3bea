"""Alert rules: members see their organizations', admins manage them. db/alert_evaluator.py evaluates them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.alerts.conditions import AlertComparison, Reading
from core.alerts.schedule import PreviewSchedule, preview_schedule
from core.alerts.states import PastAlert, replay
from core.audit import AuditAction
from core.clock import now
from core.errors import InvalidInput, NameTaken, NotFound, TooManyAlertRules
from core.limits import ALERT_RULES
from db.alert_evaluator import ReadFilter
from db.alert_readings import AlertReadings
from db.queries import alert_rules, alerts, organizations
from db.queries.alert_rules import AlertRuleContent, AlertRuleRow
from resolvers.audit import record_audit_entry
from resolvers.caller import Caller
from resolvers.extension_users import extension_user
from resolvers.organizations import organization
from resolvers.pages import ConnectionRow, forward
from resolvers.teams import team

_NOT_FOUND = "There is no such alert rule."
_NO_ORGANIZATION = "There is no such organization."
_OF_MANY = {"users"}
"""Measures that say nothing of one person."""


@dataclass(frozen=True, slots=True)
class AlertPreviewRow:
    """The alerts that a rule would have fired, had it been evaluated every `step` from `start` to `end`."""

    start: datetime
    end: datetime
    step: timedelta
    alerts: list[PastAlert]

    @property
    def count(self) -> int:
        """The number of alerts."""
        return len(self.alerts)


async def alert_rule(caller: Caller, rule_id: UUID) -> AlertRuleRow | None:
    """Return a rule of an organization that the viewer may read; None if there is none."""
    return await caller.batches.load(alert_rules.by_ids, rule_id)


async def of_organization(
    caller: Caller, organization_id: UUID, first: int, after: str | None
) -> ConnectionRow[AlertRuleRow]:
    """Return a page of an organization's rules. Forbidden for leads."""
    caller.viewer.require_whole(organization_id)
    request = forward(alert_rules.BY_NAME.parse, first, after)
    page = await caller.batches.load(alert_rules.pages_by_organization, organization_id, request)
    assert page is not None  # noqa: S101 - the query answers for every organization it is asked about
    return ConnectionRow(page, partial(_count, caller, organization_id))


async def create(caller: Caller, organization_id: UUID | None, content: AlertRuleContent) -> AlertRuleRow:
    """Create a rule. NotFound (organization, person, team), Forbidden, InvalidInput, NameTaken, TooManyAlertRules."""
    organization_id = caller.viewer.require_management_of(organization_id)
    await _check_subject(caller, organization_id, content)
    scope = caller.viewer.manageable
    async with caller.database.write() as db:
        if not await organizations.lock(db, scope, organization_id):
            raise NotFound(_NO_ORGANIZATION)
        counts = await alert_rules.counts_by_organization(db, scope, [organization_id])
        if counts.get(organization_id, 0) >= ALERT_RULES:
            raise TooManyAlertRules(f"An organization has at most {ALERT_RULES} alert rules. Delete one first.")
        await _check_name(caller, db, organization_id, content.name)
        row = await alert_rules.create(db, organization_id, content)
        await _record(caller, db, AuditAction.ALERT_RULE_CREATED, row)
    return row


async def update(caller: Caller, rule_id: UUID | None, content: AlertRuleContent) -> AlertRuleRow:
    """Replace the content of a rule; an alert of it that is firing is over. Errors as of `create`."""
    found = await _managed(caller, rule_id)
    await _check_subject(caller, found.organization_id, content)
    scope = caller.viewer.manageable
    async with caller.database.write() as db:
        await organizations.lock(db, scope, found.organization_id)
        await _check_name(caller, db, found.organization_id, content.name, other_than=found.id)
        row = await alert_rules.replace(db, scope, found.id, content)
        if row is None:
            raise NotFound(_NOT_FOUND)
        await alerts.resolve(db, found.id, now())
        await _record(caller, db, AuditAction.ALERT_RULE_CHANGED, row)
    return row


async def delete(caller: Caller, rule_id: UUID | None) -> UUID:
    """Delete a rule with its alerts. Return the id it had. NotFound, Forbidden."""
    found = await _managed(caller, rule_id)
    async with caller.database.write() as db:
        if not await alert_rules.remove(db, caller.viewer.manageable, found.id):
            raise NotFound(_NOT_FOUND)
        await _record(caller, db, AuditAction.ALERT_RULE_DELETED, found)
    return found.id


async def preview(
    caller: Caller, organization_id: UUID | None, content: AlertRuleContent, read_filter: ReadFilter
) -> AlertPreviewRow | None:
    """The alerts that a rule would have fired in the last 30 days; None for an organization out of sight.

    NotFound for a person or team that is not of the organization; Forbidden for leads; InvalidInput.
    """
    if organization_id is None or await organization(caller, organization_id) is None:
        return None
    caller.viewer.require_whole(organization_id)
    await _check_subject(caller, organization_id, content)
    where = read_filter(content.filter)
    readings = AlertReadings(
        caller.viewer.readable, organization_id, content, where, rollups=caller.services.rollups_enabled
    )
    schedule = preview_schedule(now(), content.window)
    values = await _values(caller, readings, schedule)
    before: list[float | None] = [None] * len(values)
    if content.logic.condition.comparison.compares_windows:
        before = await _values(caller, readings, schedule.earlier())
    found = (Reading(*pair) for pair in zip(values, before, strict=True))
    past = replay(content.logic, zip(schedule.ends, found, strict=True))
    return AlertPreviewRow(schedule.ends[0], schedule.ends[-1], schedule.step, past)


async def _values(caller: Caller, readings: AlertReadings, schedule: PreviewSchedule) -> list[float | None]:
    """The values of a preview's windows, read one series after another."""
    values: list[float | None] = [None] * len(schedule.ends)
    for numbers in schedule.passes:
        found = await caller.database.answer(partial(_series, readings, schedule, numbers))
        for number, value in zip(numbers, found, strict=True):
            values[number] = value
    return values


async def _series(
    readings: AlertReadings, schedule: PreviewSchedule, numbers: range, connection: AsyncConnection
) -> list[float | None]:
    return await readings.of_preview(connection, schedule, numbers)


async def _check_subject(caller: Caller, organization_id: UUID, content: AlertRuleContent) -> None:
    """NotFound for a person or team that is not of the organization; InvalidInput for a measure of several people."""
    if content.extension_user_id is not None:
        person = await extension_user(caller, content.extension_user_id)
        if person is None or person.organization_id != organization_id:
            raise NotFound("There is no such extension user in the organization.")
        if content.measure in _OF_MANY and content.logic.condition.comparison is not AlertComparison.NO_DATA:
            raise InvalidInput("`USERS` counts people: it goes with a team or the whole organization.", "measure")
    if content.team_id is not None:
        found = await team(caller, content.team_id)
        if found is None or found.organization_id != organization_id:
            raise NotFound("There is no such team in the organization.")


async def _managed(caller: Caller, rule_id: UUID | None) -> AlertRuleRow:
    """Return a rule that the viewer may change. NotFound, Forbidden."""
    found = None if rule_id is None else await alert_rule(caller, rule_id)
    if found is None:
        raise NotFound(_NOT_FOUND)
    caller.viewer.require_management_of(found.organization_id)
    return found


async def _check_name(
    caller: Caller, db: AsyncConnection, organization_id: UUID, name: str, *, other_than: UUID | None = None
) -> None:
    if await alert_rules.has_name(db, caller.viewer.manageable, organization_id, name, other_than=other_than):
        raise NameTaken(f"Another alert rule of the organization is called {name}. Choose another name.")


async def _record(caller: Caller, db: AsyncConnection, action: AuditAction, row: AlertRuleRow) -> None:
    details = {"ruleId": str(row.id)}
    await record_audit_entry(db, caller.viewer, action, organization_id=row.organization_id, details=details)


async def _count(caller: Caller, organization_id: UUID) -> int:
    return await caller.batches.load(alert_rules.counts_by_organization, organization_id) or 0
