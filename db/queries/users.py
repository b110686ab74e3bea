"""Accounts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.names import composed
from db.keyset import AnySelect, Ordering, PageRequest, RowPage, keyset, paginate_rows
from db.models import User
from db.names import is_name, matches, username_columns


@dataclass(frozen=True, slots=True)
class UserRow:
    """An account, without its password."""

    id: UUID
    username: str
    is_super_admin: bool
    created_at: datetime
    updated_at: datetime


USER_COLUMNS = (User.id, User.username, User.is_super_admin, User.created_at, User.updated_at)

BY_USERNAME: Ordering[UserRow] = Ordering(
    "users",
    (User.normalized_username, User.id),
    (str, UUID),
    lambda row: (row.username, row.id),
    by_name=True,
)


async def page(connection: AsyncConnection, search: str | None, request: PageRequest) -> RowPage[UserRow]:
    """Accounts whose name contains `search`, by name."""
    statement = keyset(select(*USER_COLUMNS).where(matches(User.normalized_username, search)), BY_USERNAME, request)
    return paginate_rows([UserRow(*row) for row in await connection.execute(statement)], BY_USERNAME, request)


async def count(connection: AsyncConnection, search: str | None) -> int:
    """Return the number of accounts that `page` goes through."""
    statement = select(func.count()).select_from(User).where(matches(User.normalized_username, search))
    return await connection.scalar(statement) or 0


async def by_ids(connection: AsyncConnection, ids: Iterable[UUID]) -> dict[UUID, UserRow]:
    """The accounts with these ids."""
    rows = await connection.execute(select(*USER_COLUMNS).where(User.id.in_(ids)))
    return {row.id: UserRow(*row) for row in rows}


async def by_username(connection: AsyncConnection, username: str) -> UserRow | None:
    """The account of that name, however it is written."""
    row = (await connection.execute(_named_first(select(*USER_COLUMNS), username))).one_or_none()
    return None if row is None else UserRow(*row)


async def credentials(connection: AsyncConnection, username: str) -> tuple[UUID, str | None] | None:
    """The id and password hash of the account of that name."""
    statement = _named_first(select(User.id, User.password_hash), username)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else (row.id, row.password_hash)


async def password_hash(connection: AsyncConnection, user_id: UUID) -> str | None:
    """The password hash of an account."""
    return await connection.scalar(select(User.password_hash).where(User.id == user_id))


async def lock(connection: AsyncConnection, user_id: UUID) -> None:
    """Lock an account until the transaction ends, so that changes of what belongs to it run one after another."""
    await connection.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))


async def locked_password_hash(connection: AsyncConnection, user_id: UUID, *, to_change: bool) -> str | None:
    """The password hash of an account, which nobody else can change before the transaction ends.

    The lock that a sign-in's foreign key takes (KEY SHARE) would let a change of the password pass by.
    """
    statement = select(User.password_hash).where(User.id == user_id)
    return await connection.scalar(statement.with_for_update(read=not to_change, key_share=to_change))


async def create(connection: AsyncConnection, username: str, password_hash: str, *, is_super_admin: bool) -> UserRow:
    """Create an account. IntegrityError when the name is taken."""
    values = {"password_hash": password_hash, "is_super_admin": is_super_admin, **username_columns(username)}
    return UserRow(*(await connection.execute(insert(User).values(values).returning(*USER_COLUMNS))).one())


async def create_if_free(connection: AsyncConnection, username: str) -> UserRow | None:
    """Create an account without a password; None if the name is taken."""
    statement = upsert(User).values(is_super_admin=False, **username_columns(username)).on_conflict_do_nothing()
    row = (await connection.execute(statement.returning(*USER_COLUMNS))).one_or_none()
    return None if row is None else UserRow(*row)


async def set_password_hash(connection: AsyncConnection, user_id: UUID, password_hash: str) -> None:
    """Replace an account's password."""
    await connection.execute(
        update(User).where(User.id == user_id).values(password_hash=password_hash, updated_at=func.now())
    )


async def email(connection: AsyncConnection, user_id: UUID) -> str | None:
    """The confirmed mail address of an account."""
    return await connection.scalar(select(User.email).where(User.id == user_id))


async def set_email(connection: AsyncConnection, user_id: UUID, address: str) -> None:
    """Replace an account's mail address by one that was confirmed."""
    await connection.execute(update(User).where(User.id == user_id).values(email=address, updated_at=func.now()))


async def reset_address(connection: AsyncConnection, username: str) -> tuple[UUID, str, str] | None:
    """The id, name and confirmed mail address of the account of that name, if it has such an address and a password."""
    statement = _named_first(select(User.id, User.username, User.email, User.password_hash), username)
    row = (await connection.execute(statement)).one_or_none()
    if row is None or row.email is None or row.password_hash is None:
        return None
    return row.id, row.username, row.email


async def any_super_admin(connection: AsyncConnection) -> bool:
    """True if anybody could sign in as super admin."""
    return await connection.scalar(select(User.id).where(User.is_super_admin).limit(1)) is not None


def named(username: str) -> ColumnElement[bool]:
    """True if an account has that username, however it is written."""
    return is_name(User.normalized_username, username)


def _named_first(statement: AnySelect, username: str) -> AnySelect:
    """Select the account of that name. Of several that share it: the one that is written so, else the oldest."""
    exactness = (User.username == username, User.username == composed(username), ~User.shares_name)
    return statement.where(named(username)).order_by(*(each.desc() for each in exactness), User.id).limit(1)
