"""Extension users: the people whose browsing is recorded, and their keys."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, Uuid, any_, delete, func, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from core.scope import Scope
from db.keyset import AnySelect, Ordering, Page, PageRequest, cut, keyset, keyset_per
from db.models import ExtensionUser
from db.prepared import Prepared, fetch, parameter, prepared
from db.queries.user import matches
from db.tenancy import within, within_asked


@dataclass(frozen=True, slots=True)
class ExtensionUserRow:
    """A person with the extension."""

    id: UUID
    organization_id: UUID
    username: str
    is_active: bool
    api_key_prefix: str
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class ExtensionUserFilter:
    """Which extension users: each condition that is given must hold."""

    search: str | None = None
    is_active: bool | None = None
    organization_ids: frozenset[UUID] | None = None


@dataclass(frozen=True, slots=True)
class ExtensionUserCounts:
    """How many extension users an organization has, and how many keys were used since when."""

    total: int = 0
    active: int = 0
    inactive: int = 0
    used_today: int = 0
    used_this_week: int = 0


_COLUMNS = (
    ExtensionUser.id,
    ExtensionUser.organization_id,
    ExtensionUser.username,
    ExtensionUser.is_active,
    ExtensionUser.api_key_prefix,
    ExtensionUser.created_at,
    ExtensionUser.updated_at,
    ExtensionUser.last_used_at,
)

BY_USERNAME: Ordering[ExtensionUserRow] = Ordering(
    "extensionUsers",
    (func.lower(ExtensionUser.username), ExtensionUser.id),
    (str, UUID),
    lambda row: (row.username, row.id),
    folded=True,
)


def _visible(scope: Scope, where: ExtensionUserFilter) -> AnySelect:
    statement = select(*_COLUMNS).where(
        within(scope, ExtensionUser.organization_id), matches(ExtensionUser.username, where.search)
    )
    if where.is_active is not None:
        statement = statement.where(ExtensionUser.is_active == where.is_active)
    if where.organization_ids is not None:
        statement = statement.where(ExtensionUser.organization_id.in_(where.organization_ids))
    return statement


async def page(
    connection: AsyncConnection, scope: Scope, where: ExtensionUserFilter, request: PageRequest
) -> Page[ExtensionUserRow]:
    """Extension users in scope that `where` admits, by name."""
    rows = await connection.execute(keyset(_visible(scope, where), BY_USERNAME, request))
    return cut([ExtensionUserRow(*row) for row in rows], BY_USERNAME, request)


async def count(connection: AsyncConnection, scope: Scope, where: ExtensionUserFilter) -> int:
    """How many extension users `page` goes through."""
    return (
        await connection.scalar(_visible(scope, where).with_only_columns(func.count(), maintain_column_froms=True)) or 0
    )


async def pages_by_organization(
    connection: AsyncConnection,
    scope: Scope,
    organization_ids: Iterable[UUID],
    where: ExtensionUserFilter,
    request: PageRequest,
) -> dict[UUID, Page[ExtensionUserRow]]:
    """The same page of each organization's extension users, by name."""
    ids = list(organization_ids)
    statement = _visible(scope, where).where(ExtensionUser.organization_id.in_(ids))
    found: dict[UUID, list[ExtensionUserRow]] = {organization_id: [] for organization_id in ids}
    for row in await connection.execute(keyset_per(ExtensionUser.organization_id, statement, BY_USERNAME, request)):
        found[row.parent].append(ExtensionUserRow(*row[1:]))
    return {organization_id: cut(rows, BY_USERNAME, request) for organization_id, rows in found.items()}


async def counts_by_organization(
    connection: AsyncConnection, scope: Scope, organization_ids: Iterable[UUID], where: ExtensionUserFilter
) -> dict[UUID, int]:
    """How many extension users of each organization `where` admits."""
    statement = (
        _visible(scope, where)
        .where(ExtensionUser.organization_id.in_(organization_ids))
        .with_only_columns(ExtensionUser.organization_id, func.count())
        .group_by(ExtensionUser.organization_id)
    )
    return {row[0]: row[1] for row in await connection.execute(statement)}


async def summaries(
    connection: AsyncConnection, scope: Scope, organization_ids: Iterable[UUID], today: datetime
) -> dict[UUID, ExtensionUserCounts]:
    """Each organization's counts. `today` is the midnight the day began at; the week is the seven days to its end."""
    used = ExtensionUser.last_used_at
    statement = (
        select(
            ExtensionUser.organization_id,
            func.count(),
            func.count().filter(ExtensionUser.is_active),
            func.count().filter(~ExtensionUser.is_active),
            func.count().filter(used >= today),
            func.count().filter(used >= today - timedelta(days=6)),
        )
        .where(within(scope, ExtensionUser.organization_id), ExtensionUser.organization_id.in_(organization_ids))
        .group_by(ExtensionUser.organization_id)
    )
    return {row[0]: ExtensionUserCounts(*row[1:]) for row in await connection.execute(statement)}


