"""Leaving an organization: everybody may, except its last admin."""

import asyncio

import pytest
from sqlalchemy import text

from core.ids import encode_node_id
from core.roles import Role
from tests.schema.membership_offers import joined, offered, offers_of
from tests.schema.sample_tenants import run, user_id
from tests.schema.test_organization_mutations import REMOVE, SET_ROLE
from tests.world import Asker, World

LEAVE = """mutation ($input: LeaveOrganizationInput!) { leaveOrganization(input: $input) {
    __typename ... on LeaveOrganizationSuccess { organizationId } ... on Error { message }
} }"""
LOG = "{ auditLog { nodes { action actorId subjectId organizationId } } }"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.ADMIN])
async def test_who_leaves_sees_nothing_any_more(world: World, role: Role):
    acme = await world.organization()
    admin, leaver = await world.member(acme), await world.member(acme, role)

    left = await run(leaver, LEAVE, organizationId=str(acme.id))
    again = await run(leaver, LEAVE, organizationId=str(acme.id))

    identifier = encode_node_id("Organization", acme.id.bytes)
    assert left == {"__typename": "LeaveOrganizationSuccess", "organizationId": identifier}
    assert again["__typename"] == "NotFound"
    assert await leaver.ask("{ organizations { nodes { id } } }") == {"organizations": {"nodes": []}}
    assert leaver.user
    newest = (await admin.ask(LOG))["auditLog"]["nodes"][0]
    themselves = str(leaver.user.id)
    assert newest == {
        "action": "MEMBER_LEFT",
        "actorId": themselves,
        "subjectId": themselves,
        "organizationId": str(acme.id),
    }


async def test_who_is_no_member_cannot_leave(world: World):
    acme = await world.organization()
    await world.member(acme)
    outsider, boss = await world.member(await world.organization()), await world.super_admin()

    answers = [
        await run(asker, LEAVE, organizationId=identifier)
        for asker in (outsider, boss)
        for identifier in (str(acme.id), "garbage")
    ]

    assert [answer["__typename"] for answer in answers] == ["NotFound"] * 4


async def test_a_super_admin_leaves_like_anybody(world: World):
    acme = await world.organization()
    admin, boss = await world.member(acme), await world.super_admin()
    await joined(admin, acme, boss)

    left = await run(boss, LEAVE, organizationId=str(acme.id))

    assert left["__typename"] == "LeaveOrganizationSuccess"
    assert (await boss.ask("{ viewer { memberships { role } } }"))["viewer"]["memberships"] == []


async def test_the_last_admin_cannot_leave(world: World):
    acme = await world.organization()
    admin, member = await world.member(acme), await world.member(acme, Role.MEMBER)

    refused = await run(admin, LEAVE, organizationId=str(acme.id))
    await run(admin, SET_ROLE, organizationId=str(acme.id), userId=user_id(member), role="ADMIN")
    left = await run(admin, LEAVE, organizationId=str(acme.id))

    assert (refused["__typename"], left["__typename"]) == ("LastAdmin", "LeaveOrganizationSuccess")


async def test_an_admin_who_leaves_takes_their_offers_along(world: World):
    acme = await world.organization()
    admin, leaver = await world.member(acme), await world.member(acme)
    await offered(leaver, acme, "friend", "ADMIN")

    await run(leaver, LEAVE, organizationId=str(acme.id))

    assert await offers_of(admin, acme) == []


@pytest.mark.parametrize("other_mutation", [LEAVE, SET_ROLE, REMOVE], ids=["leaves", "is demoted", "is removed"])
async def test_of_two_admins_who_go_at_once_one_stays(world: World, other_mutation: str):
    for _ in range(5):
        acme = await world.organization()
        one, other = await world.member(acme), await world.member(acme)

        async def go(by: Asker, mutation: str, organization_id: str = str(acme.id), whom: Asker = other) -> str:
            given = {"organizationId": organization_id}
            if mutation != LEAVE:
                given["userId"] = user_id(whom)
            answer = await by.post(mutation, input=given | ({"role": "VIEWER"} if mutation == SET_ROLE else {}))
            if "errors" in answer:  # gone before they were asked
                return str(answer["errors"][0]["extensions"]["code"])
            [result] = answer["data"].values()
            return str(result["__typename"])

        by = other if other_mutation == LEAVE else one
        outcomes = await asyncio.gather(go(one, LEAVE), go(by, other_mutation))

        assert sum(outcome.endswith("Success") for outcome in outcomes) == 1, outcomes
        async with world.services.database.read() as db:
            query = text("SELECT count(*) FROM memberships WHERE role = 'admin' AND organization_id = :id")
            assert await db.scalar(query, {"id": acme.id}) == 1
