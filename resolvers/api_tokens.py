"""API tokens of service accounts and of users: make, list, revoke, and authenticate requests by them."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from auth.api_tokens import PERSONAL, SERVICE_ACCOUNT, checked_hash, new_api_token
from auth.viewer import Viewer
from core.audit import AuditAction
from core.clock import now
from core.errors import InvalidInput, NotFound, TooManyTokens, Unauthenticated, Unavailable
from core.limits import API_TOKEN_DAYS, API_TOKENS
from core.names import checked_name
from core.token_scopes import TokenScope
from db.queries import api_tokens, organizations, users
from db.queries.api_tokens import ApiTokenRow, NewToken, TokenAccount
from db.queries.users import UserRow
from resolvers.audit import record_audit_entry
from resolvers.caller import Caller
from resolvers.joining import end_made_by
from resolvers.services import Services

_DEFAULT_DAYS, _MOST_DAYS = API_TOKEN_DAYS
_NOT_FOUND = "There is no such token, or it has been revoked."


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """The name, scopes and end of a token to make; without an end it holds for 90 days."""

    name: str
    scopes: Iterable[TokenScope]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token. Its text is nowhere else."""

    row: ApiTokenRow
    text: str


async def authenticate(services: Services, text: str) -> tuple[Viewer, UserRow | None]:
    """Return the viewer of an API token, and their account (None: a service account). Unauthenticated."""
    token_hash = checked_hash(text)
    async with services.database.alone() as connection:
        account = await api_tokens.account_by_hash(connection, token_hash)
    if account is None:
        raise Unauthenticated("The API token is unknown, revoked or expired. Make a new one.")
    if account.is_use_due:
        with suppress(Unavailable):  # a database that cannot be written to can still answer
            async with services.database.write() as connection:
                await api_tokens.note_use(connection, account.token.id)
    return viewer_of(account)


def viewer_of(account: TokenAccount) -> tuple[Viewer, UserRow | None]:
    """Return the viewer that a token speaks for, with the token's scopes, and their account."""
    token, user = account.token, account.user
    is_super_admin = user is not None and user.is_super_admin
    owner_id = token.id if user is None else user.id
    scopes, led = frozenset(token.scopes), account.teams_led
    return Viewer(owner_id, token.id, is_super_admin, account.roles, scopes, led), user


async def create_service_account(caller: Caller, organization_id: UUID | None, request: TokenRequest) -> IssuedToken:
    """Make a service account of an organization. NotFound, Forbidden, InvalidInput, TooManyTokens."""
    organization_id = caller.viewer.require_management_of(organization_id)
    name, scopes, expires_at = _checked(request)
    token = new_api_token(SERVICE_ACCOUNT)
    async with caller.database.write() as db:
        if not await organizations.lock(db, caller.viewer.manageable, organization_id):
            raise NotFound("There is no such organization.")
        existing = await api_tokens.by_organization(db, caller.viewer.manageable, [organization_id])
        if len(existing[organization_id]) >= API_TOKENS:
            raise TooManyTokens(f"An organization has at most {API_TOKENS} service accounts. Revoke one first.")
        new = NewToken(token.hash, token.prefix, organization_id, None, name, scopes, caller.viewer.user_id, expires_at)
        row = await api_tokens.add(db, new)
        await _record(db, caller, AuditAction.SERVICE_ACCOUNT_CREATED, row)
    return IssuedToken(row, token.text)


async def create_personal(caller: Caller, request: TokenRequest) -> IssuedToken:
    """Make a token of the viewer's own. InvalidInput, TooManyTokens."""
    name, scopes, expires_at = _checked(request)
    token, user_id = new_api_token(PERSONAL), caller.viewer.user_id
    async with caller.database.write() as db:
        await users.lock(db, user_id)
        if len(await api_tokens.of_user(db, user_id)) >= API_TOKENS:
            raise TooManyTokens(f"You have {API_TOKENS} API tokens, the most there may be. Revoke one first.")
        row = await api_tokens.add(
            db, NewToken(token.hash, token.prefix, None, user_id, name, scopes, user_id, expires_at)
        )
        await _record(db, caller, AuditAction.PERSONAL_TOKEN_CREATED, row)
    return IssuedToken(row, token.text)


async def revoke(caller: Caller, token_id: UUID | None) -> None:
    """Delete a token of the viewer's own, or a service account of an organization they manage. NotFound, Forbidden."""
    viewer = caller.viewer
    async with caller.database.write() as db:
        token = None if token_id is None else await api_tokens.by_id(db, token_id)
        if token is None or not _may_know_of(viewer, token):
            raise NotFound(_NOT_FOUND)
        action = AuditAction.PERSONAL_TOKEN_REVOKED
        if token.organization_id is not None:
            viewer.require_management_of(token.organization_id)
            await end_made_by(db, token.organization_id, token.id)
            action = AuditAction.SERVICE_ACCOUNT_REVOKED
        if not await api_tokens.remove(db, token.id):
            raise NotFound(_NOT_FOUND)
        await _record(db, caller, action, token)


async def own(caller: Caller, user_id: UUID) -> list[ApiTokenRow] | None:
    """Return the viewer's own tokens, the newest first; None for another account."""
    if user_id != caller.viewer.user_id:
        return None
    async with caller.database.read() as db:
        return await api_tokens.of_user(db, user_id)


async def of_organization(caller: Caller, organization_id: UUID) -> list[ApiTokenRow]:
    """Return an organization's service accounts, the newest first. Forbidden unless the viewer manages it."""
    caller.viewer.require_management_of(organization_id)
    return await caller.batches.load(api_tokens.by_organization, organization_id) or []


def _may_know_of(viewer: Viewer, token: ApiTokenRow) -> bool:
    if token.organization_id is None:
        return token.user_id == viewer.user_id
    return viewer.readable.covers(token.organization_id)


def _checked(request: TokenRequest) -> tuple[str, frozenset[TokenScope], datetime]:
    scopes = frozenset(request.scopes)
    if not scopes:
        raise InvalidInput("`scopes` names at least one scope: without any, the token could do nothing.", "scopes")
    expires_at = now() + timedelta(days=_DEFAULT_DAYS) if request.expires_at is None else request.expires_at
    if not now() < expires_at <= now() + timedelta(days=_MOST_DAYS):
        raise InvalidInput(f"`expiresAt` is in the future, at most {_MOST_DAYS} days from now.", "expiresAt")
    return checked_name("name", request.name), scopes, expires_at


async def _record(db: AsyncConnection, caller: Caller, action: AuditAction, token: ApiTokenRow) -> None:
    await record_audit_entry(
        db,
        caller.viewer,
        action,
        organization_id=token.organization_id,
        subject_id=token.id,
        details={"scopes": " ".join(scope.value for scope in token.scopes)},
    )
