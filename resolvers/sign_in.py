"""Signing in and out, and whom a request's token speaks for."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from auth.passwords import checked_password
from auth.tokens import REFRESH_LIFETIME, AccessClaims, hash_of, new_refresh_token
from auth.viewer import Viewer
from core.clock import now
from core.errors import InvalidCredentials, InvalidRefreshToken, Unauthenticated
from db.queries import sign_in as sign_ins
from db.queries import user as users
from db.queries.user import UserRow
from resolvers.caller import Caller, Client
from resolvers.services import Services

_TOO_MANY = "Too many attempts to sign in. Please wait before you try again."


@dataclass(frozen=True, slots=True)
class Session:
    """A fresh pair of tokens and whom they speak for."""

    access_token: str
    expires_at: datetime
    refresh_token: str
    refresh_expires_at: datetime
    viewer: Viewer
    user: UserRow


async def authenticate(services: Services, access_token: str) -> tuple[Viewer, UserRow]:
    """Whom an access token speaks for. Unauthenticated when it does not hold, or its sign-in has ended."""
    claims = services.tokens.read(access_token)
    async with services.database.read() as connection:
        return await _account(connection, claims)


async def login(services: Services, client: Client, username: str, password: str) -> Session:
    """Sign in. InvalidCredentials, after the same time, whether the user or the password is wrong; TooManyAttempts."""
    await services.throttles.sign_in_per_address.attempt(client.address, _TOO_MANY)
    await services.throttles.sign_in_per_account.attempt(username.casefold(), _TOO_MANY)
    async with services.database.read() as connection:
        account = await users.credentials(connection, username)
    user_id, stored = account or (None, None)
    if not await services.passwords.check(password, stored) or user_id is None:
        raise InvalidCredentials("The username or the password is wrong.")
    return await _begin(services, user_id)


async def refresh(services: Services, client: Client, refresh_token: str) -> Session:
    """Exchange a refresh token for a new pair. InvalidRefreshToken; one seen a second time also ends its sign-in."""
    await services.throttles.sign_in_per_address.attempt(client.address, _TOO_MANY)
    next_token, expires_at = new_refresh_token(), now() + REFRESH_LIFETIME
    async with services.database.write() as connection:
        sign_in_id = await sign_ins.use_token(connection, hash_of(refresh_token))
        if sign_in_id is not None:
            user_id = await sign_ins.prolong(connection, sign_in_id, hash_of(next_token), expires_at)
            return await _session(services, connection, AccessClaims(user_id, sign_in_id), next_token, expires_at)
        await sign_ins.end_if_reused(connection, hash_of(refresh_token))
    raise InvalidRefreshToken("This refresh token does not hold any more. Sign in again.")


async def logout(caller: Caller) -> None:
    """End the caller's sign-in: none of its tokens holds from now on."""
    async with caller.database.write() as connection:
        await sign_ins.end(connection, caller.viewer.sign_in_id)


async def change_password(caller: Caller, current: str, new: str) -> None:
    """Set the caller's password and end all their other sign-ins. InvalidCredentials when `current` is wrong."""
    services, viewer = caller.services, caller.viewer
    await services.throttles.sign_in_per_account.attempt(viewer.user_id.hex, _TOO_MANY)
    checked_password(new, "newPassword")
    async with services.database.read() as connection:
        stored = await users.password_hash(connection, viewer.user_id)
    if not await services.passwords.check(current, stored):
        raise InvalidCredentials("The current password is wrong.")
    password_hash = await services.passwords.hash(new)
    async with services.database.write() as connection:
        await users.set_password_hash(connection, viewer.user_id, password_hash)
        await sign_ins.end_others(connection, viewer.user_id, viewer.sign_in_id)


async def _begin(services: Services, user_id: UUID) -> Session:
    token, expires_at = new_refresh_token(), now() + REFRESH_LIFETIME
    async with services.database.write() as connection:
        sign_in_id = await sign_ins.begin(connection, user_id, hash_of(token), expires_at)
        return await _session(services, connection, AccessClaims(user_id, sign_in_id), token, expires_at)


async def _session(
    services: Services, connection: AsyncConnection, claims: AccessClaims, refresh_token: str, expires_at: datetime
) -> Session:
    viewer, user = await _account(connection, claims)
    access = services.tokens.issue(claims)
    return Session(access.text, access.expires_at, refresh_token, expires_at, viewer, user)


async def _account(connection: AsyncConnection, claims: AccessClaims) -> tuple[Viewer, UserRow]:
    account = await sign_ins.account(connection, claims.sign_in_id, claims.user_id)
    if account is None:
        raise Unauthenticated("This sign-in has ended. Sign in again.")
    user = account.user
    return Viewer(user.id, claims.sign_in_id, user.is_super_admin, account.roles), user
