"""Signing in and out, and the authentication of requests by their tokens."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from auth.passwords import checked_password
from auth.tokens import (
    REFRESH_GRACE,
    REFRESH_LIFETIME,
    AccessClaims,
    hash_of,
    new_refresh_token,
    new_successor_seed,
    successor_of,
)
from auth.viewer import Viewer
from core.audit import AuditAction
from core.clock import now
from core.errors import InvalidCredentials, InvalidRefreshToken, NotFound, Unauthenticated
from core.names import LONGEST_FORM, normalized_name
from db.queries import audit_entries, sign_ins, users
from db.queries.audit_entries import NewEntry
from db.queries.users import UserRow
from resolvers.attempts import record_outcome
from resolvers.audit import record_audit_entry
from resolvers.caller import Caller, Client
from resolvers.password_rule import require_passwords
from resolvers.services import Services

TOO_MANY = "Too many attempts to sign in. Please wait before you try again."
_WRONG = "The username or the password is wrong."


@dataclass(frozen=True, slots=True)
class Session:
    """A new pair of tokens and the user that they authenticate."""

    access_token: str
    expires_at: datetime
    refresh_token: str
    refresh_expires_at: datetime
    viewer: Viewer
    user: UserRow


async def authenticate(services: Services, access_token: str) -> tuple[Viewer, UserRow]:
    """Return the user of an access token. Unauthenticated if it is invalid, or its sign-in has ended."""
    claims = services.tokens.read(access_token)
    async with services.database.alone() as connection:
        return await _living(connection, claims)


async def account(connection: AsyncConnection, claims: AccessClaims) -> tuple[Viewer, UserRow] | None:
    """Return the user of a sign-in; None if it has ended."""
    found = await sign_ins.account(connection, claims.credential_id, claims.user_id)
    if found is None:
        return None
    user = found.user
    viewer = Viewer(user.id, claims.credential_id, user.is_super_admin, found.roles, teams_led=found.teams_led)
    return viewer, user


@record_outcome("login")
async def login(services: Services, client: Client, username: str, password: str) -> Session:
    """Sign in. InvalidCredentials, after the same time, whether the user or the password is wrong; TooManyAttempts.

    PasswordsNotAccepted where single sign-on is the only way in.
    """
    throttles = services.throttles
    require_passwords(services)
    await throttles.sign_in_per_address.attempt(client.network, TOO_MANY)
    services.passwords.queue.check(client.network)  # before the account is looked up, or the attempt counted for it
    user_id, stored = await _credentials(services, username)
    account = _throttle_key(user_id, username)
    await throttles.sign_in_per_account.attempt(f"{account}@{client.network}", TOO_MANY)
    await throttles.sign_in_per_account_everywhere.attempt(account, TOO_MANY)
    matches, renewed = await services.passwords.check_and_renew(password, stored, client.network)
    if not matches or user_id is None:
        raise InvalidCredentials(_WRONG)
    async with services.database.write() as connection:
        current = await users.locked_password_hash(connection, user_id, to_change=renewed is not None)
        if current != stored and not await services.passwords.check(password, current):
            raise InvalidCredentials(_WRONG)  # changed meanwhile, perhaps to end such sign-ins
        if current == stored and renewed is not None:
            await users.set_password_hash(connection, user_id, renewed)
        return await begun(services, connection, client, user_id)


async def begun(
    services: Services,
    connection: AsyncConnection,
    client: Client,
    user_id: UUID,
    *,
    ends_at: datetime | None = None,
) -> Session:
    """Begin a sign-in of somebody who has shown who they are. `ends_at`: no token holds beyond that."""
    token, expires_at = new_refresh_token(), ends_at or now() + REFRESH_LIFETIME
    sign_in_id = await sign_ins.begin(
        connection, user_id, hash_of(token), expires_at, client.user_agent, ends_at=ends_at
    )
    return await _session(services, connection, AccessClaims(user_id, sign_in_id), token, expires_at)


@record_outcome("refresh")
async def refresh(services: Services, client: Client, refresh_token: str) -> Session:
    """Exchange a refresh token for a new pair of tokens. InvalidRefreshToken, PasswordsNotAccepted.

    The token used last returns the same successor again for some seconds. Reuse of any other ends its sign-in.
    """
    await services.throttles.sign_in_per_address.attempt(client.network, TOO_MANY)
    return await _go_on(services, client, refresh_token)


async def logout(caller: Caller) -> None:
    """End the caller's sign-in, which invalidates all of its tokens."""
    await _end(caller.services, caller.viewer.credential_id)


async def logout_by_refresh_token(services: Services, client: Client, refresh_token: str) -> UserRow:
    """End the sign-in of a refresh token, whose access token may have expired; return the user. InvalidRefreshToken."""
    session = await _go_on(services, client, refresh_token, to_end=True)
    await _end(services, session.viewer.credential_id)
    return session.user


