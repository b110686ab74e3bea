"""Annotations: notes on days of organizations."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.scope import Scope
from db.keyset import AnySelect, Ordering, PageRequest, RowPage, keyset, keyset_per, paginate_rows
from db.models import Annotation
from db.tenancy import in_scope


@dataclass(frozen=True, slots=True)
class AnnotationRow:
    """A note on the days from the first to the last."""

    id: UUID
    organization_id: UUID
    first_day: date
    last_day: date
    text: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class NewAnnotation:
    """The text of an annotation, and its days."""

    first_day: date
    last_day: date
    text: str


Days = tuple[date, date]
"""The first and the last day asked about."""

_COLUMNS = (
    Annotation.id,
    Annotation.organization_id,
    Annotation.first_day,
    Annotation.last_day,
    Annotation.text,
    Annotation.created_at,
    Annotation.updated_at,
)

BY_DAY: Ordering[AnnotationRow] = Ordering(
    "annotations", (Annotation.first_day, Annotation.id), (date, UUID), lambda row: (row.first_day, row.id)
)


def _visible(scope: Scope) -> AnySelect:
    return select(*_COLUMNS).where(in_scope(scope, Annotation.organization_id))


def _touches(days: Days | None) -> ColumnElement[bool]:
    """The condition that an annotation is about one of these days; None: about any."""
    if days is None:
        return true()
    first, last = days
    return (Annotation.first_day <= last) & (Annotation.last_day >= first)


async def by_ids(connection: AsyncConnection, scope: Scope, ids: Iterable[UUID]) -> dict[UUID, AnnotationRow]:
    """Return those of these annotations that are in scope, by id."""
    rows = await connection.execute(_visible(scope).where(Annotation.id.in_(ids)))
    return {row.id: AnnotationRow(*row) for row in rows}


async def pages_by_organization(
    connection: AsyncConnection,
    scope: Scope,
    organization_ids: Iterable[UUID],
    request: PageRequest,
    days: Days | None,
) -> dict[UUID, RowPage[AnnotationRow]]:
    """The same page of each organization's annotations of some days."""
    ids = list(organization_ids)
    statement = _visible(scope).where(Annotation.organization_id.in_(ids), _touches(days))
    found: dict[UUID, list[AnnotationRow]] = {organization_id: [] for organization_id in ids}
    for row in await connection.execute(keyset_per(Annotation.organization_id, statement, BY_DAY, request)):
        found[row.parent].append(AnnotationRow(*row[1:]))
    return {organization_id: paginate_rows(rows, BY_DAY, request) for organization_id, rows in found.items()}


async def page(
    connection: AsyncConnection,
    scope: Scope,
    organization_ids: Collection[UUID] | None,
    request: PageRequest,
    days: Days,
) -> RowPage[AnnotationRow]:
    """A page of the annotations of some days, of these organizations (None: of all) as far as they are in scope."""
    statement = _visible(scope).where(_touches(days))
    if organization_ids is not None:
        statement = statement.where(Annotation.organization_id.in_(organization_ids))
    rows = [AnnotationRow(*row) for row in await connection.execute(keyset(statement, BY_DAY, request))]
    return paginate_rows(rows, BY_DAY, request)


async def count(connection: AsyncConnection, scope: Scope, organization_id: UUID) -> int:
    """Return the number of an organization's annotations."""
    statement = _visible(scope).where(Annotation.organization_id == organization_id).with_only_columns(func.count())
    return await connection.scalar(statement) or 0


async def create(connection: AsyncConnection, organization_id: UUID, new: NewAnnotation) -> AnnotationRow:
    """Create an annotation of an organization that the caller has locked within its scope."""
    statement = insert(Annotation).values(organization_id=organization_id, **_values(new)).returning(*_COLUMNS)
    return AnnotationRow(*(await connection.execute(statement)).one())


async def change(
    connection: AsyncConnection, scope: Scope, annotation_id: UUID, new: NewAnnotation
) -> AnnotationRow | None:
    """Give an annotation other days and another text; None if no such one is in scope."""
    statement = (
        update(Annotation)
        .where(Annotation.id == annotation_id, in_scope(scope, Annotation.organization_id))
        .values(**_values(new), updated_at=func.now())
        .returning(*_COLUMNS)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else AnnotationRow(*row)


async def remove(connection: AsyncConnection, scope: Scope, annotation_id: UUID) -> bool:
    """Delete an annotation; False if no such one is in scope."""
    statement = delete(Annotation).where(Annotation.id == annotation_id, in_scope(scope, Annotation.organization_id))
    return (await connection.execute(statement)).rowcount > 0


def _values(new: NewAnnotation) -> dict[str, object]:
    return {"first_day": new.first_day, "last_day": new.last_day, "text": new.text}
