"""Memberships: offer, accept, decline and withdraw; change a role, remove, leave."""

from typing import Annotated

import strawberry

from core.ids import encode_node_id, uuid_of
from core.token_scopes import TokenScope
from db.queries.membership_offers import MembershipOfferRow
from db.queries.memberships import MembershipRow
from execution.context import Info
from execution.declarations import SIGNED_IN
from execution.token_scopes import for_tokens
from resolvers import membership_offers, memberships
from schema.enums import Role
from schema.errors import AlreadyMember, AlreadyOffered, InvalidInput, LastAdmin, NotFound, TooManyOffers
from schema.membership import Membership
from schema.membership_offer import MembershipOffer
from schema.mutations.field import mutation


@strawberry.input(description="The offer of a membership.")
class AddMemberInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="The organization.")
    username: str = strawberry.field(
        description="The username of an account that exists; who has none is invited by `inviteMember`."
    )
    role: Role = strawberry.field(description="The role.")


@strawberry.type(description="Membership is offered; whether anybody has the username is not told.")
class AddMemberSuccess:
    """The outcome."""

    offer: MembershipOfferRow = strawberry.field(graphql_type=MembershipOffer, description="The offer.")


AddMemberResult = Annotated[
    AddMemberSuccess | NotFound | InvalidInput | AlreadyMember | AlreadyOffered | TooManyOffers,
    strawberry.union("AddMemberResult", description="The result of `addMember`."),
]


@mutation(
    AddMemberResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Offer a user membership of an organization: they are a member once they accept. For its admins.",
)
async def add_member(
    info: Info,
    input: Annotated[AddMemberInput, strawberry.argument(description="The offer of a membership.")],
) -> AddMemberSuccess:
    """Resolve the field."""
    organization_id = uuid_of(input.organization_id, "Organization")
    offer = await membership_offers.make(info.context.caller, organization_id, input.username, input.role)
    return AddMemberSuccess(offer=offer)


@strawberry.input(description="The offer to withdraw.")
class WithdrawMembershipOfferInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The offer: one of the organization's `membershipOffers`.")


@strawberry.type(description="The offer is gone, for whoever it was made to as well.")
class WithdrawMembershipOfferSuccess:
    """The outcome."""

    withdrawn_id: strawberry.ID = strawberry.field(description="The id it had.")


WithdrawMembershipOfferResult = Annotated[
    WithdrawMembershipOfferSuccess | NotFound,
    strawberry.union("WithdrawMembershipOfferResult", description="The result of `withdrawMembershipOffer`."),
]


@mutation(
    WithdrawMembershipOfferResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Take an offer of membership back. For the organization's admins.",
)
async def withdraw_membership_offer(
    info: Info,
    input: Annotated[WithdrawMembershipOfferInput, strawberry.argument(description="The offer to withdraw.")],
) -> WithdrawMembershipOfferSuccess:
    """Resolve the field."""
    offer_id = await membership_offers.withdraw(info.context.caller, uuid_of(input.id, "MembershipOffer"))
    return WithdrawMembershipOfferSuccess(withdrawn_id=strawberry.ID(encode_node_id("MembershipOffer", offer_id.bytes)))


@strawberry.input(description="The offer to accept.")
class AcceptMembershipInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The offer: one of `membershipOffers`.")


@strawberry.type(description="The viewer is a member: from the next request on they may read the organization.")
class AcceptMembershipSuccess:
    """The outcome."""

    organization_id: strawberry.ID = strawberry.field(description="The organization they belong to now.")
    role: Role = strawberry.field(description="The role in the organization.")


AcceptMembershipResult = Annotated[
    AcceptMembershipSuccess | NotFound | AlreadyMember,
    strawberry.union("AcceptMembershipResult", description="The result of `acceptMembership`."),
]


@mutation(
    AcceptMembershipResult,
    metadata=SIGNED_IN,
    description="Accept an offer of membership. For whoever it was made to.",
)
async def accept_membership(
    info: Info,
    input: Annotated[AcceptMembershipInput, strawberry.argument(description="The offer to accept.")],
) -> AcceptMembershipSuccess:
    """Resolve the field."""
    membership = await membership_offers.accept(info.context.caller, uuid_of(input.id, "MembershipOffer"))
    organization_id = encode_node_id("Organization", membership.organization_id.bytes)
    return AcceptMembershipSuccess(organization_id=strawberry.ID(organization_id), role=membership.role)


@strawberry.input(description="The offer to decline.")
class DeclineMembershipInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The offer: one of `membershipOffers`.")


