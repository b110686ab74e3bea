"""The audit log."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from sqlalchemy import insert, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import AuditAction
from core.scope import Scope
from db.keyset import AnySelect, Ordering, PageRequest, RowPage, keyset, keyset_per, paginate_rows
from db.models import AuditEntry, Organization
from db.queries import webhook_events
from db.queries.webhook_events import EVENT_OF_ACTION, NewWebhookEvent
from db.tenancy import in_scope, organizations_in_scope


@dataclass(frozen=True, slots=True)
class NewEntry:
    """Something that is being done. `details` are ids, numbers and words of ours: no names, urls or keys."""

    action: AuditAction
    actor_id: UUID | None
    organization_id: UUID | None = None
    subject_id: UUID | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    token_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class AuditEntryRow:
    """Something that was done. `id` is greater the later it was written."""

    id: int
    at: datetime
    action: AuditAction
    actor_id: UUID | None
    organization_id: UUID | None
    subject_id: UUID | None
    details: Mapping[str, Any]
    token_id: UUID | None


_COLUMNS = (
    AuditEntry.id,
    AuditEntry.at,
    AuditEntry.action,
    AuditEntry.actor_id,
    AuditEntry.organization_id,
    AuditEntry.subject_id,
    AuditEntry.details,
    AuditEntry.token_id,
)

_Place = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
NEWEST_FIRST: Ordering[AuditEntryRow] = Ordering(
    "auditLog", (AuditEntry.id,), (_Place,), lambda row: (row.id,), descending=True
)


def _row(row: Any) -> AuditEntryRow:
    return AuditEntryRow(
        row.id,
        row.at,
        AuditAction(row.action),
        row.actor_id,
        row.organization_id,
        row.subject_id,
        row.details,
        row.token_id,
    )


def _visible(scope: Scope) -> AnySelect:
    return select(*_COLUMNS).where(in_scope(scope, AuditEntry.organization_id))


async def page(connection: AsyncConnection, scope: Scope, request: PageRequest) -> RowPage[AuditEntryRow]:
    """Entries of the organizations in scope, the newest first; without a limit of scope those of none, too."""
    rows = await connection.execute(keyset(_visible(scope), NEWEST_FIRST, request))
    return paginate_rows([_row(row) for row in rows], NEWEST_FIRST, request)


async def pages_by_organization(
    connection: AsyncConnection, scope: Scope, organization_ids: Iterable[UUID], request: PageRequest
) -> dict[UUID, RowPage[AuditEntryRow]]:
    """The same page of each organization's entries, the newest first."""
    ids = list(organization_ids)
    statement = _visible(scope).where(AuditEntry.organization_id.in_(ids))
    found: dict[UUID, list[AuditEntryRow]] = {organization_id: [] for organization_id in ids}
    for row in await connection.execute(keyset_per(AuditEntry.organization_id, statement, NEWEST_FIRST, request)):
        found[row.parent].append(_row(row))
    return {organization_id: paginate_rows(rows, NEWEST_FIRST, request) for organization_id, rows in found.items()}


async def page_of_subject(
    connection: AsyncConnection, scope: Scope, subject_id: UUID, request: PageRequest
) -> RowPage[AuditEntryRow]:
    """Return a page of the entries about a person, the newest first."""
    statement = _visible(scope).where(AuditEntry.subject_id == subject_id)
    rows = await connection.execute(keyset(statement, NEWEST_FIRST, request))
    return paginate_rows([_row(row) for row in rows], NEWEST_FIRST, request)


async def add(connection: AsyncConnection, entry: NewEntry) -> None:
    """Write an entry, in the transaction that does what it tells of."""
    await add_each(connection, [entry])


async def add_each(connection: AsyncConnection, entries: Sequence[NewEntry]) -> None:
    """Write entries, in the transaction that does what they tell of, and what webhooks are to be told of it."""
    values = [
        {
            "action": entry.action.value,
            "actor_id": entry.actor_id,
            "organization_id": entry.organization_id,
            "subject_id": entry.subject_id,
            "details": dict(entry.details),
            "token_id": entry.token_id,
        }
        for entry in entries
    ]
    if values:
        await connection.execute(insert(AuditEntry), values)
        await webhook_events.add_each(connection, [event for entry in entries if (event := _event_of(entry))])


async def add_for_each(
    connection: AsyncConnection, scope: Scope, organization_ids: Collection[UUID] | None, entry: NewEntry
) -> None:
    """Write the entry for each of these organizations in scope (None: all of them), each in its own log.

    Without a limit of scope or ids it also stands for what belongs to no organization.
    """
    columns = ("action", "actor_id", "token_id", "organization_id", "details")
    action, actor = literal(entry.action.value), literal(entry.actor_id, AuditEntry.actor_id.type)
    token = literal(entry.token_id, AuditEntry.token_id.type)
    details = literal(dict(entry.details), JSONB())
    concerned = select(action, actor, token, Organization.id, details)
    concerned = concerned.where(organizations_in_scope(scope, Organization.id))
    if organization_ids is not None:
        concerned = concerned.where(Organization.id.in_(list(organization_ids)))
    await connection.execute(insert(AuditEntry).from_select(columns, concerned))
    event = EVENT_OF_ACTION.get(entry.action)
    if event is not None:
        told = _told(entry)
        await webhook_events.add_for_each(connection, scope, organization_ids, event, entry.actor_id, told)
    if scope.is_everything and organization_ids is None:
        await add(connection, NewEntry(entry.action, entry.actor_id, details=entry.details, token_id=entry.token_id))


def _event_of(entry: NewEntry) -> NewWebhookEvent | None:
    """The event that webhooks are told of an entry, if any."""
    event = EVENT_OF_ACTION.get(entry.action)
    if event is None or entry.organization_id is None:
        return None
    return NewWebhookEvent(event, entry.organization_id, entry.actor_id, entry.subject_id, _told(entry))


def _told(entry: NewEntry) -> dict[str, Any]:
    """The particulars of an event: what was done, and in which format."""
    return {"action": entry.action.value, "format": entry.details.get("format")}
