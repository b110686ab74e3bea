"""Sign-ins, refresh tokens, and whom an access token speaks for."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import Uuid, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.roles import Role
from db.models import Membership, RefreshToken, SignIn, User
from db.prepared import Prepared, fetch, parameter, prepared
from db.queries.user import UserRow


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The account of a living sign-in, and its roles by organization."""

    user: UserRow
    roles: dict[UUID, Role]


async def account(connection: AsyncConnection, sign_in_id: UUID, user_id: UUID) -> SignedIn | None:
    """Whom a sign-in speaks for; None when it has ended."""
    values = {"sign_in_id": sign_in_id, "user_id": user_id}
    rows = await fetch(connection, _account_statement(), values)
    if not rows:
        return None
    roles = {row.organization_id: Role(row.role) for row in rows if row.role is not None}
    return SignedIn(UserRow(*rows[0][:5]), roles)


@cache
def _account_statement() -> Prepared:
    """Every request asks this first; made each time, it would take longer to make than to answer."""
    return prepared(
        select(
            User.id,
            User.username,
            User.is_super_admin,
            User.created_at,
            User.updated_at,
            Membership.organization_id,
            Membership.role,
        )
        .select_from(SignIn)
        .join(User, User.id == SignIn.user_id)
        .outerjoin(Membership, Membership.user_id == User.id)
        .where(
            SignIn.id == parameter("sign_in_id", Uuid()),
            SignIn.user_id == parameter("user_id", Uuid()),
            SignIn.expires_at > func.now(),
        )
    )


async def begin(connection: AsyncConnection, user_id: UUID, token_hash: bytes, expires_at: datetime) -> UUID:
    """Begin a sign-in with its first refresh token; the sign-in's id."""
    statement = insert(SignIn).values(user_id=user_id, expires_at=expires_at).returning(SignIn.id)
    sign_in_id: UUID = (await connection.execute(statement)).scalar_one()
    await _add_token(connection, sign_in_id, token_hash, expires_at)
    return sign_in_id


async def use_token(connection: AsyncConnection, token_hash: bytes) -> UUID | None:
    """Use up a refresh token; its sign-in's id, or None when it is unknown, expired or was used before."""
    statement = (
        update(RefreshToken)
        .where(
            RefreshToken.token_hash == token_hash,
            RefreshToken.used_at.is_(None),
            RefreshToken.expires_at > func.now(),
        )
        .values(used_at=func.now())
        .returning(RefreshToken.sign_in_id)
    )
    return (await connection.execute(statement)).scalar_one_or_none()


async def end_if_reused(connection: AsyncConnection, token_hash: bytes) -> bool:
    """End the sign-in whose used-up refresh token was presented again; whether there was one."""
    family = select(RefreshToken.sign_in_id).where(
        RefreshToken.token_hash == token_hash, RefreshToken.used_at.is_not(None)
    )
    return (await connection.execute(delete(SignIn).where(SignIn.id.in_(family)))).rowcount > 0


async def prolong(connection: AsyncConnection, sign_in_id: UUID, token_hash: bytes, expires_at: datetime) -> UUID:
    """Give a sign-in its next refresh token; the id of its user."""
    await _add_token(connection, sign_in_id, token_hash, expires_at)
    statement = update(SignIn).where(SignIn.id == sign_in_id).values(expires_at=expires_at).returning(SignIn.user_id)
    user_id: UUID = (await connection.execute(statement)).scalar_one()
    return user_id


async def end(connection: AsyncConnection, sign_in_id: UUID) -> None:
    """End a sign-in: none of its tokens holds from now on."""
    await connection.execute(delete(SignIn).where(SignIn.id == sign_in_id))


async def end_others(connection: AsyncConnection, user_id: UUID, sign_in_id: UUID) -> None:
    """End every sign-in of a user but this one."""
    await connection.execute(delete(SignIn).where(SignIn.user_id == user_id, SignIn.id != sign_in_id))


async def end_all(connection: AsyncConnection, user_id: UUID) -> None:
    """End every sign-in of a user."""
    await connection.execute(delete(SignIn).where(SignIn.user_id == user_id))


async def _add_token(connection: AsyncConnection, sign_in_id: UUID, token_hash: bytes, expires_at: datetime) -> None:
    await connection.execute(
        insert(RefreshToken).values(token_hash=token_hash, sign_in_id=sign_in_id, expires_at=expires_at)
    )
