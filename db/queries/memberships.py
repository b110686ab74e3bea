"""Memberships: who belongs to which organization, as what."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.cursors import Instant
from core.roles import Role
from core.scope import Scope
from db.keyset import AnySelect, Ordering, PageRequest, RowPage, keyset_per, paginate_rows
from db.models import Membership, User
from db.queries.users import named
from db.tenancy import in_scope, organizations_in_scope


@dataclass(frozen=True, slots=True)
class MembershipRow:
    """A user's role in an organization. `by_sso`: it follows their groups at the provider of single sign-on."""

    organization_id: UUID
    user_id: UUID
    role: Role
    joined_at: datetime
    by_sso: bool


_COLUMNS = (
    Membership.organization_id,
    Membership.user_id,
    Membership.role,
    Membership.joined_at,
    Membership.by_sso,
)

BY_JOINING: Ordering[MembershipRow] = Ordering(
    "members", (Membership.joined_at, Membership.user_id), (Instant, UUID), lambda row: (row.joined_at, row.user_id)
)


def _row(organization_id: UUID, user_id: UUID, role: str, joined_at: datetime, by_sso: bool) -> MembershipRow:
    return MembershipRow(organization_id, user_id, Role(role), joined_at, by_sso)


def _visible(scope: Scope) -> AnySelect:
    return select(*_COLUMNS).where(in_scope(scope, Membership.organization_id))


async def pages_by_organization(
    connection: AsyncConnection, scope: Scope, organization_ids: Iterable[UUID], request: PageRequest
) -> dict[UUID, RowPage[MembershipRow]]:
    """The same page of each organization's members, in the order they joined."""
    ids = list(organization_ids)
    statement = _visible(scope).where(Membership.organization_id.in_(ids))
    found: dict[UUID, list[MembershipRow]] = {organization_id: [] for organization_id in ids}
    for row in await connection.execute(keyset_per(Membership.organization_id, statement, BY_JOINING, request)):
        found[row.parent].append(_row(*row[1:]))
    return {organization_id: paginate_rows(rows, BY_JOINING, request) for organization_id, rows in found.items()}


async def counts_by_organization(
    connection: AsyncConnection, scope: Scope, organization_ids: Iterable[UUID]
) -> dict[UUID, int]:
    """Return the number of each organization's members."""
    statement = (
        _visible(scope)
        .where(Membership.organization_id.in_(organization_ids))
        .with_only_columns(Membership.organization_id, func.count())
        .group_by(Membership.organization_id)
    )
    return {row[0]: row[1] for row in await connection.execute(statement)}


async def by_users(
    connection: AsyncConnection, scope: Scope, user_ids: Iterable[UUID]
) -> dict[UUID, list[MembershipRow]]:
    """Each user's memberships in the organizations in scope, in the order they joined."""
    return await _by_users(connection, _visible(scope), user_ids)


async def of_viewer(
    connection: AsyncConnection, scope: Scope, user_ids: Iterable[UUID]
) -> dict[UUID, list[MembershipRow]]:
    """The viewer's own memberships, also those in which they lead teams."""
    own = select(*_COLUMNS).where(organizations_in_scope(scope, Membership.organization_id))
    return await _by_users(connection, own, user_ids)


async def _by_users(
    connection: AsyncConnection, visible: AnySelect, user_ids: Iterable[UUID]
) -> dict[UUID, list[MembershipRow]]:
    ids = list(user_ids)
    found: dict[UUID, list[MembershipRow]] = {user_id: [] for user_id in ids}
    statement = visible.where(Membership.user_id.in_(ids)).order_by(*BY_JOINING.columns)
    for row in await connection.execute(statement):
        found[row.user_id].append(_row(*row))
    return found


async def of_member(
    connection: AsyncConnection, scope: Scope, organization_id: UUID, user_id: UUID
) -> MembershipRow | None:
    """A user's membership in an organization in scope."""
    statement = _visible(scope).where(Membership.organization_id == organization_id, Membership.user_id == user_id)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _row(*row)


async def of_user(connection: AsyncConnection, user_id: UUID) -> list[MembershipRow]:
    """Return all memberships of a user, in no particular order."""
    return [_row(*row) for row in await connection.execute(select(*_COLUMNS).where(Membership.user_id == user_id))]


async def add(
    connection: AsyncConnection, organization_id: UUID, user_id: UUID, role: Role, *, by_sso: bool = False
) -> MembershipRow | None:
    """Make a user a member; None if they are one already."""
    statement = (
        insert(Membership)
        .values(organization_id=organization_id, user_id=user_id, role=role.value, by_sso=by_sso)
        .on_conflict_do_nothing()
        .returning(*_COLUMNS)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _row(*row)


async def set_role(
    connection: AsyncConnection, organization_id: UUID, user_id: UUID, role: Role
) -> MembershipRow | None:
    """Change a member's role; None if they are no member."""
    statement = (
        update(Membership)
        .where(Membership.organization_id == organization_id, Membership.user_id == user_id)
        .values(role=role.value)
        .returning(*_COLUMNS)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _row(*row)


async def remove(connection: AsyncConnection, organization_id: UUID, user_id: UUID) -> bool:
    """End a membership; False when there was none."""
    statement = delete(Membership).where(Membership.organization_id == organization_id, Membership.user_id == user_id)
    return (await connection.execute(statement)).rowcount > 0


async def has_username(connection: AsyncConnection, organization_id: UUID, username: str) -> bool:
    """True if a member of the organization has that username, however it is written."""
    statement = (
        select(Membership.user_id)
        .join(User, User.id == Membership.user_id)
        .where(Membership.organization_id == organization_id, named(username))
    )
    return await connection.scalar(statement) is not None


async def is_admin(connection: AsyncConnection, organization_id: UUID, user_id: UUID) -> bool:
    """True if a user is an admin of the organization."""
    statement = select(Membership.user_id).where(
        Membership.organization_id == organization_id,
        Membership.user_id == user_id,
        Membership.role == Role.ADMIN.value,
    )
    return await connection.scalar(statement) is not None


async def has_admin(connection: AsyncConnection, organization_id: UUID) -> bool:
    """True if the organization has an admin."""
    statement = select(Membership.user_id).where(
        Membership.organization_id == organization_id, Membership.role == Role.ADMIN.value
    )
    return await connection.scalar(statement.limit(1)) is not None
