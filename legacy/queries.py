"""Taking over accounts, organizations, memberships and people with the ids that they had."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.names import normalized_name
from db.models import ExtensionUser, LegacyRow, Membership, Organization, User
from db.names import username_columns

_LOCK = 0x0BE4A71E


class TakenKind(StrEnum):
    """The kind of a row that was taken once, as `legacy_rows` has it."""

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


async def taken(connection: AsyncConnection, kind: TakenKind, keys: Iterable[UUID]) -> set[UUID]:
    """Return those of these rows that were taken before, whether they still exist here or not."""
    statement = select(LegacyRow.key).where(LegacyRow.kind == kind, LegacyRow.key.in_(keys))
    return set(await connection.scalars(statement))


async def take(connection: AsyncConnection, kind: TakenKind, keys: Collection[UUID]) -> set[UUID]:
    """Record these rows as taken; return those that were not before."""
    if not keys:
        return set()
    statement = text("""
        INSERT INTO legacy_rows (kind, key) SELECT :kind, key FROM unnest(CAST(:keys AS uuid[])) AS given (key)
        ON CONFLICT DO NOTHING RETURNING key
    """)
    return set(await connection.scalars(statement, {"kind": kind.value, "keys": list(keys)}))


async def organizations(connection: AsyncConnection, ids: Iterable[UUID]) -> set[UUID]:
    """Return the ids of those of these organizations that exist here."""
    return set(await connection.scalars(select(Organization.id).where(Organization.id.in_(ids))))


async def organization_names(connection: AsyncConnection, names: Iterable[str]) -> set[str]:
    """Return the names of organizations here that are the same as one of these, however they are written."""
    statement = select(Organization.name).where(Organization.normalized_name.in_(map(normalized_name, names)))
    return set(await connection.scalars(statement))


async def accounts(connection: AsyncConnection, ids: Iterable[UUID]) -> dict[UUID, KeptAccount]:
    """Return those of these accounts that exist here, by id."""
    statement = select(User.id, User.password_hash, User.updated_at).where(User.id.in_(ids))
    return {row.id: KeptAccount(*row) for row in await connection.execute(statement)}


async def people(connection: AsyncConnection, ids: Iterable[UUID]) -> dict[UUID, KeptPerson]:
    """Return those of these extension users that exist here, by id."""
    statement = select(
        ExtensionUser.id, ExtensionUser.api_key_hash, ExtensionUser.is_active, ExtensionUser.updated_at
    ).where(ExtensionUser.id.in_(ids))
    return {row.id: KeptPerson(*row) for row in await connection.execute(statement)}


async def keys_in_use(connection: AsyncConnection, hashes: Iterable[bytes]) -> set[bytes]:
    """Return those of these hashes that are of an extension user's key here."""
    statement = select(ExtensionUser.api_key_hash).where(ExtensionUser.api_key_hash.in_(hashes))
    return set(await connection.scalars(statement))


async def add_organizations(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """Add these organizations; return the ids of those that were added."""
    normalized = [row | {"normalized_name": normalized_name(row["name"])} for row in rows]
    return await _add(connection, Organization, normalized)


async def add_accounts(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """Add these accounts except those whose name is taken; return the ids of those that were added."""
    return await _add(connection, User, [row | username_columns(row["username"]) for row in rows])


async def add_people(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """Add these extension users except those whose name is taken in their organization; return the ids of the added."""
    return await _add(connection, ExtensionUser, [row | username_columns(row["username"]) for row in rows])


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
    """Return the row with `now()` for the times that it lacks."""
    times = {name: func.now() if row[name] is None else row[name] for name in ("created_at", "updated_at")}
    return row | times
