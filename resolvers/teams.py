"""Teams: members see their organizations', admins manage them."""

from collections.abc import Collection, Iterable
from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import AuditAction
from core.errors import InvalidInput, NameTaken, NotFound, TooManyTeams
from core.limits import LIST_INPUT, TEAMS
from core.names import checked_name
from db.queries import audit_entries, extension_users, organizations, teams
from db.queries.audit_entries import NewEntry
from db.queries.extension_users import ExtensionUserRow
from db.queries.teams import TeamRow
from resolvers.audit import record_audit_entry
from resolvers.caller import Caller
from resolvers.pages import ConnectionRow, forward

_NOT_FOUND = "There is no such team."
_NO_ORGANIZATION = "There is no such organization."


async def team(caller: Caller, team_id: UUID) -> TeamRow | None:
    """Return a team of an organization that the viewer may read; None if there is none."""
    return await caller.batches.load(teams.by_ids, team_id)


async def of_organization(
    caller: Caller, organization_id: UUID, first: int, after: str | None
) -> ConnectionRow[TeamRow]:
    """Return a page of an organization's teams."""
    request = forward(teams.BY_NAME.parse, first, after)
    page = await caller.batches.load(teams.pages_by_organization, organization_id, request)
    assert page is not None  # noqa: S101 - the query answers for every organization it is asked about
    return ConnectionRow(page, partial(_count, caller, organization_id))


async def of_person(caller: Caller, user_id: UUID, first: int, after: str | None) -> ConnectionRow[TeamRow]:
    """Return a page of the teams that a person is in."""
    request = forward(teams.BY_NAME.parse, first, after)
    page = await caller.batches.load(teams.pages_by_person, user_id, request)
    assert page is not None  # noqa: S101 - the query answers for everybody it is asked about
    return ConnectionRow(page, partial(_count_of_person, caller, user_id))


async def people(caller: Caller, team_id: UUID, first: int, after: str | None) -> ConnectionRow[ExtensionUserRow]:
    """Return a page of the people in a team."""
    request = forward(extension_users.BY_USERNAME.parse, first, after)
    page = await caller.batches.load(extension_users.pages_by_team, team_id, request)
    assert page is not None  # noqa: S101 - the query answers for every team it is asked about
    return ConnectionRow(page, partial(_count_people, caller, team_id))


async def create(caller: Caller, organization_id: UUID | None, name: str) -> TeamRow:
    """Create a team without people. NotFound, Forbidden, InvalidInput, NameTaken, TooManyTeams."""
    organization_id = caller.viewer.require_management_of(organization_id)
    name, scope = checked_name("name", name), caller.viewer.manageable
    async with caller.database.write() as db:
        if not await organizations.lock(db, scope, organization_id):
            raise NotFound(_NO_ORGANIZATION)
        if (await teams.counts_by_organization(db, scope, [organization_id])).get(organization_id, 0) >= TEAMS:
            raise TooManyTeams(f"An organization has at most {TEAMS} teams. Delete one first.")
        if await teams.has_name(db, scope, organization_id, name):
            raise _name_taken(name)
        row = await teams.create(db, organization_id, name)
        await _record(caller, db, AuditAction.TEAM_CREATED, row)
    return row


async def rename(caller: Caller, team_id: UUID | None, name: str) -> TeamRow:
    """Give a team another name. NotFound, Forbidden, InvalidInput, NameTaken."""
    found = await managed(caller, team_id)
    name, scope = checked_name("name", name), caller.viewer.manageable
    async with caller.database.write() as db:
        await organizations.lock(db, scope, found.organization_id)
        if await teams.has_name(db, scope, found.organization_id, name, other_than=found.id):
            raise _name_taken(name)
        row = await teams.rename(db, scope, found.id, name)
        if row is None:
            raise NotFound(_NOT_FOUND)
        await _record(caller, db, AuditAction.TEAM_RENAMED, row)
    return row


