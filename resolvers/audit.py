"""The audit log: written in the transaction of an action, read by the admins of the organization concerned."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from auth.viewer import Viewer
from core.audit import AuditAction
from db.queries import audit_entries
from db.queries.audit_entries import AuditEntryRow, NewEntry
from resolvers.caller import Caller
from resolvers.pages import ConnectionRow, forward


async def record_audit_entry(
    connection: AsyncConnection,
    viewer: Viewer,
    action: AuditAction,
    *,
    organization_id: UUID | None = None,
    subject_id: UUID | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Record an action of the viewer, in the transaction that does it."""
    entry = NewEntry(action, viewer.user_id, organization_id, subject_id, details or {}, viewer.token_id)
    await audit_entries.add(connection, entry)


async def list_page(caller: Caller, first: int, after: str | None) -> ConnectionRow[AuditEntryRow]:
    """Return a page of the entries of every organization that the viewer manages."""
    request = forward(audit_entries.NEWEST_FIRST.parse, first, after)
    async with caller.database.read() as db:
        return ConnectionRow(await audit_entries.page(db, caller.viewer.manageable, request))


async def of_organization(
    caller: Caller, organization_id: UUID, first: int, after: str | None
) -> ConnectionRow[AuditEntryRow]:
    """Return a page of an organization's entries. Forbidden unless the viewer manages it."""
    caller.viewer.require_management_of(organization_id)
    request = forward(audit_entries.NEWEST_FIRST.parse, first, after)
    page = await caller.batches.load(audit_entries.pages_by_organization, organization_id, request)
    assert page is not None  # noqa: S101 - the query answers for every organization it is asked about
    return ConnectionRow(page)
