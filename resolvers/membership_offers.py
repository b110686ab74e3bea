"""Offers of membership: an admin makes one to a username, and whoever has that account accepts or declines it.

An organization learns nothing about the username before the offer is accepted: for a name that nobody has, the same
statements are run, the same is answered, listed and written down. See ADR 21.
"""

from datetime import timedelta
from uuid import UUID

from core.audit import AuditAction
from core.errors import AlreadyMember, AlreadyOffered, NotFound
from core.limits import MEMBERSHIP_OFFER_DAYS
from core.names import checked_name
from core.roles import Role
from core.scope import Scope
from db.queries import membership_offers, memberships, organizations, users
from db.queries.membership_offers import MembershipOfferRow, NewOffer
from db.queries.memberships import MembershipRow
from resolvers.audit import record_audit_entry
from resolvers.caller import Caller
from resolvers.joining import add_member, lock_as_admin, require_room
from resolvers.pages import ConnectionRow, forward

_LIFETIME = timedelta(days=MEMBERSHIP_OFFER_DAYS)
_NOT_FOUND = "There is no such offer. It may have been withdrawn, or have expired."


async def of_organization(
    caller: Caller, organization_id: UUID, first: int, after: str | None
) -> ConnectionRow[MembershipOfferRow]:
    """A page of an organization's open offers. Forbidden unless the viewer manages it."""
    caller.viewer.require_management_of(organization_id)
    request = forward(membership_offers.OLDEST_FIRST.parse, first, after)
    page = await caller.batches.load(membership_offers.pages_by_organization, organization_id, request)
    assert page is not None  # noqa: S101 - the query answers for every organization it is asked about
    return ConnectionRow(page)


async def to_viewer(caller: Caller, first: int, after: str | None) -> ConnectionRow[MembershipOfferRow]:
    """Return a page of the offers that the viewer can accept or decline."""
    request = forward(membership_offers.OLDEST_FIRST.parse, first, after)
    async with caller.database.read() as db:
        return ConnectionRow(await membership_offers.page_of_user(db, caller.viewer.user_id, request))


async def make(caller: Caller, organization_id: UUID | None, username: str, role: Role) -> MembershipOfferRow:
    """Offer membership to the user with the username, if there is one; return the offer.

    NotFound (the organization), Forbidden, InvalidInput, AlreadyMember, AlreadyOffered, TooManyOffers.
    """
    organization_id = caller.viewer.require_management_of(organization_id)
    name = checked_name("username", username)
    async with caller.database.write() as db:
        await lock_as_admin(caller, db, organization_id)
        if await memberships.has_username(db, organization_id, name):
            raise AlreadyMember(f"{name} is a member already. Change their role instead.")
        user = await users.by_username(db, username.strip())
        new = NewOffer(organization_id, name, None if user is None else user.id, role, caller.viewer.user_id)
        offer = await membership_offers.add(db, new, _LIFETIME)
        if offer is None:
            raise AlreadyOffered(f"{name} has an open offer. Withdraw it first to make another one.")
        await require_room(db, organization_id)
        details = {"offerId": str(offer.id), "role": role.value}
        await record_audit_entry(
            db, caller.viewer, AuditAction.MEMBERSHIP_OFFERED, organization_id=organization_id, details=details
        )
    return offer


async def withdraw(caller: Caller, offer_id: UUID | None) -> UUID:
    """Withdraw an organization's offer; return its id. NotFound, Forbidden."""
    if offer_id is None:
        raise NotFound(_NOT_FOUND)
    async with caller.database.write() as db:
        organization_id = await membership_offers.organization_of(db, caller.viewer.readable, offer_id)
        if organization_id is None:
            raise NotFound(_NOT_FOUND)
        caller.viewer.require_management_of(organization_id)
        if not await membership_offers.remove(db, offer_id):
            raise NotFound(_NOT_FOUND)
        details = {"offerId": str(offer_id)}
        await record_audit_entry(
            db,
            caller.viewer,
            AuditAction.MEMBERSHIP_OFFER_WITHDRAWN,
            organization_id=organization_id,
            details=details,
        )
    return offer_id


async def accept(caller: Caller, offer_id: UUID | None) -> MembershipRow:
    """Accept an offer to the viewer; return the membership. NotFound, AlreadyMember."""
    if offer_id is None:
        raise NotFound(_NOT_FOUND)
    user_id = caller.viewer.user_id
    async with caller.database.write() as db:
        offer = await membership_offers.to_user(db, user_id, offer_id)
        # Locked before the offer is deleted: whoever deletes the organization takes both in this order.
        if offer is None or not await organizations.lock(db, Scope.of([offer.organization_id]), offer.organization_id):
            raise NotFound(_NOT_FOUND)
        if not await membership_offers.remove(db, offer_id):
            raise NotFound(_NOT_FOUND)
        accepted = {"offerId": str(offer_id)}
        membership = await add_member(db, offer.organization_id, user_id, offer.role, accepted)
        if membership is None:
            raise AlreadyMember(f"You are a member of {offer.organization_name} already. Decline the offer.")
    return membership


async def decline(caller: Caller, offer_id: UUID | None) -> UUID:
    """Decline an offer to the viewer; return its id. The organization is not told. NotFound."""
    if offer_id is None:
        raise NotFound(_NOT_FOUND)
    async with caller.database.write() as db:
        organization_id = await membership_offers.decline(db, caller.viewer.user_id, offer_id)
        if organization_id is None:
            raise NotFound(_NOT_FOUND)
        # Not in the organization's own log, which its admins read.
        details = {"offerId": str(offer_id), "organizationId": str(organization_id)}
        user_id = caller.viewer.user_id
        await record_audit_entry(
            db, caller.viewer, AuditAction.MEMBERSHIP_DECLINED, subject_id=user_id, details=details
        )
    return offer_id
