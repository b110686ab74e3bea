"""Organizations: members see theirs, admins change theirs, super admins do everything."""

from functools import partial
from typing import Any
from uuid import UUID

from core.audit import AuditAction
from core.errors import InvalidInput, NotFound
from core.limits import RETENTION_DAYS
from core.text import checked_description, checked_name
from db.queries import extension_user as extension_users
from db.queries import organization as organizations
from db.queries.organization import OrganizationRow
from db.removal import remove_browsing_of
from resolvers.audit import note
from resolvers.caller import Caller
from resolvers.pages import Connection, forward


async def organization(caller: Caller, organization_id: UUID) -> OrganizationRow | None:
    """An organization that the viewer may read."""
    return await caller.batches.load(organizations.by_ids, organization_id)


async def connection(caller: Caller, search: str | None, first: int, after: str | None) -> Connection[OrganizationRow]:
    """A page of the organizations that the viewer may read."""
    request = forward(organizations.BY_NAME.parse, first, after)
    async with caller.database.read() as db:
        page = await organizations.page(db, caller.viewer.readable, search, request)
    return Connection(page, partial(_count, caller, search))


async def create(caller: Caller, name: str, description: str | None) -> OrganizationRow:
    """Create an organization. Forbidden unless the viewer is a super admin; InvalidInput."""
    caller.viewer.require_super_admin()
    name = checked_name("name", name)
    description = None if description is None else checked_description(description)
    async with caller.database.write() as db:
        row = await organizations.create(db, name, description)
        await note(db, caller.viewer, AuditAction.ORGANIZATION_CREATED, organization_id=row.id)
    return row


async def update(caller: Caller, organization_id: UUID | None, changes: dict[str, Any]) -> OrganizationRow:
    """Change an organization's `name`, `description` or `retention_days`: those that are given.

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
    async with caller.database.write() as db:
        # Locked first, so that the log tells what the retention was before.
        await organizations.lock(db, caller.viewer.manageable, organization_id)
        before = (await organizations.by_ids(db, caller.viewer.manageable, [organization_id])).get(organization_id)
        row = await organizations.change(db, caller.viewer.manageable, organization_id, values)
        if before is None or row is None:
            raise NotFound("There is no such organization.")
        if before.retention_days != row.retention_days:
            days = {"before": before.retention_days, "after": row.retention_days}
            await note(db, caller.viewer, AuditAction.RETENTION_CHANGED, organization_id=row.id, details=days)
    return row


async def delete(caller: Caller, organization_id: UUID | None) -> UUID:
    """Delete an organization with its memberships, extension users and all their events. NotFound, Forbidden."""
    organization_id = caller.viewer.require_management_of(organization_id)
    scope = caller.viewer.manageable
    if await organization(caller, organization_id) is None:
        raise NotFound("There is no such organization.")
    async with caller.database.write() as db:
        people = await extension_users.fence_off(db, scope, organization_id=organization_id)
    removed = await remove_browsing_of(caller.database, people)
    async with caller.database.write() as db:
        # Nobody joins from here on; whoever did meanwhile, or was reactivated, is swept up when all is gone.
        await organizations.lock(db, scope, organization_id, against_joining=True)
        people = await extension_users.fence_off(db, scope, organization_id=organization_id)
        await organizations.remove(db, scope, organization_id)
        counts = {"extensionUsers": len(people)} | removed.counts
        await note(db, caller.viewer, AuditAction.ORGANIZATION_DELETED, organization_id=organization_id, details=counts)
    await remove_browsing_of(caller.database, people)
    return organization_id


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
