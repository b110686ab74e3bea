"""Offers of membership."""

from datetime import datetime

import strawberry

from core.ids import encode_node_id
from core.limits import MEMBERSHIP_OFFER_DAYS
from db.queries.membership_offers import MembershipOfferRow
from schema.enums import Role


@strawberry.type(
    description="An offer of membership to whoever has a username. It is no membership: neither side sees more of the "
    "other than stands here until it is accepted. For the organization an offer stays open, too, when it is declined "
    "or when nobody has the username: it is not told which usernames exist."
)
class MembershipOffer:
    """Shows a MembershipOfferRow."""

    @strawberry.field(
        description="Opaque and stable: what `acceptMembership`, `declineMembership` and `withdrawMembershipOffer` "
        "take."
    )
    def id(root: strawberry.Parent[MembershipOfferRow]) -> strawberry.ID:
        return strawberry.ID(encode_node_id("MembershipOffer", root.id.bytes))

    @strawberry.field(description="The id of the organization that offers.")
    def organization_id(root: strawberry.Parent[MembershipOfferRow]) -> strawberry.ID:
        return strawberry.ID(encode_node_id("Organization", root.organization_id.bytes))

    organization_name: str = strawberry.field(description="The name of that organization.")
    username: str = strawberry.field(description="The username, as it was written in `addMember`.")
    role: Role = strawberry.field(description="The role that is offered.")
    created_at: datetime = strawberry.field(description="The time at which it was made.")
    expires_at: datetime = strawberry.field(
        description=f"The time from which it can no longer be accepted: {MEMBERSHIP_OFFER_DAYS} days later."
    )
