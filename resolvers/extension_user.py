"""Extension users: the people whose browsing is recorded. Members see their organizations', admins manage them."""

from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from auth.api_keys import ApiKey, new_api_key
from core.audit import AuditAction
from core.clock import now
from core.errors import NameTaken, NotFound
from core.text import checked_name
from db.queries import extension_user as extension_users
from db.queries.extension_user import ExtensionUserCounts, ExtensionUserFilter, ExtensionUserRow
from db.removal import Removed, remove_browsing_of
from resolvers.audit import note
from resolvers.caller import Caller
from resolvers.pages import Connection, forward

_NOT_FOUND = "There is no such extension user."


async def extension_user(caller: Caller, extension_user_id: UUID) -> ExtensionUserRow | None:
    """An extension user of an organization that the viewer may read."""
    return await caller.batches.load(extension_users.by_ids, extension_user_id)


async def connection(
    caller: Caller, where: ExtensionUserFilter, first: int, after: str | None
) -> Connection[ExtensionUserRow]:
    """A page of the extension users of every organization that the viewer may read."""
    request = forward(extension_users.BY_USERNAME.parse, first, after)
    async with caller.database.read() as db:
        page = await extension_users.page(db, caller.viewer.readable, where, request)
    return Connection(page, partial(_count, caller, where))


async def of_organization(
    caller: Caller, organization_id: UUID, where: ExtensionUserFilter, first: int, after: str | None
) -> Connection[ExtensionUserRow]:
    """A page of an organization's extension users."""
    request = forward(extension_users.BY_USERNAME.parse, first, after)
    page = await caller.batches.load(extension_users.pages_by_organization, organization_id, where, request)
    assert page is not None  # noqa: S101 - the query answers for every organization it is asked about
    return Connection(page, partial(_count_of_organization, caller, organization_id, where))


async def counts(caller: Caller, organization_id: UUID) -> ExtensionUserCounts:
    """An organization's extension users in numbers."""
    today = now().replace(hour=0, minute=0, second=0, microsecond=0)
    return await caller.batches.load(extension_users.summaries, organization_id, today) or ExtensionUserCounts()


async def create(caller: Caller, organization_id: UUID | None, username: str) -> tuple[ExtensionUserRow, ApiKey]:
    """Create an extension user with a key. NotFound, Forbidden, NameTaken, InvalidInput."""
    organization_id = caller.viewer.require_management_of(organization_id)
    name, key = checked_name("username", username), new_api_key()
    try:
        async with caller.database.write() as db:
            row = await extension_users.create(db, organization_id, name, key.hash, key.prefix)
            await _note(caller, db, AuditAction.KEY_ISSUED, row)
    except IntegrityError as error:
        if "fk_extension_users_organization_id" in str(error.orig):
            raise NotFound("There is no such organization.") from error
        raise _taken(name) from error
    return row, key


async def update(caller: Caller, extension_user_id: UUID | None, changes: dict[str, Any]) -> ExtensionUserRow:
    """Change an extension user's `username` or `is_active`: those that are given.

    NotFound, Forbidden, NameTaken, InvalidInput.
    """
    person = await managed(caller, extension_user_id)
    values = dict(changes)
    if "username" in values:
        values["username"] = checked_name("username", values["username"])
    action = None
    if values.get("is_active", person.is_active) != person.is_active:
        active = values["is_active"]
        action = AuditAction.EXTENSION_USER_REACTIVATED if active else AuditAction.EXTENSION_USER_DEACTIVATED
    try:
        return await _change(caller, person, values, action)
    except IntegrityError as error:
        raise _taken(values["username"]) from error


async def regenerate_key(caller: Caller, extension_user_id: UUID | None) -> tuple[ExtensionUserRow, ApiKey]:
    """Give an extension user a new key; the old one stops working at once. NotFound, Forbidden."""
    person, key = await managed(caller, extension_user_id), new_api_key()
    values = {"api_key_hash": key.hash, "api_key_prefix": key.prefix}
    return await _change(caller, person, values, AuditAction.KEY_REPLACED), key


async def erase(caller: Caller, extension_user_id: UUID | None) -> tuple[UUID, Removed]:
    """Delete everything held on an extension user, for good; their id, and how much it was. NotFound, Forbidden.

    What stays is an entry of the audit log with that id and those numbers.

    Deactivated first, in a transaction of its own: once that is committed no event writer stores anything of theirs, so
    deleting a million events keeps no writer waiting. Swept once more afterwards, for what came in if somebody
    reactivated them meanwhile.
    """
    person = await managed(caller, extension_user_id)
    scope = caller.viewer.manageable
    async with caller.database.write() as db:
        await extension_users.fence_off(db, scope, organization_id=person.organization_id, extension_user_id=person.id)
    removed = await remove_browsing_of(caller.database, [person.id])
    async with caller.database.write() as db:
        if not await extension_users.remove(db, scope, person.id):
            raise NotFound(_NOT_FOUND)  # somebody else has erased them at the same time, and written it down
        await _note(caller, db, AuditAction.EXTENSION_USER_ERASED, person, removed.counts)
    await remove_browsing_of(caller.database, [person.id])
    return person.id, removed


async def managed(caller: Caller, extension_user_id: UUID | None) -> ExtensionUserRow:
    """An extension user whom the viewer may change. NotFound, Forbidden."""
    person = None if extension_user_id is None else await extension_user(caller, extension_user_id)
    if person is None:
        raise NotFound(_NOT_FOUND)
    caller.viewer.require_management_of(person.organization_id)
    return person


async def _change(
    caller: Caller, person: ExtensionUserRow, values: dict[str, Any], action: AuditAction | None
) -> ExtensionUserRow:
    async with caller.database.write() as db:
        row = await extension_users.change(db, caller.viewer.manageable, person.id, values)
        if row is None:
            raise NotFound(_NOT_FOUND)
        if action is not None:
            await _note(caller, db, action, row)
    return row


async def _note(
    caller: Caller,
    db: AsyncConnection,
    action: AuditAction,
    person: ExtensionUserRow,
    details: dict[str, int] | None = None,
) -> None:
    organization_id, subject_id = person.organization_id, person.id
    await note(db, caller.viewer, action, organization_id=organization_id, subject_id=subject_id, details=details)


def _taken(name: str) -> NameTaken:
    return NameTaken(f"The organization has an extension user named {name} already.")


async def _count(caller: Caller, where: ExtensionUserFilter) -> int:
    async with caller.database.read() as db:
        return await extension_users.count(db, caller.viewer.readable, where)


async def _count_of_organization(caller: Caller, organization_id: UUID, where: ExtensionUserFilter) -> int:
    return await caller.batches.load(extension_users.counts_by_organization, organization_id, where) or 0
