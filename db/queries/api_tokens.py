"""API tokens, and the accounts that they speak for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.roles import Role
from core.scope import Scope
from core.token_scopes import TokenScope
from db.models import ApiToken, Membership, User
from db.queries.team_leads import teams_led
from db.queries.users import UserRow
from db.tenancy import in_scope

_USE_IS_NOTED = timedelta(minutes=1)
"""The precision of `last_used_at`: a token in use costs one write a minute."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that is being made, of an organization (a service account) or a user."""

    token_hash: bytes
    token_prefix: str
    organization_id: UUID | None
    user_id: UUID | None
    name: str
    scopes: frozenset[TokenScope]
    created_by: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ApiTokenRow:
    """A token. `organization_id` is that of a service account; None for a user's personal token."""

    id: UUID
    token_prefix: str
    organization_id: UUID | None
    user_id: UUID | None
    name: str
    scopes: tuple[TokenScope, ...]
    created_by: UUID
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenAccount:
    """A token that holds, the user whom it speaks for (None: it is a service account), and what it gives them."""

    token: ApiTokenRow
    user: UserRow | None
    roles: dict[UUID, Role]
    teams_led: frozenset[UUID]
    is_use_due: bool
    """True if the token's use is to be noted again."""


_COLUMNS = (
    ApiToken.id,
    ApiToken.token_prefix,
    ApiToken.organization_id,
    ApiToken.user_id,
    ApiToken.name,
    ApiToken.scopes,
    ApiToken.created_by,
    ApiToken.created_at,
    ApiToken.expires_at,
    ApiToken.last_used_at,
)
_UNEXPIRED = ApiToken.expires_at > func.now()
_USE_IS_DUE = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at < func.now() - _USE_IS_NOTED)


def _row(row: Any) -> ApiTokenRow:
    return ApiTokenRow(
        row.id,
        row.token_prefix,
        row.organization_id,
        row.user_id,
        row.name,
        tuple(TokenScope(scope) for scope in row.scopes),
        row.created_by,
        row.created_at,
        row.expires_at,
        row.last_used_at,
    )


async def account_by_hash(connection: AsyncConnection, token_hash: bytes) -> TokenAccount | None:
    """Return the account that a token speaks for; None if the token is unknown, revoked or expired."""
    return await _account(connection, ApiToken.token_hash == token_hash)


async def account_by_id(connection: AsyncConnection, token_id: UUID) -> TokenAccount | None:
    """Return the account that a token speaks for; None if it is revoked or expired."""
    return await _account(connection, ApiToken.id == token_id)


async def _account(connection: AsyncConnection, condition: ColumnElement[bool]) -> TokenAccount | None:
    statement = (
        select(
            *_COLUMNS,
            _USE_IS_DUE.label("is_use_due"),
            User.username,
            User.is_super_admin,
            User.created_at.label("user_created_at"),
            User.updated_at.label("user_updated_at"),
            Membership.organization_id.label("member_of"),
            Membership.role,
            teams_led(),
        )
        .outerjoin(User, User.id == ApiToken.user_id)
        .outerjoin(Membership, Membership.user_id == ApiToken.user_id)
        .where(condition, _UNEXPIRED)
    )
    rows = (await connection.execute(statement)).all()
    if not rows:
        return None
    first, token = rows[0], _row(rows[0])
    if token.organization_id is not None:
        return TokenAccount(token, None, {token.organization_id: Role.ADMIN}, frozenset(), first.is_use_due)
    user = UserRow(first.user_id, first.username, first.is_super_admin, first.user_created_at, first.user_updated_at)
    roles = {row.member_of: Role(row.role) for row in rows if row.member_of is not None}
    led = frozenset(team_id for row in rows for team_id in row.teams_led or ())
    return TokenAccount(token, user, roles, led, first.is_use_due)


async def note_use(connection: AsyncConnection, token_id: UUID) -> None:
    """Set the time at which a token was last used, unless that was done within the last minute."""
    await connection.execute(
        update(ApiToken).where(ApiToken.id == token_id, _USE_IS_DUE).values(last_used_at=func.now())
    )


async def add(connection: AsyncConnection, new: NewToken) -> ApiTokenRow:
    """Store a token."""
    values = {
        "token_hash": new.token_hash,
        "token_prefix": new.token_prefix,
        "organization_id": new.organization_id,
        "user_id": new.user_id,
        "name": new.name,
        "scopes": sorted(scope.value for scope in new.scopes),
        "created_by": new.created_by,
        "expires_at": new.expires_at,
    }
    return _row((await connection.execute(insert(ApiToken).values(values).returning(*_COLUMNS))).one())


async def of_user(connection: AsyncConnection, user_id: UUID) -> list[ApiTokenRow]:
    """Return a user's tokens, the newest first: API_TOKENS at most, those that have expired included."""
    return await _newest(connection, ApiToken.user_id == user_id)


async def by_organization(
    connection: AsyncConnection, scope: Scope, organization_ids: Iterable[UUID]
) -> dict[UUID, list[ApiTokenRow]]:
    """Return each organization's service accounts, the newest first: API_TOKENS of each at most."""
    ids = list(organization_ids)
    found: dict[UUID, list[ApiTokenRow]] = {organization_id: [] for organization_id in ids}
    for token in await _newest(
        connection, and_(in_scope(scope, ApiToken.organization_id), ApiToken.organization_id.in_(ids))
    ):
        assert token.organization_id is not None  # noqa: S101 - it is one of the ids
        found[token.organization_id].append(token)
    return found


async def by_id(connection: AsyncConnection, token_id: UUID) -> ApiTokenRow | None:
    """Return a token, whoever it belongs to."""
    row = (await connection.execute(select(*_COLUMNS).where(ApiToken.id == token_id))).one_or_none()
    return None if row is None else _row(row)


async def remove(connection: AsyncConnection, token_id: UUID) -> bool:
    """Revoke a token: no request that presents it is answered from now on. False if it is gone already."""
    return (await connection.execute(delete(ApiToken).where(ApiToken.id == token_id))).rowcount > 0


async def _newest(connection: AsyncConnection, condition: ColumnElement[bool]) -> list[ApiTokenRow]:
    statement = select(*_COLUMNS).where(condition).order_by(ApiToken.created_at.desc(), ApiToken.id)
    return [_row(row) for row in await connection.execute(statement)]
