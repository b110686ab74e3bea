"""Saved queries of organizations."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.names import normalized_name
from core.scope import Scope
from db.keyset import AnySelect, Ordering, PageRequest, RowPage, keyset_per, paginate_rows
from db.models import SavedQuery
from db.names import is_name
from db.tenancy import in_scope


@dataclass(frozen=True, slots=True)
class SavedQueryRow:
    """A saved query. `variables_json` is a JSON object."""

    id: UUID
    organization_id: UUID
    name: str
    document: str
    variables_json: str
    created_at: datetime
    updated_at: datetime

    @property
    def variables(self) -> dict[str, Any]:
        """The variables."""
        found: dict[str, Any] = orjson.loads(self.variables_json)
        return found


@dataclass(frozen=True, slots=True)
class NewSavedQuery:
    """The content of a saved query."""

    name: str
    document: str
    variables_json: str


_COLUMNS = (
    SavedQuery.id,
    SavedQuery.organization_id,
    SavedQuery.name,
    SavedQuery.document,
    SavedQuery.variables,
    SavedQuery.created_at,
    SavedQuery.updated_at,
)

BY_NAME: Ordering[SavedQueryRow] = Ordering(
    "savedQueries",
    (SavedQuery.normalized_name, SavedQuery.id),
    (str, UUID),
    lambda row: (row.name, row.id),
    by_name=True,
)


def _visible(scope: Scope) -> AnySelect:
    return select(*_COLUMNS).where(in_scope(scope, SavedQuery.organization_id))


async def by_ids(connection: AsyncConnection, scope: Scope, ids: Iterable[UUID]) -> dict[UUID, SavedQueryRow]:
    """Return those of these saved queries that are in scope, by id."""
    rows = await connection.execute(_visible(scope).where(SavedQuery.id.in_(ids)))
    return {row.id: SavedQueryRow(*row) for row in rows}


async def pages_by_organization(
    connection: AsyncConnection, scope: Scope, organization_ids: Iterable[UUID], request: PageRequest
) -> dict[UUID, RowPage[SavedQueryRow]]:
    """The same page of each organization's saved queries, by name."""
    ids = list(organization_ids)
    statement = _visible(scope).where(SavedQuery.organization_id.in_(ids))
    found: dict[UUID, list[SavedQueryRow]] = {organization_id: [] for organization_id in ids}
    for row in await connection.execute(keyset_per(SavedQuery.organization_id, statement, BY_NAME, request)):
        found[row.parent].append(SavedQueryRow(*row[1:]))
    return {organization_id: paginate_rows(rows, BY_NAME, request) for organization_id, rows in found.items()}


async def count(connection: AsyncConnection, scope: Scope, organization_id: UUID) -> int:
    """Return the number of an organization's saved queries."""
    statement = _visible(scope).where(SavedQuery.organization_id == organization_id).with_only_columns(func.count())
    return await connection.scalar(statement) or 0


async def has_name(
    connection: AsyncConnection, scope: Scope, organization_id: UUID, name: str, *, other_than: UUID | None = None
) -> bool:
    """True if another saved query of an organization in scope has that name, however it is written."""
    named = is_name(SavedQuery.normalized_name, name)
    statement = _visible(scope).where(SavedQuery.organization_id == organization_id, named)
    if other_than is not None:
        statement = statement.where(SavedQuery.id != other_than)
    return await connection.scalar(statement.limit(1)) is not None


async def create(connection: AsyncConnection, organization_id: UUID, new: NewSavedQuery) -> SavedQueryRow:
    """Save a query of an organization that the caller has locked within its scope."""
    statement = insert(SavedQuery).values(organization_id=organization_id, **_values(new)).returning(*_COLUMNS)
    return SavedQueryRow(*(await connection.execute(statement)).one())


async def change(connection: AsyncConnection, scope: Scope, query_id: UUID, new: NewSavedQuery) -> SavedQueryRow | None:
    """Change a saved query; None if no such one is in scope."""
    statement = (
        update(SavedQuery)
        .where(SavedQuery.id == query_id, in_scope(scope, SavedQuery.organization_id))
        .values(**_values(new), updated_at=func.now())
        .returning(*_COLUMNS)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else SavedQueryRow(*row)


async def remove(connection: AsyncConnection, scope: Scope, query_id: UUID) -> bool:
    """Delete a saved query; False if no such one is in scope."""
    statement = delete(SavedQuery).where(SavedQuery.id == query_id, in_scope(scope, SavedQuery.organization_id))
    return (await connection.execute(statement)).rowcount > 0


def _values(new: NewSavedQuery) -> dict[str, str]:
    return {
        "name": new.name,
        "normalized_name": normalized_name(new.name),
        "document": new.document,
        "variables": new.variables_json,
    }
