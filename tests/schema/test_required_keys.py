"""Required API keys over GraphQL: who may require them, and who may then post without one."""

from typing import Any

import pytest

from core.roles import Role
from db.queries.organizations import OrganizationRow
from tests.rest_requests import stored, with_key
from tests.schema.test_audit_log import details, entries
from tests.schema.test_ingest_behaviors import behavior, ingest
from tests.world import Asker, World

REQUIRE = """mutation ($input: UpdateOrganizationInput!) { updateOrganization(input: $input) {
    __typename
    ... on UpdateOrganizationSuccess { organization { requiresApiKey } }
    ... on InvalidInput { message field }
} }"""


async def set_required(asker: Asker, organization: OrganizationRow, *, required: bool | None) -> dict[str, Any]:
    """Return the answer of `updateOrganization`."""
    given = {"id": str(organization.id), "requiresApiKey": required}
    answer: dict[str, Any] = (await asker.ask(REQUIRE, input=given))["updateOrganization"]
    return answer


async def is_required(world: World, organization: OrganizationRow) -> bool:
    asker = await world.super_admin()
    query = "query ($id: ID!) { organization(id: $id) { requiresApiKey } }"
    required: bool = (await asker.ask(query, id=str(organization.id)))["organization"]["requiresApiKey"]
    return required


async def test_an_admin_says_whether_keys_are_required_and_the_log_tells(world: World):
    organization = await world.organization()
    admin = await world.member(organization)

    before = await is_required(world, organization)
    answers = [await set_required(admin, organization, required=required) for required in (True, True, False)]
    renamed = await admin.ask(REQUIRE, input={"id": str(organization.id), "name": "Renamed"})

    assert before is False
    assert [answer["organization"]["requiresApiKey"] for answer in answers] == [True, True, False]
    assert renamed["updateOrganization"]["organization"]["requiresApiKey"] is False
    found = await entries(admin)
    assert [(entry["action"], details(entry)) for entry in found] == [
        ("KEY_REQUIREMENT_CHANGED", {"before": "True", "after": "False"}),
        ("KEY_REQUIREMENT_CHANGED", {"before": "False", "after": "True"}),
    ]


async def test_null_does_not_say_whether_keys_are_required(world: World):
    organization = await world.organization()
    admin = await world.member(organization)

    answer = await set_required(admin, organization, required=None)

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", "requiresApiKey")
    assert "true or false" in answer["message"]


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
async def test_only_admins_say_so(world: World, role: Role):
    organization = await world.organization()
    asker = await world.member(organization, role)

    error = await asker.refused(REQUIRE, input={"id": str(organization.id), "requiresApiKey": True})

    assert error["extensions"]["code"] == "FORBIDDEN"
    assert await is_required(world, organization) is False


async def test_another_organizations_admin_finds_nothing_to_change(world: World):
    ours, theirs = await world.organization(), await world.organization()
    outsider = await world.member(theirs)

    answer = await set_required(outsider, ours, required=True)

    assert answer == {"__typename": "NotFound"}
    assert await is_required(world, ours) is False


async def test_who_manages_the_organization_needs_no_key(world: World):
    ours, theirs = await world.organization(), await world.organization()
    olga, theo = await world.recorded(ours), await world.recorded(theirs)
    admin, boss = await world.member(ours), await world.super_admin()
    await set_required(boss, ours, required=True)
    await set_required(boss, theirs, required=True)

    events = [behavior(userId=str(olga.id)), behavior(userId=str(theo.id))]
    by_admin = await ingest(admin, *(event | {"eventId": "admin"} for event in events))
    by_boss = await ingest(boss, *(event | {"eventId": "boss"} for event in events))

    assert (by_admin["accepted"], [each["index"] for each in by_admin["rejected"]]) == (1, [1])
    assert (by_boss["accepted"], by_boss["rejected"]) == (2, [])
    await world.services.key_usage.flush()
    query = "{ extensionUsers { nodes { lastKeylessEventAt } } }"
    found = (await boss.ask(query))["extensionUsers"]["nodes"]
    assert found == [{"lastKeylessEventAt": None}] * 2


async def test_everybody_else_needs_the_key(world: World):
    ours, theirs = await world.organization(), await world.organization()
    olga = await world.recorded(ours)
    await set_required(await world.super_admin(), ours, required=True)
    askers = [world.stranger, await world.member(ours, Role.VIEWER), await world.member(ours, Role.MEMBER)]
    askers.append(await world.member(theirs))

    refused = [await ingest(asker, behavior(userId=str(olga.id))) for asker in askers]
    keyed = await ingest(Asker(world.http, headers=with_key(olga)), behavior())

    message = f"unknown or inactive user: {olga.id}"
    for answer in refused:
        assert answer["accepted"] == 0
        assert answer["rejected"] == [{"index": 0, "code": "UNKNOWN_USER", "message": message}]
    assert keyed["accepted"] == 1
    assert len(await stored(world.services)) == 1
