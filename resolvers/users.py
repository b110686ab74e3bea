"""Accounts: only super admins list and create them; members see those they share an organization with."""

from functools import partial
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from auth.passwords import checked_password
from core.audit import AuditAction
from core.errors import NameTaken
from core.names import checked_name
from db.queries import audit_entries, memberships, users
from db.queries.audit_entries import NewEntry
from db.queries.users import UserRow
from resolvers.caller import Caller
from resolvers.pages import ConnectionRow, forward
from resolvers.services import Services


async def user(caller: Caller, user_id: UUID) -> UserRow | None:
    """Return an account: any for a super admin, else the viewer's own and those who share an organization with them."""
    viewer = caller.viewer
    if viewer.is_super_admin or user_id == viewer.user_id:
        return await member(caller, user_id)
    shared = await caller.batches.load(memberships.by_users, user_id)
    return await member(caller, user_id) if shared else None


async def member(caller: Caller, user_id: UUID) -> UserRow | None:
    """Return the account of a membership that the viewer may read."""
    return await caller.batches.load(_by_ids, user_id)


async def list_page(caller: Caller, search: str | None, first: int, after: str | None) -> ConnectionRow[UserRow]:
    """Return a page of all accounts. Forbidden unless the viewer is a super admin."""
    caller.viewer.require_super_admin()
    request = forward(users.BY_USERNAME.parse, first, after)
    async with caller.database.read() as db:
        page = await users.page(db, search, request)
    return ConnectionRow(page, partial(_count, caller, search))


async def create(caller: Caller, username: str, password: str, *, is_super_admin: bool) -> UserRow:
    """Create an account. Forbidden unless the viewer is a super admin; NameTaken, InvalidInput."""
    caller.viewer.require_super_admin()
    actor_id = caller.viewer.user_id
    return await create_account(caller.services, username, password, is_super_admin=is_super_admin, actor_id=actor_id)


async def create_account(
    services: Services, username: str, password: str, *, is_super_admin: bool, actor_id: UUID | None = None
) -> UserRow:
    """Create an account; `actor_id` is None if the command line or the first start creates it."""
    name = checked_name("username", username)
    password_hash = await services.passwords.hash(checked_password(password))
    try:
        async with services.database.write() as db:
            if await users.by_username(db, name) is not None:
                raise _taken(name)
            row = await users.create(db, name, password_hash, is_super_admin=is_super_admin)
            details = {"superAdmin": is_super_admin}
            entry = NewEntry(AuditAction.USER_CREATED, actor_id, subject_id=row.id, details=details)
            await audit_entries.add(db, entry)
    except IntegrityError as error:
        raise _taken(name) from error
    return row


def _taken(name: str) -> NameTaken:
    return NameTaken(f"There is a user named {name} already.")


async def _count(caller: Caller, search: str | None) -> int:
    async with caller.database.read() as db:
        return await users.count(db, search)


async def _by_ids(db: AsyncConnection, _scope: object, ids: list[UUID]) -> dict[UUID, UserRow]:
    return await users.by_ids(db, ids)
