"""Many extension users made at once: a receipt for each, and what one costs the others: nothing."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from core.roles import Role
from tests.schema.sample_tenants import run
from tests.schema.test_extension_user_mutations import CREATE, key_status
from tests.world import World

CREATE_EACH = """mutation ($input: CreateExtensionUsersInput!) { createExtensionUsers(input: $input) {
    __typename
    ... on Error { message } ... on InvalidInput { field }
    ... on CreateExtensionUsersSuccess { created receipts {
        __typename
        ... on CreateExtensionUserSuccess { apiKey extensionUser { id username apiKeyPrefix organization { name } } }
        ... on Error { message } ... on InvalidInput { field }
    } }
} }"""


def people(*usernames: str) -> list[dict[str, str]]:
    return [{"username": username} for username in usernames]


def outcomes(answer: dict[str, Any]) -> list[str]:
    """The name of each person who was made, or the kind of failure."""
    return [
        receipt["extensionUser"]["username"] if "extensionUser" in receipt else receipt["__typename"]
        for receipt in answer["receipts"]
    ]


async def test_each_has_a_receipt_in_order_and_a_key_that_works(world: World):
    organization = await world.organization("Acme")
    admin = await world.member(organization)
    await run(admin, CREATE, organizationId=str(organization.id), username="olga")

    answer = await run(
        admin,
        CREATE_EACH,
        organizationId=str(organization.id),
        people=people("zoe", "OLGA", " ", " Adam ", "adam", "a\nb", "x" * 300, "bea", "stra\u00dfe", "STRASSE"),
    )

    assert outcomes(answer) == [
        "zoe", "NameTaken", "InvalidInput", "Adam", "NameTaken", "InvalidInput", "InvalidInput", "bea",
        "stra\u00dfe", "NameTaken",
    ]  # fmt: skip
    assert answer["created"] == 4
    assert answer["receipts"][1]["message"] == "The organization has an extension user named OLGA already."
    assert answer["receipts"][2] == {
        "__typename": "InvalidInput",
        "message": "`username` must not be empty.",
        "field": "username",
    }
    for place in (0, 3, 7):
        receipt = answer["receipts"][place]
        assert receipt["extensionUser"]["organization"] == {"name": "Acme"}
        assert receipt["apiKey"].startswith(receipt["extensionUser"]["apiKeyPrefix"])
        assert await key_status(world.http, receipt["apiKey"]) == 200


async def test_the_audit_log_has_an_entry_for_each_who_is_made(world: World):
    organization = await world.organization()
    admin = await world.member(organization)

    answer = await run(admin, CREATE_EACH, organizationId=str(organization.id), people=people("a", "b", "A", ""))

    async with world.services.database.read() as db:
        statement = "SELECT subject_id, actor_id, organization_id FROM audit_entries WHERE action = 'key_issued'"
        entries = {tuple(row) for row in await db.execute(text(statement))}
        ids = set(await db.scalars(text("SELECT id FROM extension_users")))
    assert answer["created"] == 2
    assert admin.user is not None
    assert entries == {(id_, admin.user.id, organization.id) for id_ in ids}


async def test_requests_with_the_same_names_make_each_person_once(world: World):
    organization = await world.organization()
    admin = await world.member(organization)
    names = [f"person {number}" for number in range(100)]
    orders = [names, names[::-1], names[50:] + names[:50], names[::2] + names[1::2]]

    answers = await asyncio.gather(
        *(run(admin, CREATE_EACH, organizationId=str(organization.id), people=people(*order)) for order in orders)
    )

    made = [name for answer in answers for name in outcomes(answer) if name != "NameTaken"]
    assert sorted(made) == sorted(names)
    assert all(len(answer["receipts"]) == len(names) for answer in answers)


@pytest.mark.parametrize("number", [0, 251])
async def test_their_number_is_bounded(world: World, number: int):
    organization = await world.organization()
    admin = await world.member(organization)

    answer = await run(admin, CREATE_EACH, organizationId=str(organization.id), people=people(*map(str, range(number))))

    assert answer == {
        "__typename": "InvalidInput",
        "field": "people",
        "message": "`people` takes 1 to 250 people. Make more by several requests.",
    }


async def test_only_admins_make_people_and_the_price_is_a_point_for_each(world: World):
    organization = await world.organization()
    admin, viewer = await world.member(organization), await world.member(organization, Role.VIEWER)
    given = {"organizationId": str(organization.id), "people": people(*map(str, range(250)))}

    refused = await viewer.post(CREATE_EACH, input=given)
    made = await admin.post(CREATE_EACH, input=given)

    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert made["data"]["createExtensionUsers"]["created"] == 250
    assert made["extensions"]["cost"]["requested"] > 250
