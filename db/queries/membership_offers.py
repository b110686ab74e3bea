"""Offers of membership: open ones, that is, those that are neither answered nor expired."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.cursors import Instant
from core.roles import Role
from core.scope import Scope
from db.keyset import AnySelect, Ordering, PageRequest, RowPage, keyset, keyset_per, paginate_rows
from db.models import MembershipOffer, Organization
from db.names import username_columns
from db.tenancy import in_scope


@dataclass(frozen=True, slots=True)
class NewOffer:
    """An offer that is being made. `user_id` is the account of that name; None if there is none."""

    organization_id: UUID
    username: str
    user_id: UUID | None
    role: Role
    offered_by: UUID


@dataclass(frozen=True, slots=True)
class MembershipOfferRow:
    """An offer as both sides see it. It does not tell whether an account has the username."""

    id: UUID
    organization_id: UUID
    organization_name: str
    username: str
    role: Role
    created_at: datetime
    expires_at: datetime


_COLUMNS = (
    MembershipOffer.id,
    MembershipOffer.organization_id,
    Organization.name,
    MembershipOffer.username,
    MembershipOffer.role,
    MembershipOffer.created_at,
    MembershipOffer.expires_at,
)
_UNEXPIRED = MembershipOffer.expires_at > func.now()

OLDEST_FIRST: Ordering[MembershipOfferRow] = Ordering(
    "membershipOffers",
    (MembershipOffer.created_at, MembershipOffer.id),
    (Instant, UUID),
    lambda row: (row.created_at, row.id),
)


def _row(row: Any) -> MembershipOfferRow:
    return MembershipOfferRow(
        row.id, row.organization_id, row.name, row.username, Role(row.role), row.created_at, row.expires_at
    )


def _visible(scope: Scope) -> AnySelect:
    return (
        select(*_COLUMNS)
        .join(Organization, Organization.id == MembershipOffer.organization_id)
        .where(in_scope(scope, MembershipOffer.organization_id), _UNEXPIRED)
    )


def _addressed_to(user_id: UUID) -> AnySelect:
    return _visible(Scope.everything()).where(MembershipOffer.user_id == user_id, MembershipOffer.declined_at.is_(None))


async def pages_by_organization(
    connection: AsyncConnection, scope: Scope, organization_ids: Iterable[UUID], request: PageRequest
) -> dict[UUID, RowPage[MembershipOfferRow]]:
    """The same page of each organization's offers, declined ones included, the oldest first."""
    ids = list(organization_ids)
    statement = _visible(scope).where(MembershipOffer.organization_id.in_(ids))
    found: dict[UUID, list[MembershipOfferRow]] = {organization_id: [] for organization_id in ids}
    for row in await connection.execute(keyset_per(MembershipOffer.organization_id, statement, OLDEST_FIRST, request)):
        found[row.parent].append(_row(row))
    return {organization_id: paginate_rows(rows, OLDEST_FIRST, request) for organization_id, rows in found.items()}


async def page_of_user(connection: AsyncConnection, user_id: UUID, request: PageRequest) -> RowPage[MembershipOfferRow]:
    """A page of the offers that a user can answer, the oldest first."""
    rows = await connection.execute(keyset(_addressed_to(user_id), OLDEST_FIRST, request))
    return paginate_rows([_row(row) for row in rows], OLDEST_FIRST, request)


async def to_user(connection: AsyncConnection, user_id: UUID, offer_id: UUID) -> MembershipOfferRow | None:
    """Return an offer that the user can answer; None if there is no such offer."""
    row = (await connection.execute(_addressed_to(user_id).where(MembershipOffer.id == offer_id))).one_or_none()
    return None if row is None else _row(row)


async def organization_of(connection: AsyncConnection, scope: Scope, offer_id: UUID) -> UUID | None:
    """The organization in scope whose offer it is."""
    row = (await connection.execute(_visible(scope).where(MembershipOffer.id == offer_id))).one_or_none()
    return None if row is None else row.organization_id


async def count(connection: AsyncConnection, organization_id: UUID) -> int:
    """Return the number of the organization's offers."""
    statement = select(func.count()).where(MembershipOffer.organization_id == organization_id, _UNEXPIRED)
    return await connection.scalar(statement) or 0


async def add(connection: AsyncConnection, offer: NewOffer, lifetime: timedelta) -> MembershipOfferRow | None:
    """Make an offer; None if the organization has one to that username already.

    An expired one that housekeeping has not yet deleted makes room for it.
    """
    expired = (MembershipOffer.organization_id == offer.organization_id, ~_UNEXPIRED)
    await connection.execute(delete(MembershipOffer).where(*expired))
    statement = (
        insert(MembershipOffer)
        .values(
            organization_id=offer.organization_id,
            **username_columns(offer.username),
            user_id=offer.user_id,
            role=offer.role.value,
            offered_by=offer.offered_by,
            expires_at=func.now() + lifetime,
        )
        .on_conflict_do_nothing()
        .returning(MembershipOffer.id)
    )
    offer_id = await connection.scalar(statement)
    if offer_id is None:
        return None
    made = _visible(Scope.of([offer.organization_id])).where(MembershipOffer.id == offer_id)
    return _row((await connection.execute(made)).one())


async def remove(connection: AsyncConnection, offer_id: UUID) -> bool:
    """Delete an offer that was accepted or withdrawn; False when somebody has done so before."""
    statement = delete(MembershipOffer).where(MembershipOffer.id == offer_id)
    return (await connection.execute(statement)).rowcount > 0


async def remove_made_by(connection: AsyncConnection, organization_id: UUID, user_id: UUID) -> None:
    """Delete the offers that somebody has made for an organization."""
    await connection.execute(
        delete(MembershipOffer).where(
            MembershipOffer.organization_id == organization_id, MembershipOffer.offered_by == user_id
        )
    )


async def decline(connection: AsyncConnection, user_id: UUID, offer_id: UUID) -> UUID | None:
    """Delete an offer if it was made to the user; return the organization's id, or None if there is no such offer."""
    statement = (
        update(MembershipOffer)
        .where(
            MembershipOffer.id == offer_id,
            MembershipOffer.user_id == user_id,
            MembershipOffer.declined_at.is_(None),
            _UNEXPIRED,
        )
        .values(declined_at=func.now())
        .returning(MembershipOffer.organization_id)
    )
    return (await connection.execute(statement)).scalar_one_or_none()
