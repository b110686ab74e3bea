"""Memberships: who belongs to an organization, and who may change that."""

from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import AuditAction
from core.errors import AlreadyMember, LastAdmin, NotFound
from core.roles import Role
from db.queries import membership as memberships
from db.queries import organization as organizations
from db.queries import user as users
from db.queries.membership import MembershipRow
from resolvers.audit import note
from resolvers.caller import Caller
from resolvers.pages import Connection, forward

_LAST_ADMIN = "An organization needs an admin. Make somebody else an admin first."


async def of_organization(
    caller: Caller, organization_id: UUID, first: int, after: str | None
) -> Connection[MembershipRow]:
    """A page of an organization's members."""
    request = forward(memberships.BY_JOINING.parse, first, after)
    page = await caller.batches.load(memberships.pages_by_organization, organization_id, request)
    assert page is not None  # noqa: S101 - the query answers for every organization it is asked about
    return Connection(page, partial(_count, caller, organization_id))


async def of_user(caller: Caller, user_id: UUID) -> list[MembershipRow]:
    """A user's memberships, as far as they are in organizations that the viewer may read."""
    return await caller.batches.load(memberships.by_users, user_id) or []


async def add(caller: Caller, organization_id: UUID | None, username: str, role: Role) -> MembershipRow:
    """Make a user a member. NotFound (organization or user), Forbidden, AlreadyMember."""
    organization_id = caller.viewer.require_management_of(organization_id)
    async with caller.database.write() as db:
        user = await users.by_username(db, username)
        if user is None:
            raise NotFound(f"There is no user named {username}. A super admin creates users.")
        if not await organizations.lock(db, caller.viewer.manageable, organization_id):
            raise NotFound("There is no such organization.")
        membership = await memberships.add(db, organization_id, user.id, role)
        if membership is None:
            raise AlreadyMember(f"{user.username} is a member already. Change their role instead.")
        await _note(caller, db, AuditAction.MEMBER_ADDED, organization_id, user.id, {"role": role.value})
    return membership


async def update_role(caller: Caller, organization_id: UUID | None, user_id: UUID | None, role: Role) -> MembershipRow:
    """Change a member's role. NotFound, Forbidden, LastAdmin."""
    organization_id = caller.viewer.require_management_of(organization_id)
    async with caller.database.write() as db:
        await organizations.lock(db, caller.viewer.manageable, organization_id)
        had_admin = await memberships.has_admin(db, organization_id)
        membership = await memberships.set_role(db, organization_id, _known(user_id), role)
        if membership is None:
            raise NotFound("There is no such member.")
        if had_admin and not await memberships.has_admin(db, organization_id):
            raise LastAdmin(_LAST_ADMIN)
        await _note(
            caller, db, AuditAction.MEMBER_ROLE_CHANGED, organization_id, membership.user_id, {"role": role.value}
        )
    return membership


async def remove(caller: Caller, organization_id: UUID | None, user_id: UUID | None) -> tuple[UUID, UUID]:
    """End a membership; the ids of organization and user. NotFound, Forbidden, LastAdmin."""
    organization_id, user_id = caller.viewer.require_management_of(organization_id), _known(user_id)
    async with caller.database.write() as db:
        await organizations.lock(db, caller.viewer.manageable, organization_id)
        had_admin = await memberships.has_admin(db, organization_id)
        if not await memberships.remove(db, organization_id, user_id):
            raise NotFound("There is no such member.")
        if had_admin and not await memberships.has_admin(db, organization_id):
            raise LastAdmin(_LAST_ADMIN)
        await _note(caller, db, AuditAction.MEMBER_REMOVED, organization_id, user_id)
    return organization_id, user_id


async def _note(
    caller: Caller,
    db: AsyncConnection,
    action: AuditAction,
    organization_id: UUID,
    user_id: UUID,
    details: dict[str, str] | None = None,
) -> None:
    await note(db, caller.viewer, action, organization_id=organization_id, subject_id=user_id, details=details)


def _known(user_id: UUID | None) -> UUID:
    if user_id is None:
        raise NotFound("There is no such member.")
    return user_id


async def _count(caller: Caller, organization_id: UUID) -> int:
    return await caller.batches.load(memberships.counts_by_organization, organization_id) or 0