async def by_ids(connection: AsyncConnection, scope: Scope, ids: Iterable[UUID]) -> dict[UUID, ExtensionUserRow]:
    """Those of these extension users that are in scope."""
    values = {"ids": list(ids), "scope": list(scope.organization_ids or ())}
    rows = await fetch(connection, _by_ids(limited=scope.organization_ids is not None), values)
    return {row.id: ExtensionUserRow(*row) for row in rows}


@cache
def _by_ids(*, limited: bool) -> Prepared:
    ids = parameter("ids", ARRAY(Uuid()))
    in_scope = within_asked(ExtensionUser.organization_id, limited=limited)
    return prepared(select(*_COLUMNS).where(in_scope, ExtensionUser.id == any_(ids)))


async def next_by_id(
    connection: AsyncConnection,
    scope: Scope,
    where: ExtensionUserFilter,
    ids: Collection[UUID] | None,
    *,
    after: UUID,
    limit: int,
) -> list[ExtensionUserRow]:
    """The next extension users in scope that `where` admits, of these ids (None: of all), in the order of their ids."""
    statement = _visible(scope, where).where(ExtensionUser.id > after)
    if ids is not None:
        statement = statement.where(ExtensionUser.id.in_(ids))
    rows = await connection.execute(statement.order_by(ExtensionUser.id).limit(limit))
    return [ExtensionUserRow(*row) for row in rows]


async def by_key_hash(connection: AsyncConnection, key_hash: bytes) -> ExtensionUserRow | None:
    """The holder of an API key, whether active or not."""
    statement = select(*_COLUMNS).where(ExtensionUser.api_key_hash == key_hash)
    return await _one_or_none(connection, statement)


async def create(
    connection: AsyncConnection, organization_id: UUID, username: str, key_hash: bytes, key_prefix: str
) -> ExtensionUserRow:
    """Create an extension user. IntegrityError when the organization has one of that name or is gone."""
    statement = (
        insert(ExtensionUser)
        .values(organization_id=organization_id, username=username, api_key_hash=key_hash, api_key_prefix=key_prefix)
        .returning(*_COLUMNS)
    )
    row: Any = (await connection.execute(statement)).one()
    return ExtensionUserRow(*row)


async def change(
    connection: AsyncConnection, scope: Scope, extension_user_id: UUID, values: dict[str, Any]
) -> ExtensionUserRow | None:
    """Set these columns of an extension user; None when there is no such one in scope."""
    statement = (
        update(ExtensionUser)
        .where(ExtensionUser.id == extension_user_id, within(scope, ExtensionUser.organization_id))
        .values(**values, updated_at=func.now())
        .returning(*_COLUMNS)
    )
    return await _one_or_none(connection, statement)


async def fence_off(
    connection: AsyncConnection, scope: Scope, *, organization_id: UUID, extension_user_id: UUID | None = None
) -> list[UUID]:
    """Deactivate people about to be deleted, waiting for writers that are storing their events; their ids.

    Once this is committed no writer stores another event of theirs. One person, or everybody of the organization.
    """
    chosen = [ExtensionUser.organization_id == organization_id, within(scope, ExtensionUser.organization_id)]
    if extension_user_id is not None:
        chosen.append(ExtensionUser.id == extension_user_id)
    locked = select(ExtensionUser.id).where(*chosen).order_by(ExtensionUser.id).with_for_update()
    ids = list(await connection.scalars(locked))
    everybody = literal(ids, ARRAY(Uuid()))  # one parameter, however many people an organization has
    await connection.execute(update(ExtensionUser).where(ExtensionUser.id == any_(everybody)).values(is_active=False))
    return ids


async def remove(connection: AsyncConnection, scope: Scope, extension_user_id: UUID) -> bool:
    """Delete an extension user (not their events); False when there was none."""
    statement = delete(ExtensionUser).where(
        ExtensionUser.id == extension_user_id, within(scope, ExtensionUser.organization_id)
    )
    return (await connection.execute(statement)).rowcount > 0


async def _one_or_none(connection: AsyncConnection, statement: Executable) -> ExtensionUserRow | None:
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else ExtensionUserRow(*row)


async def record_usage(connection: AsyncConnection, latest: Mapping[UUID, datetime]) -> None:
    """Move `last_used_at` of these people forward."""
    statement = text("""
        UPDATE extension_users AS person SET last_used_at = used.at
        FROM unnest(CAST(:ids AS uuid[]), CAST(:times AS timestamptz[])) AS used (id, at)
        WHERE person.id = used.id AND (person.last_used_at IS NULL OR person.last_used_at < used.at)
    """)
    await connection.execute(statement, {"ids": list(latest), "times": list(latest.values())})
