"""Invitations: open ones, that is, those that have not ended, and whose maker may still invite."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.cursors import Instant
from core.email_addresses import normalized_email_address
from core.links import LinkEnd
from core.roles import Role
from core.scope import Scope
from db.keyset import AnySelect, Ordering, PageRequest, RowPage, keyset_per, paginate_rows
from db.models import ApiToken, Invitation, Membership, Organization, User
from db.tenancy import in_scope


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An invitation that is being made."""

    token_hash: bytes
    organization_id: UUID
    role: Role
    email: str
    invited_by: UUID


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation, without its token. `end` is the reason why it does nothing; None for an open one."""

    id: UUID
    organization_id: UUID
    organization_name: str
    email: str
    role: Role
    invited_by: UUID
    created_at: datetime
    expires_at: datetime
    end: LinkEnd | None


_EXPIRED = Invitation.expires_at <= func.now()
# Whoever loses the role has their invitations ended (`end_made_by`). This is for what ends by itself: a service account
# whose token expires, an account that is deleted in the database.
_MAKER_MAY_INVITE = or_(
    exists().where(
        Membership.organization_id == Invitation.organization_id,
        Membership.user_id == Invitation.invited_by,
        Membership.role == Role.ADMIN.value,
    ),
    exists().where(User.id == Invitation.invited_by, User.is_super_admin),
    exists().where(
        ApiToken.id == Invitation.invited_by,
        ApiToken.organization_id == Invitation.organization_id,
        ApiToken.expires_at > func.now(),
    ),
)
_OPEN = and_(Invitation.ended_at.is_(None), ~_EXPIRED, _MAKER_MAY_INVITE)
_END = case(
    (Invitation.end_reason.is_not(None), Invitation.end_reason),
    (_EXPIRED, LinkEnd.EXPIRED.value),
    (~_MAKER_MAY_INVITE, LinkEnd.INVITER_LOST_ROLE.value),
).label("end_reason_now")
_COLUMNS = (
    Invitation.id,
    Invitation.organization_id,
    Organization.name,
    Invitation.email,
    Invitation.role,
    Invitation.invited_by,
    Invitation.created_at,
    Invitation.expires_at,
    _END,
)

OLDEST_FIRST: Ordering[InvitationRow] = Ordering(
    "invitations",
    (Invitation.created_at, Invitation.id),
    (Instant, UUID),
    lambda row: (row.created_at, row.id),
)


def _row(row: Any) -> InvitationRow:
    return InvitationRow(
        row.id,
        row.organization_id,
        row.name,
        row.email,
        Role(row.role),
        row.invited_by,
        row.created_at,
        row.expires_at,
        None if row.end_reason_now is None else LinkEnd(row.end_reason_now),
    )


def _visible(scope: Scope) -> AnySelect:
    return (
        select(*_COLUMNS)
        .join(Organization, Organization.id == Invitation.organization_id)
        .where(in_scope(scope, Invitation.organization_id))
    )


async def pages_by_organization(
    connection: AsyncConnection, scope: Scope, organization_ids: Iterable[UUID], request: PageRequest
) -> dict[UUID, RowPage[InvitationRow]]:
    """The same page of each organization's open invitations, the oldest first."""
    ids = list(organization_ids)
    statement = _visible(scope).where(Invitation.organization_id.in_(ids), _OPEN)
    found: dict[UUID, list[InvitationRow]] = {organization_id: [] for organization_id in ids}
    for row in await connection.execute(keyset_per(Invitation.organization_id, statement, OLDEST_FIRST, request)):
        found[row.parent].append(_row(row))
    return {organization_id: paginate_rows(rows, OLDEST_FIRST, request) for organization_id, rows in found.items()}


async def by_token(connection: AsyncConnection, token_hash: bytes) -> InvitationRow | None:
    """The invitation of a link, ended ones included: the link alone gives the right to it, whatever the tenant."""
    statement = _visible(Scope.everything()).where(Invitation.token_hash == token_hash)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _row(row)


async def by_id(connection: AsyncConnection, invitation_id: UUID) -> InvitationRow | None:
    """An invitation whose link somebody has, ended ones included."""
    statement = _visible(Scope.everything()).where(Invitation.id == invitation_id)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _row(row)


async def organization_of(connection: AsyncConnection, scope: Scope, invitation_id: UUID) -> UUID | None:
    """The organization in scope whose open invitation it is."""
    row = (await connection.execute(_visible(scope).where(Invitation.id == invitation_id, _OPEN))).one_or_none()
    return None if row is None else row.organization_id


async def count(connection: AsyncConnection, organization_id: UUID) -> int:
    """Return the number of the organization's open invitations."""
    statement = select(func.count()).select_from(Invitation).where(Invitation.organization_id == organization_id, _OPEN)
    return await connection.scalar(statement) or 0


async def add(connection: AsyncConnection, new: NewInvitation, lifetime: timedelta) -> InvitationRow | None:
    """Make an invitation; None if the organization has an open one to that address already.

    One that has ended by itself makes room for it.
    """
    over = (Invitation.organization_id == new.organization_id, Invitation.ended_at.is_(None), ~_OPEN)
    await connection.execute(update(Invitation).where(*over).values(ended_at=func.now(), end_reason=_END))
    statement = (
        insert(Invitation)
        .values(
            token_hash=new.token_hash,
            organization_id=new.organization_id,
            role=new.role.value,
            email=new.email,
            normalized_email=normalized_email_address(new.email),
            invited_by=new.invited_by,
            expires_at=func.now() + lifetime,
        )
        .on_conflict_do_nothing()
        .returning(Invitation.id)
    )
    invitation_id = await connection.scalar(statement)
    if invitation_id is None:
        return None
    made = _visible(Scope.of([new.organization_id])).where(Invitation.id == invitation_id)
    return _row((await connection.execute(made)).one())


async def end(connection: AsyncConnection, invitation_id: UUID, reason: LinkEnd) -> bool:
    """End an open invitation; False when it is not open any more. Of several at once, one succeeds."""
    statement = (
        update(Invitation)
        .where(Invitation.id == invitation_id, _OPEN)
        .values(ended_at=func.now(), end_reason=reason.value)
    )
    return (await connection.execute(statement)).rowcount > 0


async def end_made_by(connection: AsyncConnection, organization_id: UUID, maker_id: UUID) -> None:
    """End the open invitations that somebody has made for an organization whose admin they are no longer."""
    await connection.execute(
        update(Invitation)
        .where(
            Invitation.organization_id == organization_id,
            Invitation.invited_by == maker_id,
            Invitation.ended_at.is_(None),
        )
        .values(ended_at=func.now(), end_reason=LinkEnd.INVITER_LOST_ROLE.value)
    )
