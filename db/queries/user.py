"""Accounts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.keyset import Column, Ordering, Page, PageRequest, cut, keyset
from db.models import User


@dataclass(frozen=True, slots=True)
class UserRow:
    """An account, without its password."""

    id: UUID
    username: str
    is_super_admin: bool
    created_at: datetime
    updated_at: datetime


_COLUMNS = (User.id, User.username, User.is_super_admin, User.created_at, User.updated_at)

BY_USERNAME: Ordering[UserRow] = Ordering(
    "users",
    (func.lower(User.username), User.id),
    (str, UUID),
    lambda row: (row.username, row.id),
    folded=True,
)


async def page(connection: AsyncConnection, search: str | None, request: PageRequest) -> Page[UserRow]:
    """Accounts whose name contains `search`, by name."""
    statement = keyset(select(*_COLUMNS).where(matches(User.username, search)), BY_USERNAME, request)
    return cut([UserRow(*row) for row in await connection.execute(statement)], BY_USERNAME, request)


async def count(connection: AsyncConnection, search: str | None) -> int:
    """How many accounts `page` goes through."""
    statement = select(func.count()).select_from(User).where(matches(User.username, search))
    return await connection.scalar(statement) or 0


async def by_ids(connection: AsyncConnection, ids: Iterable[UUID]) -> dict[UUID, UserRow]:
    """The accounts with these ids."""
    rows = await connection.execute(select(*_COLUMNS).where(User.id.in_(ids)))
    return {row.id: UserRow(*row) for row in rows}


async def by_username(connection: AsyncConnection, username: str) -> UserRow | None:
    """The account of that name, whatever the case."""
    row = (await connection.execute(select(*_COLUMNS).where(_named(username)))).one_or_none()
    return None if row is None else UserRow(*row)


async def credentials(connection: AsyncConnection, username: str) -> tuple[UUID, str | None] | None:
    """The id and password hash of the account of that name."""
    statement = select(User.id, User.password_hash).where(_named(username))
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else (row.id, row.password_hash)


async def password_hash(connection: AsyncConnection, user_id: UUID) -> str | None:
    """The password hash of an account."""
    return await connection.scalar(select(User.password_hash).where(User.id == user_id))


async def locked_password_hash(connection: AsyncConnection, user_id: UUID, *, to_change: bool) -> str | None:
    """The password hash of an account, which nobody else can change before the transaction ends.

    The lock that a sign-in's foreign key takes (KEY SHARE) would let a change of the password pass by.
    """
    statement = select(User.password_hash).where(User.id == user_id)
    return await connection.scalar(statement.with_for_update(read=not to_change, key_share=to_change))


async def create(connection: AsyncConnection, username: str, password_hash: str, *, is_super_admin: bool) -> UserRow:
    """Create an account. IntegrityError when the name is taken."""
    values = {"username": username, "password_hash": password_hash, "is_super_admin": is_super_admin}
    return UserRow(*(await connection.execute(insert(User).values(values).returning(*_COLUMNS))).one())


async def set_password_hash(connection: AsyncConnection, user_id: UUID, password_hash: str) -> None:
    """Replace an account's password."""
    await connection.execute(
        update(User).where(User.id == user_id).values(password_hash=password_hash, updated_at=func.now())
    )


async def any_super_admin(connection: AsyncConnection) -> bool:
    """Whether anybody could sign in as super admin."""
    return await connection.scalar(select(User.id).where(User.is_super_admin).limit(1)) is not None


def matches(column: Column, search: str | None) -> ColumnElement[bool]:
    """Whether `column` contains the search text, whatever the case; everything matches no text."""
    return column.icontains(search, autoescape=True) if search else true()


def _named(username: str) -> ColumnElement[bool]:
    return func.lower(User.username) == func.lower(username)
