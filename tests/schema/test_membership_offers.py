"""Offers of membership: nobody becomes a member without their own doing, and names are not told to exist."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from core.ids import encode_node_id, uuid_of
from core.limits import MEMBERSHIP_OFFERS
from core.roles import Role
from core.scope import Scope
from db.queries import memberships, organizations
from db.queries.organizations import OrganizationRow
from tests.auth.test_overlapping_changes import WAITING
from tests.conftest import StatementCounter
from tests.schema.membership_offers import ACCEPT, ADD, DECLINE, WITHDRAW, joined, offered, offers_of, offers_to
from tests.schema.sample_tenants import run, user_id
from tests.schema.test_organization_mutations import DELETE, REMOVE, SET_ROLE
from tests.world import Asker, World

SIGHT = """{
    viewer { username memberships { role organization { name } } }
    organizations { totalCount nodes { name viewerRole members { totalCount nodes { user { username } } } } }
    extensionUsers { nodes { username } }
    auditLog { nodes { action organizationId } }
}"""
LOG = "{ auditLog { nodes { action actorId subjectId organizationId details { name value } } } }"
MEMBERS = "query ($id: ID!) { organization(id: $id) { members { totalCount nodes { user { username } role } } } }"


async def members_of(asker: Asker, organization: OrganizationRow) -> dict[str, str]:
    """The members that an organization shows somebody: their roles by username."""
    members = (await asker.ask(MEMBERS, id=str(organization.id)))["organization"]["members"]
    found = {each["user"]["username"]: each["role"] for each in members["nodes"]}
    assert members["totalCount"] == len(found)
    return found


async def expire_offers(world: World) -> None:
    """Let the time of all offers pass."""
    async with world.services.database.write() as db:
        await db.execute(text("UPDATE membership_offers SET expires_at = now()"))


def seen(answer: Any, names: dict[str, str]) -> Any:
    """An answer in which what must differ between two offers stands by a word."""
    if isinstance(answer, dict):
        differing = {"id", "createdAt", "expiresAt"}
        return {key: key if key in differing and value else seen(value, names) for key, value in answer.items()}
    if isinstance(answer, list):
        return [seen(each, names) for each in answer]
    if isinstance(answer, str):
        for name, word in names.items():
            answer = answer.replace(name, word)
    return answer


async def test_a_member_is_who_accepts(world: World):
    acme = await world.organization("Acme")
    admin, nora = await world.member(acme), await world.sign_in(await world.user("Nora"))

    offer = await offered(admin, acme, " nORA ", "VIEWER")
    before = await members_of(admin, acme)
    [shown] = await offers_to(nora)
    answer = await run(nora, ACCEPT, id=offer["id"])

    assert shown == offer
    assert (offer["organizationName"], offer["username"], offer["role"]) == ("Acme", "nORA", "VIEWER")
    assert offer["createdAt"] < offer["expiresAt"]
    identifier = encode_node_id("Organization", acme.id.bytes)
    assert answer == {"__typename": "AcceptMembershipSuccess", "organizationId": identifier, "role": "VIEWER"}
    assert "Nora" not in before
    assert (await members_of(nora, acme))["Nora"] == (await members_of(admin, acme))["Nora"] == "VIEWER"
    assert await offers_to(nora) == await offers_of(admin, acme) == []


async def test_a_strangers_offer_changes_nothing_that_a_super_admin_sees(world: World):
    ours, strangers = await world.organization("Ours"), await world.organization("Strangers")
    stranger, boss = await world.member(strangers), await world.super_admin()
    await joined(stranger, strangers, await world.sign_in(await world.user()))
    await joined(boss, ours, boss, "ADMIN")
    assert boss.user
    before = await boss.ask(SIGHT)

    offer = await offered(stranger, strangers, boss.user.username, "ADMIN")

    after = await boss.ask(SIGHT)
    written = {"action": "MEMBERSHIP_OFFERED", "organizationId": str(strangers.id)}
    assert after["auditLog"]["nodes"] == [written, *before["auditLog"]["nodes"]]
    assert {**after, "auditLog": None} == {**before, "auditLog": None}
    assert [each["organizationName"] for each in await offers_to(boss)] == ["Strangers"]
    of_boss = "query ($id: ID!) { node(id: $id) { ... on User { username memberships { role } } } }"
    assert await stranger.ask(of_boss, id=user_id(boss)) == {"node": None}

    await run(boss, ACCEPT, id=offer["id"])

    memberships = (await boss.ask(SIGHT))["viewer"]["memberships"]
    assert [each["organization"]["name"] for each in memberships] == ["Ours", "Strangers"]
    assert (await stranger.ask(of_boss, id=user_id(boss)))["node"]["username"] == boss.user.username


async def test_an_offer_shows_the_invited_nothing_but_itself(world: World):
    acme = await world.organization("Acme")
    await world.recorded(acme, "olga")
    admin, nora = await world.member(acme), await world.sign_in(await world.user("Nora"))
    offer = await offered(admin, acme, "Nora", "ADMIN")

    seen_by_nora = await nora.ask(SIGHT)
    read = await nora.ask(MEMBERS, id=offer["organizationId"])
    changed = await run(nora, ADD, organizationId=offer["organizationId"], username="x", role="ADMIN")

    assert seen_by_nora == {
        "viewer": {"username": "Nora", "memberships": []},
        "organizations": {"totalCount": 0, "nodes": []},
        "extensionUsers": {"nodes": []},
        "auditLog": {"nodes": []},
    }
    assert read == {"organization": None}
    assert changed["__typename"] == "NotFound"


async def test_a_name_that_nobody_has_is_answered_listed_and_logged_like_any_other(
    world: World, statements: StatementCounter
):
    acme = await world.organization("Acme")
    admin = await world.member(acme)
    await world.user("known")
    names = {"known": "X", "nobody": "X"}
    given = {"organizationId": str(acme.id), "role": "MEMBER"}
    await run(admin, ADD, **given, username="warm-up")

    async def all_there_is(username: str) -> list[Any]:
        statements.clear()
        offer = await admin.post(ADD, input=given | {"username": username})
        sent = list(statements.statements)
        identifier = offer["data"]["addMember"]["offer"]["id"]
        listed = [each for each in await offers_of(admin, acme) if each["id"] == identifier]
        again = await admin.post(ADD, input=given | {"username": username.upper()})
        [logged] = [
            entry
            for entry in (await admin.ask(LOG))["auditLog"]["nodes"]
            if {"name": "offerId", "value": str(uuid_of(identifier, "MembershipOffer"))} in entry["details"]
        ]
        withdrawn = await admin.post(WITHDRAW, input={"id": identifier})
        assert withdrawn["data"]["withdrawMembershipOffer"].pop("withdrawnId") == identifier
        logged["details"] = [each["name"] for each in logged["details"]]
        found = [offer, sent, listed, again, logged, withdrawn]
        return [seen(each, names | {"KNOWN": "X", "NOBODY": "X"}) for each in found]

    known, nobody = await all_there_is("known"), await all_there_is("nobody")

    assert known == nobody
    assert known[4]["subjectId"] is None
    assert known[3]["data"]["addMember"]["__typename"] == "AlreadyOffered"


async def test_an_account_made_later_gets_no_offer_of_before(world: World):
    acme = await world.organization()
    admin = await world.member(acme)
    offer = await offered(admin, acme, "Late")

    late = await world.sign_in(await world.user("late"))

    assert await offers_to(late) == []
    assert (await run(late, ACCEPT, id=offer["id"]))["__typename"] == "NotFound"
    assert await offers_of(admin, acme) == [offer]


async def test_an_offer_is_for_its_account_alone(world: World):
    acme = await world.organization()
    admin, other = await world.member(acme), await world.sign_in(await world.user("other"))
    await world.user("Nora")
    offer = await offered(admin, acme, "Nora")

    for asker in (other, admin, await world.super_admin()):
        for mutation in (ACCEPT, DECLINE):
            for identifier in (offer["id"], "garbage", offer["organizationId"]):
                assert (await run(asker, mutation, id=identifier))["__typename"] == "NotFound"

    assert await offers_of(admin, acme) == [offer]


async def test_who_declines_is_shown_the_offer_no_more_and_the_organization_is_not_told(world: World):
    acme = await world.organization()
    admin, nora = await world.member(acme), await world.sign_in(await world.user("Nora"))
    boss = await world.super_admin()
    offer = await offered(admin, acme, "Nora")
    before = (await offers_of(admin, acme), await admin.ask(LOG))

    declined = await run(nora, DECLINE, id=offer["id"])
    again = await run(nora, DECLINE, id=offer["id"])
    accepted = await run(nora, ACCEPT, id=offer["id"])

    assert declined == {"__typename": "DeclineMembershipSuccess", "declinedId": offer["id"]}
    assert (again["__typename"], accepted["__typename"]) == ("NotFound", "NotFound")
    assert await offers_to(nora) == []
    assert (await offers_of(admin, acme), await admin.ask(LOG)) == before
    newest = (await boss.ask(LOG))["auditLog"]["nodes"][0]
    assert nora.user
    assert (newest["action"], newest["actorId"], newest["organizationId"]) == (
        "MEMBERSHIP_DECLINED", str(nora.user.id), None)  # fmt: skip


async def test_a_withdrawn_offer_is_gone_for_both(world: World):
    acme = await world.organization()
    admin, nora = await world.member(acme), await world.sign_in(await world.user("Nora"))
    offer = await offered(admin, acme, "Nora")

    withdrawn = await run(admin, WITHDRAW, id=offer["id"])
    again = await run(admin, WITHDRAW, id=offer["id"])
    accepted = await run(nora, ACCEPT, id=offer["id"])

    assert withdrawn == {"__typename": "WithdrawMembershipOfferSuccess", "withdrawnId": offer["id"]}
    assert (again["__typename"], accepted["__typename"]) == ("NotFound", "NotFound")
    assert await offers_to(nora) == await offers_of(admin, acme) == []
    assert "Nora" not in await members_of(admin, acme)


async def test_offers_are_for_the_organizations_admins(world: World):
    acme = await world.organization()
    admin, member = await world.member(acme), await world.member(acme, Role.MEMBER)
    outsider = await world.member(await world.organization())
    offer = await offered(admin, acme, "Nora")
    listed = "query ($id: ID!) { organization(id: $id) { membershipOffers { nodes { username } } } }"

    assert (await member.refused(listed, id=str(acme.id)))["extensions"]["code"] == "FORBIDDEN"
    assert (await member.refused(WITHDRAW, input={"id": offer["id"]}))["extensions"]["code"] == "FORBIDDEN"
    assert await outsider.ask(listed, id=str(acme.id)) == {"organization": None}
    assert (await run(outsider, WITHDRAW, id=offer["id"]))["__typename"] == "NotFound"
    assert await offers_of(await world.super_admin(), acme) == [offer]


async def test_an_expired_offer_is_gone_and_makes_room(world: World):
    acme = await world.organization()
    admin, nora = await world.member(acme), await world.sign_in(await world.user("Nora"))
    offer = await offered(admin, acme, "Nora")
    await expire_offers(world)

    answers = [await run(nora, mutation, id=offer["id"]) for mutation in (ACCEPT, DECLINE)]
    answers.append(await run(admin, WITHDRAW, id=offer["id"]))

    assert [answer["__typename"] for answer in answers] == ["NotFound"] * 3
    assert await offers_to(nora) == await offers_of(admin, acme) == []
    another = await offered(admin, acme, "nora")
    assert await offers_to(nora) == [another]


async def test_members_are_not_offered_what_they_have(world: World):
    acme, other = await world.organization(), await world.organization()
    admin, elsewhere = await world.member(acme), await world.member(other)
    assert admin.user
    assert elsewhere.user

    own = await run(admin, ADD, organizationId=str(acme.id), username=admin.user.username.upper(), role="VIEWER")
    others = await run(admin, ADD, organizationId=str(acme.id), username=elsewhere.user.username, role="VIEWER")

    assert (own["__typename"], others["__typename"]) == ("AlreadyMember", "AddMemberSuccess")
    assert admin.user.username.upper() in own["message"]


@pytest.mark.parametrize("username", ["", " \t", "x" * 256, "a\nb", "a\0b"])
async def test_what_can_be_no_username_is_refused(world: World, username: str):
    acme = await world.organization()
    admin = await world.member(acme)

    answer = await run(admin, ADD, organizationId=str(acme.id), username=username, role="VIEWER")

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", "username")


async def test_an_organization_has_so_many_open_offers(world: World):
    acme, other = await world.organization(), await world.organization()
    admin, others_admin = await world.member(acme), await world.member(other)
    for number in range(MEMBERSHIP_OFFERS):
        await offered(admin, acme, f"name-{number}")

    answer = await run(admin, ADD, organizationId=str(acme.id), username="one more", role="VIEWER")
    repeated = await run(admin, ADD, organizationId=str(acme.id), username="name-1", role="VIEWER")
    await offered(others_admin, other, "one more")

    assert (answer["__typename"], repeated["__typename"]) == ("TooManyOffers", "AlreadyOffered")
    assert str(MEMBERSHIP_OFFERS) in answer["message"]
    await run(admin, WITHDRAW, id=(await offers_of(admin, acme))[0]["id"])
    await offered(admin, acme, "one more")


async def test_an_account_that_cannot_sign_in_is_offered_membership_like_any_other(world: World):
    acme = await world.organization()
    admin, idle = await world.member(acme), await world.user("idle")
    async with world.services.database.write() as db:
        await db.execute(text("UPDATE users SET password_hash = NULL WHERE id = :id"), {"id": idle.id})

    offer = await offered(admin, acme, "idle")

    assert await offers_of(admin, acme) == [offer]
    assert "idle" not in await members_of(admin, acme)


async def test_of_an_acceptance_and_a_withdrawal_at_once_one_succeeds(world: World):
    acme = await world.organization()
    admin = await world.member(acme)
    for number in range(5):
        newcomer = await world.sign_in(await world.user(f"newcomer-{number}"))
        offer = await offered(admin, acme, f"newcomer-{number}")

        accepted, withdrawn = await asyncio.gather(
            run(newcomer, ACCEPT, id=offer["id"]), run(admin, WITHDRAW, id=offer["id"])
        )

        kinds = {accepted["__typename"], withdrawn["__typename"]}
        assert len(kinds & {"AcceptMembershipSuccess", "WithdrawMembershipOfferSuccess"}) == 1
        assert "NotFound" in kinds
        is_member = accepted["__typename"] == "AcceptMembershipSuccess"
        assert (f"newcomer-{number}" in await members_of(admin, acme)) == is_member


async def test_an_offer_of_an_admin_is_no_admin_yet(world: World):
    acme = await world.organization()
    admin, nora = await world.member(acme), await world.sign_in(await world.user("Nora"))
    offer = await offered(admin, acme, "Nora", "ADMIN")
    themselves = {"organizationId": str(acme.id), "userId": user_id(admin)}

    refused = await run(admin, SET_ROLE, **themselves, role="VIEWER")
    await run(nora, ACCEPT, id=offer["id"])
    demoted = await run(admin, SET_ROLE, **themselves, role="VIEWER")

    assert (refused["__typename"], demoted["__typename"]) == ("LastAdmin", "UpdateMemberRoleSuccess")


@pytest.mark.parametrize(
    ("mutation", "more"), [(REMOVE, {}), (SET_ROLE, {"role": "MEMBER"})], ids=["removed", "demoted"]
)
async def test_offers_of_somebody_who_is_no_admin_any_more_are_withdrawn(
    world: World, mutation: str, more: dict[str, str]
):
    acme, other = await world.organization(), await world.organization()
    admin, mole, friend = (
        await world.member(acme),
        await world.member(acme),
        await world.sign_in(await world.user("friend")),
    )
    await joined(await world.super_admin(), other, mole, "ADMIN")
    offer, elsewhere = await offered(mole, acme, "friend", "ADMIN"), await offered(mole, other, "friend")
    kept = await offered(admin, acme, "somebody")

    await run(admin, mutation, organizationId=str(acme.id), userId=user_id(mole), **more)

    assert (await run(friend, ACCEPT, id=offer["id"]))["__typename"] == "NotFound"
    assert await offers_of(admin, acme) == [kept]
    assert await offers_to(friend) == [elsewhere]


async def test_who_is_removed_meanwhile_makes_no_offer_that_stays(world: World):
    acme = await world.organization()
    admin, mole = await world.member(acme), await world.member(acme)
    assert mole.user
    given = {"organizationId": str(acme.id), "username": "friend", "role": "ADMIN"}

    async with world.services.database.write() as db:
        await organizations.lock(db, Scope.everything(), acme.id)
        await memberships.remove(db, acme.id, mole.user.id)
        offering = asyncio.create_task(mole.post(ADD, input=given))
        async with asyncio.timeout(10):
            while not await db.scalar(text(WAITING)):  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.01)

    assert (await offering)["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await offers_of(admin, acme) == []


async def test_a_deleted_organization_offers_nothing(world: World):
    acme = await world.organization()
    admin, nora = await world.member(acme), await world.sign_in(await world.user("Nora"))
    offer = await offered(admin, acme, "Nora")

    await admin.ask(DELETE, id=str(acme.id))

    assert await offers_to(nora) == []
    assert (await run(nora, ACCEPT, id=offer["id"]))["__typename"] == "NotFound"
    async with world.services.database.read() as db:
        assert await db.scalar(text("SELECT count(*) FROM membership_offers")) == 0


async def test_offers_come_in_pages(world: World):
    nora = await world.sign_in(await world.user("Nora"))
    boss = await world.super_admin()
    names = [f"Organization {letter}" for letter in "abc"]
    for name in names:
        await offered(boss, await world.organization(name), "Nora")
    page = """query ($after: String) { membershipOffers(first: 2, after: $after) {
        nodes { organizationName } pageInfo { hasNextPage endCursor }
    } }"""

    first = (await nora.ask(page))["membershipOffers"]
    second = (await nora.ask(page, after=first["pageInfo"]["endCursor"]))["membershipOffers"]

    assert [each["organizationName"] for each in first["nodes"] + second["nodes"]] == names
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
