"""Memberships: the members of organizations, and their roles, which admins change."""

from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import AuditAction
from core.errors import LastAdmin, NotFound
from core.roles import Role
from core.scope import Scope
from db.queries import memberships, organizations, team_leads
from db.queries.memberships import MembershipRow
from resolvers.audit import record_audit_entry
from resolvers.caller import Caller
from resolvers.joining import end_made_by
from resolvers.pages import ConnectionRow, forward

_NO_MEMBER = "There is no such member."
_NOT_A_MEMBER = "You are not a member of such an organization."
_LAST_ADMIN = "An organization needs an admin. Make somebody else an admin first."


async def of_organization(
    caller: Caller, organization_id: UUID, first: int, after: str | None
) -> ConnectionRow[MembershipRow]:
    """Return a page of an organization's members. Forbidden for leads."""
    caller.viewer.require_whole(organization_id)
    request = forward(memberships.BY_JOINING.parse, first, after)
    page = await caller.batches.load(memberships.pages_by_organization, organization_id, request)
    assert page is not None  # noqa: S101 - the query answers for every organization it is asked about
    return ConnectionRow(page, partial(_count, caller, organization_id))


async def of_user(caller: Caller, user_id: UUID) -> list[MembershipRow]:
    """Return a user's memberships in organizations that the viewer may read; all of the viewer's own."""
    query = memberships.of_viewer if user_id == caller.viewer.user_id else memberships.by_users
    return await caller.batches.load(query, user_id) or []


async def update_role(caller: Caller, organization_id: UUID | None, user_id: UUID | None, role: Role) -> MembershipRow:
    """Change a member's role; one that is not LEAD takes their teams. NotFound, Forbidden, LastAdmin."""
    organization_id = caller.viewer.require_management_of(organization_id)
    async with caller.database.write() as db:
        await organizations.lock(db, caller.viewer.manageable, organization_id)
        had_admin = await memberships.has_admin(db, organization_id)
        membership = await memberships.set_role(db, organization_id, _known(user_id), role)
        if membership is None:
            raise NotFound(_NO_MEMBER)
        if had_admin and not await memberships.has_admin(db, organization_id):
            raise LastAdmin(_LAST_ADMIN)
        if role is not Role.ADMIN:
            await end_made_by(db, organization_id, membership.user_id)
        if role is not Role.LEAD:
            await team_leads.remove_of_member(db, organization_id, membership.user_id)
        await _record(
            caller, db, AuditAction.MEMBER_ROLE_CHANGED, organization_id, membership.user_id, {"role": role.value}
        )
    return membership


async def remove(caller: Caller, organization_id: UUID | None, user_id: UUID | None) -> tuple[UUID, UUID]:
    """End a membership; return the ids of organization and user. NotFound, Forbidden, LastAdmin."""
    organization_id, user_id = caller.viewer.require_management_of(organization_id), _known(user_id)
    async with caller.database.write() as db:
        await organizations.lock(db, caller.viewer.manageable, organization_id)
        await _end(db, organization_id, user_id)
        await _record(caller, db, AuditAction.MEMBER_REMOVED, organization_id, user_id)
    return organization_id, user_id


async def leave(caller: Caller, organization_id: UUID | None) -> UUID:
    """End the viewer's own membership; return the organization's id. NotFound, LastAdmin."""
    if organization_id is None or organization_id not in caller.viewer.roles:
        raise NotFound(_NOT_A_MEMBER)
    user_id = caller.viewer.user_id
    async with caller.database.write() as db:
        await organizations.lock(db, Scope.of([organization_id]), organization_id)  # of a lead, too
        await _end(db, organization_id, user_id, _NOT_A_MEMBER)
        await _record(caller, db, AuditAction.MEMBER_LEFT, organization_id, user_id)
    return organization_id


async def _end(db: AsyncConnection, organization_id: UUID, user_id: UUID, not_found: str = _NO_MEMBER) -> None:
    """End a membership of a locked organization, and the offers and invitations made by the member."""
    had_admin = await memberships.has_admin(db, organization_id)
    if not await memberships.remove(db, organization_id, user_id):
        raise NotFound(not_found)
    if had_admin and not await memberships.has_admin(db, organization_id):
        raise LastAdmin(_LAST_ADMIN)
    await end_made_by(db, organization_id, user_id)


async def _record(
    caller: Caller,
    db: AsyncConnection,
    action: AuditAction,
    organization_id: UUID,
    user_id: UUID,
    details: dict[str, str] | None = None,
) -> None:
    await record_audit_entry(
        db, caller.viewer, action, organization_id=organization_id, subject_id=user_id, details=details
    )


def _known(user_id: UUID | None) -> UUID:
    if user_id is None:
        raise NotFound(_NO_MEMBER)
    return user_id


async def _count(caller: Caller, organization_id: UUID) -> int:
    return await caller.batches.load(memberships.counts_by_organization, organization_id) or 0