@record_outcome("change_password")
async def change_password(caller: Caller, current: str, new: str) -> None:
    """Set the caller's password and end all their other sign-ins. InvalidCredentials when `current` is wrong.

    PasswordsNotAccepted where single sign-on is the only way in.
    """
    services, viewer = caller.services, caller.viewer
    require_passwords(services)
    await services.throttles.sign_in_per_account.attempt(viewer.user_id.hex, TOO_MANY)
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
        await sign_ins.end_others(connection, viewer.user_id, viewer.credential_id)
        await record_audit_entry(connection, viewer, AuditAction.PASSWORD_CHANGED, subject_id=viewer.user_id)


async def set_password(services: Services, username: str, new: str) -> None:
    """Set an account's password from the command line, and end all its sign-ins. NotFound, InvalidInput."""
    password_hash = await services.passwords.hash(checked_password(new))
    async with services.database.write() as connection:
        user = await users.by_username(connection, username)
        if user is None:
            raise NotFound(f"There is no user named {username}.")
        await users.set_password_hash(connection, user.id, password_hash)
        await sign_ins.end_all(connection, user.id)
        await audit_entries.add(connection, NewEntry(AuditAction.PASSWORD_SET, None, subject_id=user.id))


async def end_by_cookies(
    services: Services, client: Client, access_token: str | None, refresh_token: str | None
) -> bool:
    """End the sign-in of a browser's tokens, if it has not ended; return whether it was by single sign-on."""
    try:
        sign_in_id = services.tokens.read(access_token or "").credential_id
    except Unauthenticated:
        try:
            session = await _go_on(services, client, refresh_token or "", to_end=True)
            sign_in_id = session.viewer.credential_id
        except InvalidRefreshToken:
            return False
    return await _end(services, sign_in_id)


async def _living(connection: AsyncConnection, claims: AccessClaims) -> tuple[Viewer, UserRow]:
    found = await account(connection, claims)
    if found is None:
        raise Unauthenticated("This sign-in has ended. Sign in again.")
    return found


async def _credentials(services: Services, username: str) -> tuple[UUID | None, str | None]:
    if len(username) > LONGEST_FORM:
        return None, None
    async with services.database.read() as connection:
        return await users.credentials(connection, username) or (None, None)


def _throttle_key(user_id: UUID | None, username: str) -> str:
    """Return the key by which attempts on an account count: bounded in size, the same for all spellings."""
    if user_id is not None:
        return user_id.hex
    name = normalized_name(username) if len(username) <= LONGEST_FORM else username
    return sha256(name.encode(errors="replace")).hexdigest()


async def _end(services: Services, sign_in_id: UUID) -> bool:
    async with services.database.write() as connection:
        return await sign_ins.end(connection, sign_in_id)


async def _go_on(services: Services, client: Client, refresh_token: str, *, to_end: bool = False) -> Session:
    """Return the session with its next tokens. `to_end`: it is ended right away, however it began."""
    seed, expires_at = new_successor_seed(), now() + REFRESH_LIFETIME
    successor = successor_of(refresh_token, seed)
    async with services.database.write() as connection:
        sign_in_id = await sign_ins.use_token(connection, hash_of(refresh_token))
        if sign_in_id is not None:
            prolonged = await sign_ins.prolong(
                connection, sign_in_id, hash_of(successor), seed, expires_at, client.user_agent
            )
            if not (prolonged.by_sso or to_end):
                require_passwords(services)
            claims = AccessClaims(prolonged.user_id, sign_in_id)
            return await _session(services, connection, claims, successor, prolonged.expires_at)
    # In a transaction of its own: the one above still holds the lock of the token that it waited for, and could
    # deadlock with a later request that ends the sign-in.
    async with services.database.write() as connection:
        session = await _again_or_end(services, connection, refresh_token)
    if session is None:
        raise InvalidRefreshToken("This refresh token does not hold any more. Sign in again.")
    return session


async def _again_or_end(services: Services, connection: AsyncConnection, refresh_token: str) -> Session | None:
    """Return the session of a used refresh token's successor, within the grace period; else end the sign-in.

    The seed is that of the token used last, so an older token yields none that exists.
    """
    used = await sign_ins.used_token(connection, hash_of(refresh_token), REFRESH_GRACE)
    if used is None:
        return None
    if used.within_grace and used.successor_seed is not None:
        successor = successor_of(refresh_token, used.successor_seed)
        expires_at = await sign_ins.unused_token_expiry(connection, hash_of(successor))
        if expires_at is not None:
            claims = AccessClaims(used.user_id, used.sign_in_id)
            return await _session(services, connection, claims, successor, expires_at)
    await sign_ins.end(connection, used.sign_in_id)
    return None


async def _session(
    services: Services, connection: AsyncConnection, claims: AccessClaims, refresh_token: str, expires_at: datetime
) -> Session:
    viewer, user = await _living(connection, claims)
    access = services.tokens.issue(claims)
    return Session(access.text, access.expires_at, refresh_token, expires_at, viewer, user)