async def delete(caller: Caller, team_id: UUID | None) -> UUID:
    """Delete a team; its people stay. Return the id it had. NotFound, Forbidden."""
    found = await managed(caller, team_id)
    async with caller.database.write() as db:
        if not await teams.remove(db, caller.viewer.manageable, found.id):
            raise NotFound(_NOT_FOUND)
        await _record(caller, db, AuditAction.TEAM_DELETED, found)
    return found.id


async def add_people(caller: Caller, team_id: UUID | None, user_ids: Collection[UUID | None]) -> tuple[TeamRow, int]:
    """Put people into a team, all of them or none; return the number of those who were not in it.

    NotFound, also if one of them is not in the organization; Forbidden, InvalidInput.
    """
    found = await managed(caller, team_id)
    wanted, scope = _checked_people(user_ids), caller.viewer.manageable
    people = {user_id for user_id in wanted if user_id is not None}
    async with caller.database.write() as db:
        await lock(caller, db, found)
        known = await teams.locked_people(db, scope, found.organization_id, people)
        if len(known) < len(wanted):
            raise NotFound(
                f"{len(wanted) - len(known)} of these are no extension users of the team's organization. Nobody was "
                "added: leave them out, and repeat the request."
            )
        added = await teams.add_people(db, found.id, known)
        await _record_people(caller, db, AuditAction.TEAM_PERSON_ADDED, found, added)
    return found, len(added)


async def remove_people(caller: Caller, team_id: UUID | None, user_ids: Collection[UUID | None]) -> tuple[TeamRow, int]:
    """Take people out of a team; return the number of those who were in it. NotFound, Forbidden, InvalidInput."""
    found = await managed(caller, team_id)
    wanted = {user_id for user_id in _checked_people(user_ids) if user_id is not None}
    async with caller.database.write() as db:
        await lock(caller, db, found)
        removed = await teams.remove_people(db, found.id, wanted)
        await _record_people(caller, db, AuditAction.TEAM_PERSON_REMOVED, found, removed)
    return found, len(removed)


async def managed(caller: Caller, team_id: UUID | None) -> TeamRow:
    """Return a team that the viewer may change. NotFound, Forbidden."""
    found = None if team_id is None else await team(caller, team_id)
    if found is None:
        raise NotFound(_NOT_FOUND)
    caller.viewer.require_management_of(found.organization_id)
    return found


async def lock(caller: Caller, db: AsyncConnection, row: TeamRow) -> None:
    """Lock the organization of a team, so that its changes run one after another. NotFound if the team is gone."""
    scope = caller.viewer.manageable
    await organizations.lock(db, scope, row.organization_id)
    if row.id not in await teams.by_ids(db, scope, [row.id]):
        raise NotFound(_NOT_FOUND)


def _checked_people(user_ids: Collection[UUID | None]) -> set[UUID | None]:
    if not 1 <= len(user_ids) <= LIST_INPUT:
        raise InvalidInput(f"`extensionUserIds` takes 1 to {LIST_INPUT} ids.", "extensionUserIds")
    return set(user_ids)


def _name_taken(name: str) -> NameTaken:
    return NameTaken(f"Another team of the organization is called {name}. Choose another name.")


async def _record(caller: Caller, db: AsyncConnection, action: AuditAction, row: TeamRow) -> None:
    details = {"teamId": str(row.id)}
    await record_audit_entry(db, caller.viewer, action, organization_id=row.organization_id, details=details)


async def _record_people(
    caller: Caller, db: AsyncConnection, action: AuditAction, row: TeamRow, user_ids: Iterable[UUID]
) -> None:
    """Record an entry about each person."""
    viewer, details = caller.viewer, {"teamId": str(row.id)}
    await audit_entries.add_each(
        db,
        [
            NewEntry(action, viewer.user_id, row.organization_id, user_id, details, viewer.token_id)
            for user_id in user_ids
        ],
    )


async def _count(caller: Caller, organization_id: UUID) -> int:
    return await caller.batches.load(teams.counts_by_organization, organization_id) or 0


async def _count_of_person(caller: Caller, user_id: UUID) -> int:
    return await caller.batches.load(teams.counts_by_person, user_id) or 0


async def _count_people(caller: Caller, team_id: UUID) -> int:
    return await caller.batches.load(extension_users.counts_by_team, team_id) or 0
