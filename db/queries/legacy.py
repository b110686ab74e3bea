"""Taking over accounts, organizations, memberships and people with the ids that they had."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from db.models import ExtensionUser, LegacyRow, Membership, Organization, User

_LOCK = 0x0BE4A71E


class Kind(StrEnum):
    """What a row that was taken once is."""

    ACCOUNT = "account"
    ORGANIZATION = "organization"
    MEMBER = "member"
    PERSON = "person"
    REJECTED = "rejected"


class KeptAccount(NamedTuple):
    """An account that we have."""

    id: UUID
    password_hash: str | None
    updated_at: datetime


class KeptPerson(NamedTuple):
    """An extension user that we have."""

    id: UUID
    api_key_hash: bytes
    is_active: bool
    updated_at: datetime


async def be_alone(connection: AsyncConnection) -> None:
    """Wait for others that take rows over, and keep them waiting until the transaction ends."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


async def taken(connection: AsyncConnection, kind: Kind, keys: Iterable[UUID]) -> set[UUID]:
    """Which of these were taken before, whether we have them still or not."""
    statement = select(LegacyRow.key).where(LegacyRow.kind == kind, LegacyRow.key.in_(keys))
    return set(await connection.scalars(statement))


async def take(connection: AsyncConnection, kind: Kind, keys: Collection[UUID]) -> set[UUID]:
    """Remember these as taken; those that were not before."""
    if not keys:
        return set()
    statement = text("""
        INSERT INTO legacy_rows (kind, key) SELECT :kind, key FROM unnest(CAST(:keys AS uuid[])) AS given (key)
        ON CONFLICT DO NOTHING RETURNING key
    """)
    return set(await connection.scalars(statement, {"kind": kind.value, "keys": list(keys)}))


async def organizations(connection: AsyncConnection, ids: Iterable[UUID]) -> set[UUID]:
    """Which of these organizations we have."""
    return set(await connection.scalars(select(Organization.id).where(Organization.id.in_(ids))))


async def organization_names(connection: AsyncConnection, names: Iterable[str]) -> set[str]:
    """Which of these names an organization of ours has."""
    return set(await connection.scalars(select(Organization.name).where(Organization.name.in_(names))))


async def accounts(connection: AsyncConnection, ids: Iterable[UUID]) -> dict[UUID, KeptAccount]:
    """Those of these accounts that we have."""
    statement = select(User.id, User.password_hash, User.updated_at).where(User.id.in_(ids))
    return {row.id: KeptAccount(*row) for row in await connection.execute(statement)}


async def people(connection: AsyncConnection, ids: Iterable[UUID]) -> dict[UUID, KeptPerson]:
    """Those of these extension users that we have."""
    statement = select(
        ExtensionUser.id, ExtensionUser.api_key_hash, ExtensionUser.is_active, ExtensionUser.updated_at
    ).where(ExtensionUser.id.in_(ids))
    return {row.id: KeptPerson(*row) for row in await connection.execute(statement)}


async def keys_in_use(connection: AsyncConnection, hashes: Iterable[bytes]) -> set[bytes]:
    """Which of these hashes are those of a key of somebody whom we have."""
    statement = select(ExtensionUser.api_key_hash).where(ExtensionUser.api_key_hash.in_(hashes))
    return set(await connection.scalars(statement))


async def add_organizations(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """Add these organizations; the ids of those that were added."""
    return await _add(connection, Organization, rows)


async def add_accounts(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """Add these accounts, but those whose name is taken; the ids of those that were added."""
    return await _add(connection, User, rows)


async def add_people(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """Add these extension users, but those whose name is taken in their organization; the ids of those added."""
    return await _add(connection, ExtensionUser, rows)


async def members(connection: AsyncConnection, user_ids: Iterable[UUID]) -> set[tuple[UUID, UUID]]:
    """The memberships of these accounts: account and organization."""
    statement = select(Membership.user_id, Membership.organization_id).where(Membership.user_id.in_(user_ids))
    return {(row.user_id, row.organization_id) for row in await connection.execute(statement)}


async def add_members(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Add these memberships."""
    if rows:
        await connection.execute(insert(Membership).values(rows).on_conflict_do_nothing())


async def change_password(connection: AsyncConnection, user_id: UUID, password_hash: str, at: datetime) -> None:
    """Set a password that was changed there at that time."""
    await connection.execute(update(User).where(User.id == user_id).values(password_hash=password_hash, updated_at=at))


async def change_person(connection: AsyncConnection, person_id: UUID, values: dict[str, Any], at: datetime) -> None:
    """Set what was changed there at that time."""
    await connection.execute(update(ExtensionUser).where(ExtensionUser.id == person_id).values(**values, updated_at=at))


async def _add(connection: AsyncConnection, table: Any, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    if not rows:
        return set()
    statement = insert(table).values([_with_times(row) for row in rows]).on_conflict_do_nothing().returning(table.id)
    return set(await connection.scalars(statement))


def _with_times(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the times that it had; now, for those that it had not."""
    times = {name: func.now() if row[name] is None else row[name] for name in ("created_at", "updated_at")}
    return row | times
