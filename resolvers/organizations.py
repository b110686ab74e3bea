"""Organizations: members see theirs, admins change theirs, super admins do everything."""

from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import AuditAction
from core.errors import InvalidInput, NotFound
from core.limits import RETENTION_DAYS
from core.names import checked_name
from core.scope import Scope
from core.text import checked_description
from core.weeks import WeekStart
from db.queries import extension_users, organizations
from db.queries.erasures import ErasureRow
from db.queries.organizations import OrganizationRow
from resolvers import erasures
from resolvers.audit import record_audit_entry
from resolvers.caller import Caller
from resolvers.pages import ConnectionRow, forward


async def organization(caller: Caller, organization_id: UUID) -> OrganizationRow | None:
    """Return an organization that the viewer may read; None if there is none."""
    return await caller.batches.load(organizations.by_ids, organization_id)


async def list_page(
    caller: Caller, search: str | None, first: int, after: str | None
) -> ConnectionRow[OrganizationRow]:
    """Return a page of the organizations that the viewer may read."""
    request = forward(organizations.BY_NAME.parse, first, after)
    async with caller.database.read() as db:
        page = await organizations.page(db, caller.viewer.readable, search, request)
    return ConnectionRow(page, partial(_count, caller, search))


async def create(caller: Caller, name: str, description: str | None, week_start: WeekStart) -> OrganizationRow:
    """Create an organization. Forbidden unless the viewer is a super admin; InvalidInput."""
    caller.viewer.require_super_admin()
    name = checked_name("name", name)
    description = None if description is None else checked_description(description)
    async with caller.database.write() as db:
        row = await organizations.create(db, name, description, week_start)
        await record_audit_entry(db, caller.viewer, AuditAction.ORGANIZATION_CREATED, organization_id=row.id)
    return row


async def update(caller: Caller, organization_id: UUID | None, changes: dict[str, Any]) -> OrganizationRow:
    """Change an organization's `name`, `description`, `retention_days`, `requires_api_key` or `week_start`, if given.

    NotFound, Forbidden, InvalidInput.
    """
    organization_id = caller.viewer.require_management_of(organization_id)
    values: dict[str, Any] = {}
    if "name" in changes:
        values["name"] = checked_name("name", changes["name"] or "")
    if "description" in changes:
        description = changes["description"]
        values["description"] = None if description is None else checked_description(description)
    if "retention_days" in changes:
        values["retention_days"] = _checked_retention(changes["retention_days"])
    if "requires_api_key" in changes:
        values["requires_api_key"] = _checked_requirement(changes["requires_api_key"])
    if "week_start" in changes:
        values["week_start"] = _checked_week_start(changes["week_start"])
    async with caller.database.write() as db:
        # Locked first, so that the audit log holds the previous values.
        await organizations.lock(db, caller.viewer.manageable, organization_id)
        before = (await organizations.by_ids(db, caller.viewer.manageable, [organization_id])).get(organization_id)
        row = await organizations.change(db, caller.viewer.manageable, organization_id, values)
        if before is None or row is None:
            raise NotFound("There is no such organization.")
        await _record_changes(caller, db, before, row)
    return row


async def delete(caller: Caller, organization_id: UUID | None) -> ErasureRow:
    """Delete an organization with its memberships, extension users and all their events. NotFound, Forbidden.

    The organization and its people are gone at once. The rest is deleted by the erasure, which is returned in its state
    after a short wait.
    """
    organization_id = caller.viewer.require_management_of(organization_id)
    scope = caller.viewer.manageable
    async with caller.database.write() as db:
        if not await organizations.lock(db, scope, organization_id, against_joining=True):
            raise NotFound("There is no such organization.")
        people = await extension_users.fence_off(db, scope, organization_id=organization_id)
        begun = await erasures.begin(caller, db, people, organization_id=organization_id)
        await organizations.remove(db, scope, organization_id)
    return await erasures.finished(caller, begun)


async def named(db: AsyncConnection, text: str) -> list[OrganizationRow]:
    """Return the organizations of this name or id: none, one, or two of several. For the service's own work."""
    everything = Scope.everything()
    found = await organizations.by_name(db, everything, text)
    if found:
        return found
    try:
        return list((await organizations.by_ids(db, everything, [UUID(text)])).values())
    except ValueError:
        return []


async def _record_changes(caller: Caller, db: AsyncConnection, before: OrganizationRow, after: OrganizationRow) -> None:
    """Record the changes of the rules for the organization's events and figures."""
    changes = (
        (AuditAction.RETENTION_CHANGED, before.retention_days, after.retention_days),
        (AuditAction.KEY_REQUIREMENT_CHANGED, before.requires_api_key, after.requires_api_key),
        (AuditAction.WEEK_START_CHANGED, before.week_start.name, after.week_start.name),
    )
    for action, was, is_now in changes:
        if was != is_now:
            details = {"before": was, "after": is_now}
            await record_audit_entry(db, caller.viewer, action, organization_id=after.id, details=details)


def _checked_requirement(required: bool | None) -> bool:
    if required is None:
        raise InvalidInput("`requiresApiKey` is true or false; leave it out to keep it as it is.", "requiresApiKey")
    return required


def _checked_week_start(week_start: WeekStart | None) -> str:
    if week_start is None:
        raise InvalidInput(
            f"`weekStart` is one of {', '.join(day.name for day in WeekStart)}; leave it out to keep it as it is.",
            "weekStart",
        )
    return str(week_start.value)


def _checked_retention(days: int | None) -> int | None:
    shortest, longest = RETENTION_DAYS
    if days is not None and not shortest <= days <= longest:
        raise InvalidInput(
            f"`retentionDays` is between {shortest} and {longest}, or null to keep events for good.", "retentionDays"
        )
    return days


async def _count(caller: Caller, search: str | None) -> int:
    async with caller.database.read() as db:
        return await organizations.count(db, caller.viewer.readable, search)
