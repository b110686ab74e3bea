"""Annotations: members read their organizations' notes on days, admins write them."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import AuditAction
from core.calendar import local_days
from core.errors import InvalidInput, NotFound, TooManyAnnotations
from core.limits import ANNOTATION_CHARACTERS, ANNOTATION_DAYS, ANNOTATIONS
from core.text import checked_note
from db.queries import annotations, organizations
from db.queries.annotations import AnnotationRow, Days, NewAnnotation
from db.queries.people import Subject
from resolvers.audit import record_audit_entry
from resolvers.caller import Caller
from resolvers.pages import ConnectionRow, forward
from resolvers.usage import UsageQuery

_NOT_FOUND = "There is no such annotation."


async def of_organization(
    caller: Caller, organization_id: UUID, days: Days | None, first: int, after: str | None
) -> ConnectionRow[AnnotationRow]:
    """Return a page of an organization's annotations of some days (None: of all). Forbidden for leads."""
    caller.viewer.require_whole(organization_id)
    return await _of_organization(caller, organization_id, days, first, after)


async def _of_organization(
    caller: Caller, organization_id: UUID, days: Days | None, first: int, after: str | None
) -> ConnectionRow[AnnotationRow]:
    request = forward(annotations.BY_DAY.parse, first, after)
    page = await caller.batches.load(annotations.pages_by_organization, organization_id, request, days)
    assert page is not None  # noqa: S101 - the query answers for every organization it is asked about
    return ConnectionRow(page)


async def of_usage(caller: Caller, usage: UsageQuery, first: int, after: str | None) -> ConnectionRow[AnnotationRow]:
    """Return a page of the annotations of the days that a usage is of, of the organization that it is about.

    Of everybody's usage they are those of all organizations that the viewer may read and the filter names.
    """
    question = usage.question
    days = local_days(question.time_range, question.timezone)
    organization_id = usage.subject if question.subject is Subject.ORGANIZATION else usage.organization_id
    if organization_id is not None:
        return await _of_organization(caller, organization_id, days, first, after)
    request = forward(annotations.BY_DAY.parse, first, after)
    async with caller.database.read() as db:
        page = await annotations.page(db, caller.viewer.readable, question.where.organization_ids, request, days)
    return ConnectionRow(page)


async def create(
    caller: Caller, organization_id: UUID | None, first_day: date, last_day: date | None, text: str
) -> AnnotationRow:
    """Create an annotation. NotFound, Forbidden, InvalidInput, TooManyAnnotations."""
    organization_id = caller.viewer.require_management_of(organization_id)
    new, scope = _checked(first_day, last_day or first_day, text), caller.viewer.manageable
    async with caller.database.write() as db:
        if not await organizations.lock(db, scope, organization_id):
            raise NotFound("There is no such organization.")
        if await annotations.count(db, scope, organization_id) >= ANNOTATIONS:
            raise TooManyAnnotations(f"An organization has at most {ANNOTATIONS} annotations. Delete one first.")
        row = await annotations.create(db, organization_id, new)
        await _record(caller, db, AuditAction.ANNOTATION_CREATED, row)
    return row


async def update(caller: Caller, annotation_id: UUID | None, changes: dict[str, Any]) -> AnnotationRow:
    """Change an annotation's `first_day`, `last_day` or `text`, if given. NotFound, Forbidden, InvalidInput."""
    found = await _managed(caller, annotation_id)
    values = {name: changes.get(name, getattr(found, name)) for name in ("first_day", "last_day", "text")}
    new = _checked(values["first_day"], values["last_day"], values["text"])
    async with caller.database.write() as db:
        row = await annotations.change(db, caller.viewer.manageable, found.id, new)
        if row is None:
            raise NotFound(_NOT_FOUND)
        await _record(caller, db, AuditAction.ANNOTATION_UPDATED, row)
    return row


async def delete(caller: Caller, annotation_id: UUID | None) -> UUID:
    """Delete an annotation. Return the id it had. NotFound, Forbidden."""
    found = await _managed(caller, annotation_id)
    async with caller.database.write() as db:
        if not await annotations.remove(db, caller.viewer.manageable, found.id):
            raise NotFound(_NOT_FOUND)
        await _record(caller, db, AuditAction.ANNOTATION_DELETED, found)
    return found.id


async def _managed(caller: Caller, annotation_id: UUID | None) -> AnnotationRow:
    """Return an annotation that the viewer may change. NotFound, Forbidden."""
    found = None if annotation_id is None else await caller.batches.load(annotations.by_ids, annotation_id)
    if found is None:
        raise NotFound(_NOT_FOUND)
    caller.viewer.require_management_of(found.organization_id)
    return found


def _checked(first_day: date, last_day: date, text: str) -> NewAnnotation:
    if last_day < first_day:
        raise InvalidInput(f"`lastDay` ({last_day}) must not be before `firstDay` ({first_day}).", "lastDay")
    if last_day - first_day >= timedelta(days=ANNOTATION_DAYS):
        raise InvalidInput(f"An annotation spans at most {ANNOTATION_DAYS} days.", "lastDay")
    return NewAnnotation(first_day, last_day, checked_note("text", text, ANNOTATION_CHARACTERS))


async def _record(caller: Caller, db: AsyncConnection, action: AuditAction, row: AnnotationRow) -> None:
    details = {"annotationId": str(row.id), "firstDay": str(row.first_day), "lastDay": str(row.last_day)}
    await record_audit_entry(db, caller.viewer, action, organization_id=row.organization_id, details=details)
