"""Sign-ins, refresh tokens, and whom an access token speaks for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from sqlalchemy import Uuid, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.roles import Role
from db.models import Membership, RefreshToken, SignIn, User
from db.prepared import Prepared, fetch, parameter, prepared
from db.queries.team_leads import teams_led
from db.queries.users import UserRow


@dataclass(frozen=True, slots=True)
class UsedToken:
    """A refresh token that was used, and what its sign-in knows of the last one's successor."""

    sign_in_id: UUID
    user_id: UUID
    within_grace: bool
    successor_seed: bytes | None


@dataclass(frozen=True, slots=True)
class Prolonged:
    """A sign-in that goes on: whose it is, until when, and whether it began by single sign-on."""

    user_id: UUID
    expires_at: datetime
    by_sso: bool


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The account of a living sign-in, its roles by organization, and the teams that it leads."""

    user: UserRow
    roles: dict[UUID, Role]
    teams_led: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class SignInRow:
    """A sign-in that has not ended. `client`: the User-Agent that began it or refreshed it last, at `last_used_at`."""

    id: UUID
    client: str | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


async def account(connection: AsyncConnection, sign_in_id: UUID, user_id: UUID) -> SignedIn | None:
    """Return the account of a sign-in; None if the sign-in has ended."""
    values = {"sign_in_id": sign_in_id, "user_id": user_id}
    rows = await fetch(connection, _account_statement(), values)
    if not rows:
        return None
    roles = {row.organization_id: Role(row.role) for row in rows if row.role is not None}
    led = frozenset(team_id for row in rows for team_id in row.teams_led or ())
    return SignedIn(UserRow(*rows[0][:5]), roles, led)


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
            teams_led(),
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


async def begin(
    connection: AsyncConnection,
    user_id: UUID,
    token_hash: bytes,
    expires_at: datetime,
    client: str | None,
    *,
    ends_at: datetime | None = None,
) -> UUID:
    """Begin a sign-in with its first refresh token; return the sign-in's id. `ends_at`: no token holds beyond that."""
    values = {"user_id": user_id, "expires_at": expires_at, "client": client, "ends_at": ends_at}
    statement = insert(SignIn).values(values).returning(SignIn.id)
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


async def used_token(connection: AsyncConnection, token_hash: bytes, grace: timedelta) -> UsedToken | None:
    """A refresh token that was used, and whether less than `grace` ago; None when it is unknown or was never used.

    Its sign-in is locked: nobody gives it another token, or ends it, before the transaction is over.
    """
    statement = (
        select(SignIn.id, SignIn.user_id, RefreshToken.used_at > func.now() - grace, SignIn.successor_seed)
        .join(RefreshToken, RefreshToken.sign_in_id == SignIn.id)
        .where(RefreshToken.token_hash == token_hash, RefreshToken.used_at.is_not(None))
        .with_for_update(of=SignIn)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else UsedToken(*row)


async def unused_token_expiry(connection: AsyncConnection, token_hash: bytes) -> datetime | None:
    """Return the time at which an unused refresh token expires; None if there is no such token."""
    statement = select(RefreshToken.expires_at).where(
        RefreshToken.token_hash == token_hash, RefreshToken.used_at.is_(None)
    )
    return (await connection.execute(statement)).scalar_one_or_none()


async def prolong(
    connection: AsyncConnection,
    sign_in_id: UUID,
    token_hash: bytes,
    seed: bytes,
    expires_at: datetime,
    client: str | None,
) -> Prolonged:
    """Give a sign-in its next refresh token, made from `seed`, until `expires_at` unless it ends before."""
    statement = (
        update(SignIn)
        .where(SignIn.id == sign_in_id)
        .values(
            expires_at=func.least(expires_at, SignIn.ends_at),
            successor_seed=seed,
            client=client,
            last_used_at=func.now(),
        )
        .returning(SignIn.user_id, SignIn.expires_at, SignIn.ends_at.is_not(None))
    )
    prolonged = Prolonged(*(await connection.execute(statement)).one())
    await _add_token(connection, sign_in_id, token_hash, prolonged.expires_at)
    return prolonged


async def end(connection: AsyncConnection, sign_in_id: UUID) -> bool:
    """End a sign-in: none of its tokens holds from now on. True if it was by single sign-on."""
    statement = delete(SignIn).where(SignIn.id == sign_in_id).returning(SignIn.ends_at)
    return await connection.scalar(statement) is not None


async def latest_used(connection: AsyncConnection, user_id: UUID, limit: int) -> list[SignInRow]:
    """Return a user's living sign-ins, those used last first, at most `limit`."""
    columns = (SignIn.id, SignIn.client, SignIn.created_at, SignIn.last_used_at, SignIn.expires_at)
    statement = (
        select(*columns)
        .where(SignIn.user_id == user_id, SignIn.expires_at > func.now())
        .order_by(SignIn.last_used_at.desc(), SignIn.id)
        .limit(limit)
    )
    return [SignInRow(*row) for row in await connection.execute(statement)]


async def end_one_of(connection: AsyncConnection, user_id: UUID, sign_in_id: UUID) -> bool:
    """End a sign-in if it is this user's; False if it is not, or has ended."""
    statement = delete(SignIn).where(SignIn.id == sign_in_id, SignIn.user_id == user_id, SignIn.expires_at > func.now())
    return (await connection.execute(statement)).rowcount > 0


async def end_others(connection: AsyncConnection, user_id: UUID, sign_in_id: UUID) -> int:
    """End every sign-in of a user but this one; return the number of those ended."""
    statement = delete(SignIn).where(SignIn.user_id == user_id, SignIn.id != sign_in_id)
    return (await connection.execute(statement)).rowcount


async def end_all(connection: AsyncConnection, user_id: UUID) -> None:
    """End every sign-in of a user."""
    await connection.execute(delete(SignIn).where(SignIn.user_id == user_id))


async def _add_token(connection: AsyncConnection, sign_in_id: UUID, token_hash: bytes, expires_at: datetime) -> None:
    await connection.execute(
        insert(RefreshToken).values(token_hash=token_hash, sign_in_id=sign_in_id, expires_at=expires_at)
    )
