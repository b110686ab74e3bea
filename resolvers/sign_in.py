"""Signing in and out, and whom a request's token speaks for."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from auth.passwords import checked_password
from auth.tokens import REFRESH_LIFETIME, AccessClaims, hash_of, new_refresh_token
from auth.viewer import Viewer
from core.audit import AuditAction
from core.clock import now
from core.errors import InvalidCredentials, InvalidRefreshToken, NotFound, Unauthenticated
from core.limits import NAME_CHARACTERS
from db.queries import audit_entry as audit_entries
from db.queries import sign_in as sign_ins
from db.queries import user as users
from db.queries.audit_entry import NewEntry
from db.queries.user import UserRow
from resolvers.attempts import observed
from resolvers.audit import note
from resolvers.caller import Caller, Client
from resolvers.services import Services

_TOO_MANY = "Too many attempts to sign in. Please wait before you try again."
_WRONG = "The username or the password is wrong."


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
    return await _living(services, services.tokens.read(access_token))


async def authenticate_by_ticket(services: Services, ticket: str, resource: str) -> tuple[Viewer, UserRow]:
    """Whom a ticket for a download speaks for. Unauthenticated when it does not hold, or its sign-in has ended."""
    return await _living(services, services.tokens.read_ticket(ticket, resource))


@observed("login")
async def login(services: Services, client: Client, username: str, password: str) -> Session:
    """Sign in. InvalidCredentials, after the same time, whether the user or the password is wrong; TooManyAttempts."""
    throttles = services.throttles
    await throttles.sign_in_per_address.attempt(client.network, _TOO_MANY)
    user_id, stored = await _credentials(services, username)
    account = _throttle_key(user_id, username)
    await throttles.sign_in_per_account.attempt(f"{account}@{client.network}", _TOO_MANY)
    await throttles.sign_in_per_account_everywhere.attempt(account, _TOO_MANY)
    matches, renewed = await services.passwords.check_and_renew(password, stored)
    if not matches or user_id is None:
        raise InvalidCredentials(_WRONG)
    token, expires_at = new_refresh_token(), now() + REFRESH_LIFETIME
    async with services.database.write() as connection:
        current = await users.locked_password_hash(connection, user_id, to_change=renewed is not None)
        if current != stored and not await services.passwords.check(password, current):
            raise InvalidCredentials(_WRONG)  # changed since we looked, by somebody who wanted this sign-in gone
        if current == stored and renewed is not None:
            await users.set_password_hash(connection, user_id, renewed)
        sign_in_id = await sign_ins.begin(connection, user_id, hash_of(token), expires_at)
        return await _session(services, connection, AccessClaims(user_id, sign_in_id), token, expires_at)


@observed("refresh")
async def refresh(services: Services, client: Client, refresh_token: str) -> Session:
    """Exchange a refresh token for a new pair. InvalidRefreshToken; one seen a second time also ends its sign-in."""
    await services.throttles.sign_in_per_address.attempt(client.network, _TOO_MANY)
    return await _go_on(services, refresh_token)


async def logout(caller: Caller) -> None:
    """End the caller's sign-in: none of its tokens holds from now on."""
    await _end(caller.services, caller.viewer.sign_in_id)


async def logout_by_refresh_token(services: Services, refresh_token: str) -> UserRow:
    """End the sign-in of a refresh token, once the access token has expired; whose it was. InvalidRefreshToken."""
    session = await _go_on(services, refresh_token)
    await _end(services, session.viewer.sign_in_id)
    return session.user


@observed("change_password")
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
        if await users.locked_password_hash(connection, viewer.user_id, to_change=True) != stored:
            raise InvalidCredentials("The password was changed at the same moment.")
        await users.set_password_hash(connection, viewer.user_id, password_hash)
        await sign_ins.end_others(connection, viewer.user_id, viewer.sign_in_id)
        await note(connection, viewer, AuditAction.PASSWORD_CHANGED, subject_id=viewer.user_id)


async def set_password(services: Services, username: str, new: str) -> None:
    """Set an account's password on nobody's behalf, and end all its sign-ins. NotFound, InvalidInput."""
    password_hash = await services.passwords.hash(checked_password(new))
    async with services.database.write() as connection:
        user = await users.by_username(connection, username)
        if user is None:
            raise NotFound(f"There is no user named {username}.")
        await users.set_password_hash(connection, user.id, password_hash)
        await sign_ins.end_all(connection, user.id)
        await audit_entries.add(connection, NewEntry(AuditAction.PASSWORD_SET, None, subject_id=user.id))


async def _living(services: Services, claims: AccessClaims) -> tuple[Viewer, UserRow]:
    async with services.database.alone() as connection:
        return await _account(connection, claims)


async def _credentials(services: Services, username: str) -> tuple[UUID | None, str | None]:
    if len(username) > NAME_CHARACTERS:
        return None, None
    async with services.database.read() as connection:
        return await users.credentials(connection, username) or (None, None)


def _throttle_key(user_id: UUID | None, username: str) -> str:
    """What attempts on an account are counted by: of a bounded size, and one for all spellings of its name."""
    return sha256(username.casefold().encode()).hexdigest() if user_id is None else user_id.hex


async def _end(services: Services, sign_in_id: UUID) -> None:
    async with services.database.write() as connection:
        await sign_ins.end(connection, sign_in_id)


async def _go_on(services: Services, refresh_token: str) -> Session:
    next_token, expires_at = new_refresh_token(), now() + REFRESH_LIFETIME
    async with services.database.write() as connection:
        sign_in_id = await sign_ins.use_token(connection, hash_of(refresh_token))
        if sign_in_id is not None:
            user_id = await sign_ins.prolong(connection, sign_in_id, hash_of(next_token), expires_at)
            return await _session(services, connection, AccessClaims(user_id, sign_in_id), next_token, expires_at)
    # On its own: whoever waited above for another use of the token holds its lock still, and would meet in a deadlock
    # with one who has come later and ends the sign-in.
    async with services.database.write() as connection:
        await sign_ins.end_if_reused(connection, hash_of(refresh_token))
    raise InvalidRefreshToken("This refresh token does not hold any more. Sign in again.")


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
