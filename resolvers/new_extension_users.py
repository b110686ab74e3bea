"""Many extension users, made at once: each has an outcome of its own."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from auth.api_keys import ApiKey, new_api_key
from core.audit import AuditAction
from core.errors import AppError, InvalidInput, NameTaken, NotFound
from core.limits import LIST_INPUT
from core.names import checked_name
from db.engine import Database
from db.queries import audit_entries, extension_users
from db.queries.audit_entries import NewEntry
from db.queries.extension_users import ExtensionUserRow, NewExtensionUser
from resolvers.caller import Caller
from resolvers.viewer_database import ViewerDatabase

Outcome = tuple[ExtensionUserRow, ApiKey] | AppError
"""The person with their key, or the reason why nobody was made of that name."""


async def create_each(caller: Caller, organization_id: UUID | None, usernames: Sequence[str]) -> list[Outcome]:
    """Create extension users with API keys; return the outcome of each, in order.

    NotFound, Forbidden; InvalidInput for no names, or too many.
    """
    organization_id = caller.viewer.require_management_of(organization_id)
    if not 1 <= len(usernames) <= LIST_INPUT:
        raise InvalidInput(f"`people` takes 1 to {LIST_INPUT} people. Make more by several requests.", "people")
    viewer = caller.viewer
    entry = NewEntry(AuditAction.KEY_ISSUED, viewer.user_id, organization_id, token_id=viewer.token_id)
    return await create_and_record(caller.database, entry, organization_id, usernames)


async def create_and_record(
    database: Database | ViewerDatabase, entry: NewEntry, organization_id: UUID, usernames: Sequence[str]
) -> list[Outcome]:
    """Create extension users, with `entry` of each in the audit log, in one transaction. NotFound.

    Names that are invalid, taken or repeated cost the others nothing: of equal ones the first is made.
    """
    checked = [_checked(username) for username in usernames]
    keys = {place: new_api_key() for place, name in enumerate(checked) if isinstance(name, str)}
    new = [NewExtensionUser(str(checked[place]), key.hash, key.prefix) for place, key in keys.items()]
    try:
        async with database.write() as db:
            made = await extension_users.create_each(db, organization_id, new)
            await audit_entries.add_each(db, [replace(entry, subject_id=row.id) for row in made.values()])
    except IntegrityError as error:
        raise NotFound("There is no such organization.") from error
    outcomes: list[Outcome] = []
    for place, name in enumerate(checked):
        if isinstance(name, AppError):
            outcomes.append(name)
        else:
            row = made.get(keys[place].hash)
            outcomes.append(name_taken(name) if row is None else (row, keys[place]))
    return outcomes


def name_taken(name: str) -> NameTaken:
    """The failure for a name that somebody in the organization has."""
    return NameTaken(f"The organization has an extension user named {name} already.")


def _checked(username: str) -> str | InvalidInput:
    try:
        return checked_name("username", username)
    except InvalidInput as error:
        return error