@strawberry.type(description="The viewer is not shown the offer any more; the organization is not told.")
class DeclineMembershipSuccess:
    """The outcome."""

    declined_id: strawberry.ID = strawberry.field(description="The id of the offer.")


DeclineMembershipResult = Annotated[
    DeclineMembershipSuccess | NotFound,
    strawberry.union("DeclineMembershipResult", description="The result of `declineMembership`."),
]


@mutation(
    DeclineMembershipResult,
    metadata=SIGNED_IN,
    description="Decline an offer of membership. For whoever it was made to; the organization is not told.",
)
async def decline_membership(
    info: Info,
    input: Annotated[DeclineMembershipInput, strawberry.argument(description="The offer to decline.")],
) -> DeclineMembershipSuccess:
    """Resolve the field."""
    offer_id = await membership_offers.decline(info.context.caller, uuid_of(input.id, "MembershipOffer"))
    return DeclineMembershipSuccess(declined_id=strawberry.ID(encode_node_id("MembershipOffer", offer_id.bytes)))


@strawberry.input(description="The member, and the new role.")
class UpdateMemberRoleInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="The organization.")
    user_id: strawberry.ID = strawberry.field(description="The member.")
    role: Role = strawberry.field(description="The role from now on.")


@strawberry.type(description="The role is changed.")
class UpdateMemberRoleSuccess:
    """The outcome."""

    membership: MembershipRow = strawberry.field(graphql_type=Membership, description="The membership as it is now.")


UpdateMemberRoleResult = Annotated[
    UpdateMemberRoleSuccess | NotFound | LastAdmin,
    strawberry.union("UpdateMemberRoleResult", description="The result of `updateMemberRole`."),
]


@mutation(
    UpdateMemberRoleResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Change a member's role. For the organization's admins; the last admin stays one.",
)
async def update_member_role(
    info: Info,
    input: Annotated[UpdateMemberRoleInput, strawberry.argument(description="The member, and the new role.")],
) -> UpdateMemberRoleSuccess:
    """Resolve the field."""
    organization_id, user_id = uuid_of(input.organization_id, "Organization"), uuid_of(input.user_id, "User")
    membership = await memberships.update_role(info.context.caller, organization_id, user_id, input.role)
    return UpdateMemberRoleSuccess(membership=membership)


@strawberry.input(description="The membership to end.")
class RemoveMemberInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="The organization.")
    user_id: strawberry.ID = strawberry.field(description="The member.")


@strawberry.type(description="The user is no member any more.")
class RemoveMemberSuccess:
    """The outcome."""

    organization_id: strawberry.ID = strawberry.field(description="The organization they left.")
    user_id: strawberry.ID = strawberry.field(description="The member who left.")


RemoveMemberResult = Annotated[
    RemoveMemberSuccess | NotFound | LastAdmin,
    strawberry.union("RemoveMemberResult", description="The result of `removeMember`."),
]


@mutation(
    RemoveMemberResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="End a membership. For the organization's admins; the last admin stays.",
)
async def remove_member(
    info: Info,
    input: Annotated[RemoveMemberInput, strawberry.argument(description="The membership to end.")],
) -> RemoveMemberSuccess:
    """Resolve the field."""
    organization_id, user_id = await memberships.remove(
        info.context.caller, uuid_of(input.organization_id, "Organization"), uuid_of(input.user_id, "User")
    )
    return RemoveMemberSuccess(
        organization_id=strawberry.ID(encode_node_id("Organization", organization_id.bytes)),
        user_id=strawberry.ID(encode_node_id("User", user_id.bytes)),
    )


@strawberry.input(description="The organization to leave.")
class LeaveOrganizationInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="The organization.")


@strawberry.type(description="The viewer is no member any more.")
class LeaveOrganizationSuccess:
    """The outcome."""

    organization_id: strawberry.ID = strawberry.field(description="The organization they left.")


LeaveOrganizationResult = Annotated[
    LeaveOrganizationSuccess | NotFound | LastAdmin,
    strawberry.union("LeaveOrganizationResult", description="The result of `leaveOrganization`."),
]


@mutation(
    LeaveOrganizationResult,
    metadata=SIGNED_IN,
    description="End one's own membership. The last admin stays.",
)
async def leave_organization(
    info: Info,
    input: Annotated[LeaveOrganizationInput, strawberry.argument(description="The organization to leave.")],
) -> LeaveOrganizationSuccess:
    """Resolve the field."""
    organization_id = await memberships.leave(info.context.caller, uuid_of(input.organization_id, "Organization"))
    return LeaveOrganizationSuccess(
        organization_id=strawberry.ID(encode_node_id("Organization", organization_id.bytes))
    )
