"""Saved queries: members see and run their organizations', admins save them."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import AuditAction
from core.errors import NameTaken, NotFound, TooManySavedQueries
from core.limits import SAVED_QUERIES
from db.queries import organizations, saved_queries
from db.queries.saved_queries import NewSavedQuery, SavedQueryRow
from resolvers.audit import record_audit_entry
from resolvers.caller import Caller
from resolvers.pages import ConnectionRow, forward

_NOT_FOUND = "There is no such saved query."


async def saved_query(caller: Caller, query_id: UUID) -> SavedQueryRow | None:
    """Return a saved query of an organization that the viewer may read; None if there is none."""
    return await caller.batches.load(saved_queries.by_ids, query_id)


async def of_organization(
    caller: Caller, organization_id: UUID, first: int, after: str | None
) -> ConnectionRow[SavedQueryRow]:
    """Return a page of an organization's saved queries. Forbidden for leads."""
    caller.viewer.require_whole(organization_id)
    request = forward(saved_queries.BY_NAME.parse, first, after)
    page = await caller.batches.load(saved_queries.pages_by_organization, organization_id, request)
    assert page is not None  # noqa: S101 - the query answers for every organization it is asked about
    return ConnectionRow(page)


async def create(caller: Caller, organization_id: UUID, new: NewSavedQuery) -> SavedQueryRow:
    """Save a query that was checked. NotFound, Forbidden, NameTaken, TooManySavedQueries."""
    caller.viewer.require_management_of(organization_id)
    scope = caller.viewer.manageable
    async with caller.database.write() as db:
        if not await organizations.lock(db, scope, organization_id):
            raise NotFound("There is no such organization.")
        if await saved_queries.count(db, scope, organization_id) >= SAVED_QUERIES:
            raise TooManySavedQueries(f"An organization has at most {SAVED_QUERIES} saved queries. Delete one first.")
        if await saved_queries.has_name(db, scope, organization_id, new.name):
            raise _name_taken(new.name)
        row = await saved_queries.create(db, organization_id, new)
        await _record(caller, db, AuditAction.QUERY_SAVED, row)
    return row


async def update(caller: Caller, row: SavedQueryRow, new: NewSavedQuery) -> SavedQueryRow:
    """Change a saved query, as `managed` gives it, to what was checked. NotFound, NameTaken."""
    scope = caller.viewer.manageable
    async with caller.database.write() as db:
        await organizations.lock(db, scope, row.organization_id)
        if await saved_queries.has_name(db, scope, row.organization_id, new.name, other_than=row.id):
            raise _name_taken(new.name)
        changed = await saved_queries.change(db, scope, row.id, new)
        if changed is None:
            raise NotFound(_NOT_FOUND)
        await _record(caller, db, AuditAction.SAVED_QUERY_UPDATED, changed)
    return changed


async def delete(caller: Caller, query_id: UUID | None) -> UUID:
    """Delete a saved query. Return the id it had. NotFound, Forbidden."""
    found = await managed(caller, query_id)
    async with caller.database.write() as db:
        if not await saved_queries.remove(db, caller.viewer.manageable, found.id):
            raise NotFound(_NOT_FOUND)
        await _record(caller, db, AuditAction.SAVED_QUERY_DELETED, found)
    return found.id


async def managed(caller: Caller, query_id: UUID | None) -> SavedQueryRow:
    """Return a saved query that the viewer may change. NotFound, Forbidden."""
    found = None if query_id is None else await saved_query(caller, query_id)
    if found is None:
        raise NotFound(_NOT_FOUND)
    caller.viewer.require_management_of(found.organization_id)
    return found


def _name_taken(name: str) -> NameTaken:
    return NameTaken(f"Another saved query of the organization is called {name}. Choose another name.")


async def _record(caller: Caller, db: AsyncConnection, action: AuditAction, row: SavedQueryRow) -> None:
    details = {"savedQueryId": str(row.id)}
    await record_audit_entry(db, caller.viewer, action, organization_id=row.organization_id, details=details)
