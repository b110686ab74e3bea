"""Organizations."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.scope import Scope
from db.keyset import AnySelect, Ordering, Page, PageRequest, cut, keyset
from db.models import Organization
from db.queries.user import matches
from db.tenancy import within


@dataclass(frozen=True, slots=True)
class OrganizationRow:
    """A tenant."""

    id: UUID
    name: str
    description: str | None
    retention_days: int | None
    created_at: datetime
    updated_at: datetime


_COLUMNS = (
    Organization.id,
    Organization.name,
    Organization.description,
    Organization.retention_days,
    Organization.created_at,
    Organization.updated_at,
)

BY_NAME: Ordering[OrganizationRow] = Ordering(
    "organizations",
    (func.lower(Organization.name), Organization.id),
    (str, UUID),
    lambda row: (row.name, row.id),
    folded=True,
)


def _visible(scope: Scope, search: str | None) -> AnySelect:
    return select(*_COLUMNS).where(within(scope, Organization.id), matches(Organization.name, search))


async def page(
    connection: AsyncConnection, scope: Scope, search: str | None, request: PageRequest
) -> Page[OrganizationRow]:
    """Organizations in scope whose name contains `search`, by name."""
    rows = await connection.execute(keyset(_visible(scope, search), BY_NAME, request))
    return cut([OrganizationRow(*row) for row in rows], BY_NAME, request)


async def count(connection: AsyncConnection, scope: Scope, search: str | None) -> int:
    """How many organizations `page` goes through."""
    return (
        await connection.scalar(_visible(scope, search).with_only_columns(func.count(), maintain_column_froms=True))
        or 0
    )


async def by_ids(connection: AsyncConnection, scope: Scope, ids: Iterable[UUID]) -> dict[UUID, OrganizationRow]:
    """Those of these organizations that are in scope."""
    rows = await connection.execute(_visible(scope, None).where(Organization.id.in_(ids)))
    return {row.id: OrganizationRow(*row) for row in rows}


async def create(connection: AsyncConnection, name: str, description: str | None) -> OrganizationRow:
    """Create an organization."""
    statement = insert(Organization).values(name=name, description=description).returning(*_COLUMNS)
    return OrganizationRow(*(await connection.execute(statement)).one())


async def change(
    connection: AsyncConnection, scope: Scope, organization_id: UUID, values: dict[str, Any]
) -> OrganizationRow | None:
    """Set these columns of an organization; None when there is no such one in scope."""
    statement = (
        update(Organization)
        .where(Organization.id == organization_id, within(scope, Organization.id))
        .values(**values, updated_at=func.now())
        .returning(*_COLUMNS)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else OrganizationRow(*row)


async def lock(
    connection: AsyncConnection, scope: Scope, organization_id: UUID, *, against_joining: bool = False
) -> bool:
    """Hold the organization until the transaction ends: changes of its members queue up behind one another.

    `against_joining`: new members and extension users have to wait, too. False when it is not there.
    """
    statement = (
        select(Organization.id)
        .where(Organization.id == organization_id, within(scope, Organization.id))
        .with_for_update(key_share=not against_joining)
    )
    return await connection.scalar(statement) is not None


async def remove(connection: AsyncConnection, scope: Scope, organization_id: UUID) -> None:
    """Delete an organization with its memberships and extension users (not their events)."""
    await connection.execute(
        delete(Organization).where(Organization.id == organization_id, within(scope, Organization.id))
    )
