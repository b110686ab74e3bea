"""The common rules of membership offers and invitations: who may make them, how many, and how an account joins."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import AuditAction
from core.errors import Forbidden, NotFound, TooManyOffers
from core.limits import MEMBERSHIP_OFFERS
from core.roles import Role
from db.queries import audit_entries, invitations, membership_offers, memberships, organizations
from db.queries.audit_entries import NewEntry
from db.queries.memberships import MembershipRow
from resolvers.caller import Caller


async def lock_as_admin(caller: Caller, db: AsyncConnection, organization_id: UUID) -> None:
    """Lock an organization whose admin the viewer still is. NotFound, Forbidden.

    Whoever was removed or demoted since the request began has had their offers withdrawn: this one would stay.
    """
    if not await organizations.lock(db, caller.viewer.manageable, organization_id):
        raise NotFound("There is no such organization.")
    viewer = caller.viewer
    by_itself = viewer.is_super_admin or viewer.is_service_account
    if not (by_itself or await memberships.is_admin(db, organization_id, viewer.user_id)):
        raise Forbidden("Only the organization's admins may do this.")


async def require_room(db: AsyncConnection, organization_id: UUID) -> None:
    """Return if the offer or invitation that was just added is not one too many. TooManyOffers."""
    offers = await membership_offers.count(db, organization_id)
    if offers + await invitations.count(db, organization_id) > MEMBERSHIP_OFFERS:
        raise TooManyOffers(
            f"An organization has at most {MEMBERSHIP_OFFERS} open offers and invitations. Withdraw one, or wait until "
            "one is accepted or expires."
        )


async def end_made_by(db: AsyncConnection, organization_id: UUID, maker_id: UUID) -> None:
    """Withdraw the offers and end the invitations of somebody who is no admin of the organization any more."""
    await membership_offers.remove_made_by(db, organization_id, maker_id)
    await invitations.end_made_by(db, organization_id, maker_id)


async def add_member(
    db: AsyncConnection, organization_id: UUID, user_id: UUID, role: Role, accepted: dict[str, str]
) -> MembershipRow | None:
    """Make a user who has `accepted` an offer or invitation a member; None if they are one already."""
    membership = await memberships.add(db, organization_id, user_id, role)
    if membership is not None:
        details = {**accepted, "role": role.value}
        entry = NewEntry(AuditAction.MEMBER_ADDED, user_id, organization_id, user_id, details)
        await audit_entries.add(db, entry)
    return membership
