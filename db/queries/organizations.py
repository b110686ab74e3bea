"""Organizations."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.names import normalized_name
from core.scope import Scope
from core.weeks import WeekStart
from db.keyset import AnySelect, Ordering, PageRequest, RowPage, keyset, paginate_rows
from db.models import Organization
from db.names import matches
from db.tenancy import in_scope, organizations_in_scope


@dataclass(frozen=True, slots=True)
class OrganizationRow:
    """A tenant."""

    id: UUID
    name: str
    description: str | None
    retention_days: int | None
    requires_api_key: bool
    created_at: datetime
    updated_at: datetime
    week_start: WeekStart


_COLUMNS = (
    Organization.id,
    Organization.name,
    Organization.description,
    Organization.retention_days,
    Organization.requires_api_key,
    Organization.created_at,
    Organization.updated_at,
    Organization.week_start,
)

BY_NAME: Ordering[OrganizationRow] = Ordering(
    "organizations",
    (Organization.normalized_name, Organization.id),
    (str, UUID),
    lambda row: (row.name, row.id),
    by_name=True,
)


def _organization(row: Any) -> OrganizationRow:
    return replace(OrganizationRow(*row), week_start=WeekStart(row.week_start))


def _visible(scope: Scope, search: str | None) -> AnySelect:
    return select(*_COLUMNS).where(
        organizations_in_scope(scope, Organization.id), matches(Organization.normalized_name, search)
    )


async def page(
    connection: AsyncConnection, scope: Scope, search: str | None, request: PageRequest
) -> RowPage[OrganizationRow]:
    """Organizations in scope whose name contains `search`, by name."""
    rows = await connection.execute(keyset(_visible(scope, search), BY_NAME, request))
    return paginate_rows([_organization(row) for row in rows], BY_NAME, request)


async def count(connection: AsyncConnection, scope: Scope, search: str | None) -> int:
    """Return the number of organizations that `page` goes through."""
    return (
        await connection.scalar(_visible(scope, search).with_only_columns(func.count(), maintain_column_froms=True))
        or 0
    )


async def by_ids(connection: AsyncConnection, scope: Scope, ids: Iterable[UUID]) -> dict[UUID, OrganizationRow]:
    """Return those of these organizations that are in scope, by id."""
    rows = await connection.execute(_visible(scope, None).where(Organization.id.in_(ids)))
    return {row.id: _organization(row) for row in rows}


def _names(name: str) -> dict[str, str]:
    return {"name": name, "normalized_name": normalized_name(name)}


async def by_name(connection: AsyncConnection, scope: Scope, name: str) -> list[OrganizationRow]:
    """Return the first two organizations in scope of this name, however it is written."""
    statement = _visible(scope, None).where(Organization.normalized_name == normalized_name(name))
    return [_organization(row) for row in await connection.execute(statement.order_by(Organization.id).limit(2))]


async def create(
    connection: AsyncConnection, name: str, description: str | None, week_start: WeekStart = WeekStart.MONDAY
) -> OrganizationRow:
    """Create an organization."""
    values = {**_names(name), "description": description, "week_start": week_start.value}
    statement = insert(Organization).values(values).returning(*_COLUMNS)
    return _organization((await connection.execute(statement)).one())


async def change(
    connection: AsyncConnection, scope: Scope, organization_id: UUID, values: dict[str, Any]
) -> OrganizationRow | None:
    """Set these columns of an organization; None if no such organization is in scope."""
    named = _names(values["name"]) if "name" in values else {}
    statement = (
        update(Organization)
        .where(Organization.id == organization_id, in_scope(scope, Organization.id))
        .values(**(values | named), updated_at=func.now())
        .returning(*_COLUMNS)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _organization(row)


async def lock(
    connection: AsyncConnection, scope: Scope, organization_id: UUID, *, against_joining: bool = False
) -> bool:
    """Lock the organization until the transaction ends, so that changes of its members run one after another.

    `against_joining`: new members and extension users wait, too. False if it does not exist.
    """
    statement = (
        select(Organization.id)
        .where(Organization.id == organization_id, in_scope(scope, Organization.id))
        .with_for_update(key_share=not against_joining)
    )
    return await connection.scalar(statement) is not None


async def remove(connection: AsyncConnection, scope: Scope, organization_id: UUID) -> None:
    """Delete an organization with its memberships and extension users (not their events)."""
    await connection.execute(
        delete(Organization).where(Organization.id == organization_id, in_scope(scope, Organization.id))
    )
