"""What a selection may hold, and what becomes of one that cannot be answered."""

import pytest
from sqlalchemy import text

from core.limits import WEBHOOK_SELECTION_CHARACTERS
from core.roles import Role
from db.queries import memberships
from tests.schema.sample_tenants import run
from tests.webhooks.endpoint import Endpoint
from tests.webhooks.requests import ALL, CREATE, UPDATE, made, paused, person_made, tried
from tests.world import World

USAGE = """{ ... on PersonCreatedEvent { person { name: username organization {
    usage(period: { last: "P7D" }) { total { events } } extensionUsers { nodes { username } }
} } } ...Who }
fragment Who on WebhookEvent { actor { username } }"""


async def test_a_message_holds_what_the_admin_chose(telling: World, target: Endpoint):
    acme = await telling.organization()
    admin = await telling.member(acme)
    await made(admin, acme, target.url, selection=USAGE)

    await person_made(admin, acme, "olga")

    [request] = await target.get(1)
    assert admin.user
    assert request.message["data"] == {
        "person": {
            "name": "olga",
            "organization": {
                "usage": {"total": {"events": 0}},
                "extensionUsers": {"nodes": [{"username": "olga"}]},
            },
        },
        "actor": {"username": admin.user.username},
    }


async def test_a_message_is_of_the_organization_alone_whatever_else_its_owner_may_see(telling: World, target: Endpoint):
    acme, other = await telling.organization("Acme"), await telling.organization("Other")
    boss = await telling.super_admin()
    assert boss.user
    async with telling.services.database.write() as db:
        for organization in (acme, other):
            await memberships.add(db, organization.id, boss.user.id, Role.ADMIN)
    selection = "{ actor { memberships { organization { name } } } }"
    await made(boss, acme, target.url, selection=selection)

    await person_made(boss, acme, "olga")

    [request] = await target.get(1)
    assert request.message["data"] == {"actor": {"memberships": [{"organization": {"name": "Acme"}}]}}


@pytest.mark.parametrize(
    ("selection", "problem"),
    [
        ("", "does not fit the schema"),
        ("{", "does not fit the schema"),
        ("{ id } { id }", "in braces"),
        ("{ id } } organizations { nodes { id }", "does not fit the schema"),
        ("mutation { logout { __typename } }", "in braces"),
        ("query Named { id }", "in braces"),
        ("query ($x: Int) { id }", "in braces"),
        ("type X { id: ID }", "in braces"),
        ("fragment X on WebhookEvent { id }", "in braces"),
        ("{ nothing }", "Cannot query field 'nothing'"),
        ("{ __schema { types { name } } }", "Cannot query field '__schema'"),
        ("{ organization { " * 7 + "id" + " } }" * 7, "does not fit the schema"),
        (
            "{ organization { extensionUsers(first: 100) { nodes { behaviors(first: 1000) { nodes { url } } } } } }",
            "cost",
        ),
        ("{ id " + "#" * WEBHOOK_SELECTION_CHARACTERS + "\n}", "at most 4000 characters"),
        ("{ id " + "id " * 1100 + "}", "tokens"),
    ],
)
async def test_a_selection_that_cannot_be_answered_is_refused_when_it_is_saved(
    telling: World, selection: str, problem: str
):
    acme = await telling.organization()
    admin = await telling.member(acme)
    wanted = {"organizationId": str(acme.id), "name": "hook", "url": "https://example.com/", "eventTypes": ALL}

    refused = await run(admin, CREATE, **wanted, selection=selection)

    assert (refused["__typename"], refused["field"]) == ("InvalidInput", "selection"), refused
    assert problem in refused["message"]


async def test_a_selection_that_fits_no_longer_pauses_the_webhook(telling: World, target: Endpoint):
    acme = await telling.organization()
    admin = await telling.member(acme)
    webhook = (await made(admin, acme, target.url))["webhook"]
    async with telling.services.database.write() as db:
        await db.execute(text("UPDATE webhooks SET selection = '{ formerField }'"))
    await person_made(admin, acme, "olga")

    found = await paused(admin, acme)
    await run(admin, UPDATE, id=webhook["id"], selection=None)

    assert found["pauseReason"] == "INVALID_SELECTION"
    assert "formerField" in found["pauseProblem"]
    [request] = await target.get(1)
    assert request.message["data"]["type"] == "PERSON_CREATED"


async def test_a_message_that_is_too_large_is_not_sent(
    telling: World, target: Endpoint, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("app.webhook_messages.WEBHOOK_BODY_BYTES", 100)
    acme = await telling.organization()
    admin = await telling.member(acme)
    await made(admin, acme, target.url)
    await person_made(admin, acme, "olga")

    delivery = await tried(admin, acme, 1)

    assert delivery["attempts"][0]["outcome"] == "NO_PAYLOAD"
    assert "select less" in delivery["problem"]
    assert target.received == []


async def test_messages_cost_their_owner_nothing_of_the_budget(telling: World, target: Endpoint):
    acme = await telling.organization()
    admin = await telling.member(acme)
    await made(admin, acme, target.url)
    await person_made(admin, acme, "olga")
    await target.get(1)

    async with telling.services.database.read() as db:
        used = await db.scalar(text("SELECT count(*) FROM webhook_deliveries WHERE problem IS NOT NULL"))

    assert used == 0
