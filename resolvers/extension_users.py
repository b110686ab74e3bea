"""Extension users: the people whose browsing is recorded. Members see their organizations', admins manage them."""

from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from auth.api_keys import ApiKey, new_api_key
from core.audit import AuditAction
from core.clock import now
from core.errors import NotFound, OutdatedVersion
from core.names import checked_name
from db.queries import extension_users
from db.queries.erasures import ErasureRow
from db.queries.extension_users import ExtensionUserConditions, ExtensionUserCountsRow, ExtensionUserRow
from resolvers import erasures
from resolvers.audit import record_audit_entry
from resolvers.caller import Caller
from resolvers.new_extension_users import name_taken
from resolvers.pages import ConnectionRow, forward

_NOT_FOUND = "There is no such extension user."


async def extension_user(caller: Caller, extension_user_id: UUID) -> ExtensionUserRow | None:
    """Return an extension user of an organization that the viewer may read; None if there is none."""
    return await caller.batches.load(extension_users.by_ids, extension_user_id)


async def list_page(
    caller: Caller, where: ExtensionUserConditions, first: int, after: str | None
) -> ConnectionRow[ExtensionUserRow]:
    """Return a page of the extension users of every organization that the viewer may read."""
    request = forward(extension_users.BY_USERNAME.parse, first, after)
    async with caller.database.read() as db:
        page = await extension_users.page(db, caller.viewer.readable, where, request)
    return ConnectionRow(page, partial(_count, caller, where))


async def of_organization(
    caller: Caller, organization_id: UUID, where: ExtensionUserConditions, first: int, after: str | None
) -> ConnectionRow[ExtensionUserRow]:
    """Return a page of an organization's extension users."""
    request = forward(extension_users.BY_USERNAME.parse, first, after)
    page = await caller.batches.load(extension_users.pages_by_organization, organization_id, where, request)
    assert page is not None  # noqa: S101 - the query answers for every organization it is asked about
    return ConnectionRow(page, partial(_count_of_organization, caller, organization_id, where))


async def counts(caller: Caller, organization_id: UUID) -> ExtensionUserCountsRow:
    """Return the numbers of an organization's extension users. Forbidden for leads."""
    caller.viewer.require_whole(organization_id)
    today = now().replace(hour=0, minute=0, second=0, microsecond=0)
    return await caller.batches.load(extension_users.summaries, organization_id, today) or ExtensionUserCountsRow()


async def create(caller: Caller, organization_id: UUID | None, username: str) -> tuple[ExtensionUserRow, ApiKey]:
    """Create an extension user and their API key. NotFound, Forbidden, NameTaken, InvalidInput."""
    organization_id = caller.viewer.require_management_of(organization_id)
    name, key = checked_name("username", username), new_api_key()
    try:
        async with caller.database.write() as db:
            if await extension_users.has_username(db, caller.viewer.manageable, organization_id, name):
                raise name_taken(name)
            row = await extension_users.create(db, organization_id, name, key.hash, key.prefix)
            await _record(caller, db, AuditAction.KEY_ISSUED, row)
    except IntegrityError as error:
        if "fk_extension_users_organization_id" in str(error.orig):
            raise NotFound("There is no such organization.") from error
        raise name_taken(name) from error
    return row, key


async def update(caller: Caller, extension_user_id: UUID | None, changes: dict[str, Any]) -> ExtensionUserRow:
    """Change an extension user's `username` or `is_active`, if given.

    NotFound, Forbidden, NameTaken, InvalidInput.
    """
    person = await managed(caller, extension_user_id)
    values = dict(changes)
    if "username" in values:
        values["username"] = checked_name("username", values["username"])
        if values["username"] == person.username:
            del values["username"]  # nobody is refused their own name, even where somebody shares it
    action = None
    if values.get("is_active", person.is_active) != person.is_active:
        active = values["is_active"]
        action = AuditAction.EXTENSION_USER_REACTIVATED if active else AuditAction.EXTENSION_USER_DEACTIVATED
    try:
        return await _change(caller, person, values, action)
    except IntegrityError as error:
        raise name_taken(values["username"]) from error


async def regenerate_key(caller: Caller, extension_user_id: UUID | None) -> tuple[ExtensionUserRow, ApiKey]:
    """Give an extension user a new key; the old one stops working at once. NotFound, Forbidden, OutdatedVersion.

    The key is replaced only if it is still the one that was read. Of two simultaneous requests one succeeds: otherwise
    both would return a new key, one of which would be invalid already.
    """
    person, key, scope = await managed(caller, extension_user_id), new_api_key(), caller.viewer.manageable
    async with caller.database.write() as db:
        row = await extension_users.replace_key(db, scope, person, key.hash, key.prefix)
        if row is None:
            if person.id not in await extension_users.by_ids(db, scope, [person.id]):
                raise NotFound(_NOT_FOUND)
            raise OutdatedVersion(
                f"{person.username} was given another key at the same moment. Nothing was changed: read the extension "
                "user again, and repeat the request if they need yet another key."
            )
        await _record(caller, db, AuditAction.KEY_REPLACED, row)
    return row, key


async def erase(caller: Caller, extension_user_id: UUID | None) -> ErasureRow:
    """Delete everything held on an extension user for good; return the erasure. NotFound, Forbidden.

    The person is gone at once. The rest is deleted by the erasure, which is returned in its state after a short wait.
    The erasure and two entries of the audit log remain, with the id of the person and numbers of deleted rows.
    """
    person = await managed(caller, extension_user_id)
    async with caller.database.write() as db:
        people = await extension_users.fence_off(
            db, caller.viewer.manageable, organization_id=person.organization_id, extension_user_id=person.id
        )
        if not people:
            raise NotFound(_NOT_FOUND)  # erased by a simultaneous request
        begun = await erasures.begin(
            caller, db, people, organization_id=person.organization_id, extension_user_id=person.id
        )
    return await erasures.finished(caller, begun)


async def managed(caller: Caller, extension_user_id: UUID | None) -> ExtensionUserRow:
    """Return an extension user whom the viewer may change. NotFound, Forbidden."""
    person = None if extension_user_id is None else await extension_user(caller, extension_user_id)
    if person is None:
        raise NotFound(_NOT_FOUND)
    caller.viewer.require_management_of(person.organization_id)
    return person


async def _change(
    caller: Caller, person: ExtensionUserRow, values: dict[str, Any], action: AuditAction | None
) -> ExtensionUserRow:
    scope, name = caller.viewer.manageable, values.get("username")
    async with caller.database.write() as db:
        if name is not None and await extension_users.has_username(
            db, scope, person.organization_id, name, other_than=person.id
        ):
            raise name_taken(name)
        row = await extension_users.change(db, scope, person.id, values)
        if row is None:
            raise NotFound(_NOT_FOUND)
        if action is not None:
            await _record(caller, db, action, row)
    return row


async def _record(
    caller: Caller,
    db: AsyncConnection,
    action: AuditAction,
    person: ExtensionUserRow,
    details: dict[str, int] | None = None,
) -> None:
    organization_id, subject_id = person.organization_id, person.id
    await record_audit_entry(
        db, caller.viewer, action, organization_id=organization_id, subject_id=subject_id, details=details
    )


async def _count(caller: Caller, where: ExtensionUserConditions) -> int:
    async with caller.database.read() as db:
        return await extension_users.count(db, caller.viewer.readable, where)


async def _count_of_organization(caller: Caller, organization_id: UUID, where: ExtensionUserConditions) -> int:
    return await caller.batches.load(extension_users.counts_by_organization, organization_id, where) or 0
