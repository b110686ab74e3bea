"""Requests about offers of membership."""

from typing import Any

from db.queries.organizations import OrganizationRow
from tests.schema.sample_tenants import run
from tests.world import Asker

_OFFER = "id organizationId organizationName username role createdAt expiresAt"
ADD = f"""mutation ($input: AddMemberInput!) {{ addMember(input: $input) {{
    __typename ... on AddMemberSuccess {{ offer {{ {_OFFER} }} }}
    ... on Error {{ message }} ... on InvalidInput {{ field }}
}} }}"""
ACCEPT = """mutation ($input: AcceptMembershipInput!) { acceptMembership(input: $input) {
    __typename ... on AcceptMembershipSuccess { organizationId role } ... on Error { message }
} }"""
DECLINE = """mutation ($input: DeclineMembershipInput!) { declineMembership(input: $input) {
    __typename ... on DeclineMembershipSuccess { declinedId } ... on Error { message }
} }"""
WITHDRAW = """mutation ($input: WithdrawMembershipOfferInput!) { withdrawMembershipOffer(input: $input) {
    __typename ... on WithdrawMembershipOfferSuccess { withdrawnId } ... on Error { message }
} }"""
_OWN = f"{{ membershipOffers {{ nodes {{ {_OFFER} }} }} }}"
_MADE = f"query ($id: ID!) {{ organization(id: $id) {{ membershipOffers {{ nodes {{ {_OFFER} }} }} }} }}"


async def offered(by: Asker, organization: OrganizationRow, username: str, role: str = "MEMBER") -> dict[str, Any]:
    """The offer that somebody makes for an organization."""
    answer = await run(by, ADD, organizationId=str(organization.id), username=username, role=role)
    assert answer["__typename"] == "AddMemberSuccess", answer
    offer: dict[str, Any] = answer["offer"]
    return offer


async def offers_to(asker: Asker) -> list[dict[str, Any]]:
    """The offers that somebody can answer."""
    found: list[dict[str, Any]] = (await asker.ask(_OWN))["membershipOffers"]["nodes"]
    return found


async def offers_of(admin: Asker, organization: OrganizationRow) -> list[dict[str, Any]]:
    """The offers that an organization shows to its admin."""
    organization_shown = (await admin.ask(_MADE, id=str(organization.id)))["organization"]
    found: list[dict[str, Any]] = organization_shown["membershipOffers"]["nodes"]
    return found


async def joined(by: Asker, organization: OrganizationRow, newcomer: Asker, role: str = "MEMBER") -> None:
    """Make somebody a member as an admin and they themselves do it."""
    assert newcomer.user
    offer = await offered(by, organization, newcomer.user.username, role)
    assert (await run(newcomer, ACCEPT, id=offer["id"]))["__typename"] == "AcceptMembershipSuccess"
