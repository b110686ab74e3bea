"""Links of accounts: each is used up by one statement, so that of several requests at once one succeeds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import case, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.links import LinkEnd
from db.models import AccountLink, User


class AccountLinkKind(StrEnum):
    """The purpose of an account's link."""

    PASSWORD_RESET = "password_reset"  # noqa: S105 - no password
    EMAIL_CONFIRMATION = "email_confirmation"


@dataclass(frozen=True, slots=True)
class AccountLinkRow:
    """A link with the account's name. `end` is the reason why it does nothing; None while it holds."""

    id: UUID
    user_id: UUID
    username: str
    email: str
    end: LinkEnd | None


_UNEXPIRED = AccountLink.expires_at > func.now()
_END = case((AccountLink.end_reason.is_not(None), AccountLink.end_reason), (~_UNEXPIRED, LinkEnd.EXPIRED.value)).label(
    "end"
)


async def by_token(connection: AsyncConnection, kind: AccountLinkKind, token_hash: bytes) -> AccountLinkRow | None:
    """Return a link, ended ones included; None if there is no such link of that kind."""
    statement = (
        select(AccountLink.id, AccountLink.user_id, User.username, AccountLink.email, _END)
        .join(User, User.id == AccountLink.user_id)
        .where(AccountLink.token_hash == token_hash, AccountLink.kind == kind)
    )
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        return None
    end = None if row.end is None else LinkEnd(row.end)
    return AccountLinkRow(row.id, row.user_id, row.username, row.email, end)


async def open_count(connection: AsyncConnection, user_id: UUID, kind: AccountLinkKind) -> int:
    """Return the number of an account's links of that kind that hold."""
    statement = (
        select(func.count())
        .select_from(AccountLink)
        .where(AccountLink.user_id == user_id, AccountLink.kind == kind, AccountLink.ended_at.is_(None), _UNEXPIRED)
    )
    return await connection.scalar(statement) or 0


async def newest_unconfirmed(connection: AsyncConnection, user_id: UUID) -> tuple[str, datetime] | None:
    """Return the address that waits for being confirmed, and until when; None if there is none."""
    statement = (
        select(AccountLink.email, AccountLink.expires_at)
        .where(
            AccountLink.user_id == user_id,
            AccountLink.kind == AccountLinkKind.EMAIL_CONFIRMATION,
            AccountLink.ended_at.is_(None),
            _UNEXPIRED,
        )
        .order_by(AccountLink.created_at.desc())
        .limit(1)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else (row.email, row.expires_at)


async def add(
    connection: AsyncConnection,
    kind: AccountLinkKind,
    user_id: UUID,
    token_hash: bytes,
    email: str,
    lifetime: timedelta,
) -> datetime:
    """Make a link; return the time until which it holds."""
    values = {"kind": kind, "user_id": user_id, "token_hash": token_hash, "email": email}
    statement = insert(AccountLink).values(**values, expires_at=func.now() + lifetime).returning(AccountLink.expires_at)
    expires_at: datetime = (await connection.execute(statement)).scalar_one()
    return expires_at


async def use(connection: AsyncConnection, link_id: UUID) -> bool:
    """Use a link up; False when it does not hold any more."""
    statement = (
        update(AccountLink)
        .where(AccountLink.id == link_id, AccountLink.ended_at.is_(None), _UNEXPIRED)
        .values(ended_at=func.now(), end_reason=LinkEnd.USED.value)
    )
    return (await connection.execute(statement)).rowcount > 0


async def replace_all(connection: AsyncConnection, user_id: UUID, *kinds: AccountLinkKind) -> None:
    """End an account's links of these kinds that have not ended, for what they were for is done or asked for anew."""
    await connection.execute(
        update(AccountLink)
        .where(AccountLink.user_id == user_id, AccountLink.kind.in_(kinds), AccountLink.ended_at.is_(None), _UNEXPIRED)
        .values(ended_at=func.now(), end_reason=LinkEnd.REPLACED.value)
    )
