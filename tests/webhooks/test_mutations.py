"""Webhooks over GraphQL: made, changed, tested and deleted by admins, and by nobody else."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from core.ids import encode_node_id
from core.limits import WEBHOOKS
from core.roles import Role
from tests.schema.sample_tenants import run
from tests.webhooks.endpoint import Endpoint, silent, status
from tests.webhooks.requests import (
    ALL,
    CREATE,
    DELETE,
    REDELIVER,
    ROTATE,
    TEST,
    UPDATE,
    made,
    person_made,
    tried,
    webhooks_of,
)
from tests.world import World

URL = "https://example.com/hooks"
EVENT = """query ($id: ID!) { webhookEvent(id: $id) {
    id uuid type actorId ... on PersonCreatedEvent { person { username } }
} }"""


async def test_a_webhook_is_made_changed_and_deleted(telling: World):
    acme = await telling.organization()
    admin = await telling.member(acme)

    new = await made(admin, acme, URL, name="  CRM ")
    changed = await run(admin, UPDATE, id=new["webhook"]["id"], url="https://example.com/2", eventTypes=["EXPORT_MADE"])
    own = await run(admin, UPDATE, id=new["webhook"]["id"], selection=" { id } ")
    default = await run(admin, UPDATE, id=new["webhook"]["id"], selection=None, name=None)
    deleted = await run(admin, DELETE, id=new["webhook"]["id"])
    again = await run(admin, DELETE, id=new["webhook"]["id"])

    assert new["secret"].startswith("whsec_")
    assert (new["webhook"]["name"], new["webhook"]["status"], new["webhook"]["eventTypes"]) == ("CRM", "ACTIVE", ALL)
    assert "... on PersonCreatedEvent" in new["webhook"]["selection"]
    assert (changed["webhook"]["url"], changed["webhook"]["eventTypes"]) == ("https://example.com/2", ["EXPORT_MADE"])
    assert own["webhook"]["selection"] == "{ id }"
    assert default["webhook"] == changed["webhook"]
    assert deleted["deletedId"] == new["webhook"]["id"]
    assert again["__typename"] == "NotFound"
    log = await admin.ask("{ auditLog { nodes { action } } }")
    assert [entry["action"] for entry in log["auditLog"]["nodes"]] == [
        "WEBHOOK_DELETED",
        *["WEBHOOK_UPDATED"] * 3,
        "WEBHOOK_CREATED",
    ]


async def test_bad_input_is_refused_by_the_field(telling: World):
    acme = await telling.organization()
    admin = await telling.member(acme)
    good = {"organizationId": str(acme.id), "name": "hook", "url": URL, "eventTypes": ALL}

    changes: tuple[dict[str, Any], ...] = (
        {"name": " "},
        {"url": "https://10.0.0.1/"},
        {"eventTypes": []},
        {"eventTypes": ["TEST"]},
    )
    refused = [await run(admin, CREATE, **good | bad) for bad in changes]

    assert [each["field"] for each in refused] == ["name", "url", "eventTypes", "eventTypes"]
    assert await webhooks_of(admin, acme) == []


async def test_an_organization_has_a_bounded_number(telling: World):
    acme = await telling.organization()
    admin = await telling.member(acme)
    made_of = [
        run(admin, CREATE, organizationId=str(acme.id), name=f"{number}", url=URL, eventTypes=ALL)
        for number in range(WEBHOOKS + 2)
    ]

    kinds = [each["__typename"] for each in await asyncio.gather(*made_of)]

    assert sorted(kinds) == ["CreateWebhookSuccess"] * WEBHOOKS + ["TooManyWebhooks"] * 2


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
async def test_members_neither_see_nor_change_webhooks(telling: World, role: Role):
    acme = await telling.organization()
    admin, member = await telling.member(acme), await telling.member(acme, role)
    webhook = (await made(admin, acme, URL))["webhook"]
    await person_made(admin, acme, "olga")
    delivery = (await webhooks_of(admin, acme))[0]["deliveries"]["nodes"][0]

    for mutation in (UPDATE, DELETE, ROTATE, TEST):
        assert (await member.refused(mutation, input={"id": webhook["id"]}))["extensions"]["code"] == "FORBIDDEN"
    for refused in (
        await member.refused(REDELIVER, input={"id": delivery["id"]}),
        await member.refused("query ($id: ID!) { organization(id: $id) { webhooks { id } } }", id=str(acme.id)),
    ):
        assert refused["extensions"]["code"] == "FORBIDDEN"
    event = await member.ask(EVENT, id=delivery["eventId"])
    assert event == {"webhookEvent": None}


async def test_other_organizations_webhooks_do_not_exist(telling: World):
    acme, other = await telling.organization(), await telling.organization()
    admin, stranger = await telling.member(acme), await telling.member(other)
    webhook = (await made(admin, acme, URL))["webhook"]
    await person_made(admin, acme, "olga")
    delivery = (await webhooks_of(admin, acme))[0]["deliveries"]["nodes"][0]

    for mutation in (UPDATE, DELETE, ROTATE, TEST):
        assert (await run(stranger, mutation, id=webhook["id"]))["__typename"] == "NotFound"
    assert (await run(stranger, REDELIVER, id=delivery["id"]))["__typename"] == "NotFound"
    assert await stranger.ask(EVENT, id=delivery["eventId"]) == {"webhookEvent": None}
    assert (await admin.ask(EVENT, id=delivery["eventId"]))["webhookEvent"]["person"] == {"username": "olga"}


async def test_a_test_is_sent_at_once_and_its_outcome_told(telling: World, target: Endpoint):
    acme = await telling.organization()
    admin = await telling.member(acme)
    webhook = (await made(admin, acme, target.url, eventTypes=["RETENTION_RUN"]))["webhook"]

    good = await run(admin, TEST, id=webhook["id"])
    target.answer = status(404)
    bad = await run(admin, TEST, id=webhook["id"])

    assert (good["delivery"]["state"], good["delivery"]["eventType"]) == ("DELIVERED", "TEST")
    assert (bad["delivery"]["state"], bad["delivery"]["problem"]) == ("PENDING", "The endpoint answered 404.")
    assert target.received[0].message["type"] == "test"


async def test_a_test_of_a_slow_endpoint_is_not_waited_for(telling: World, target: Endpoint):
    acme = await telling.organization()
    admin = await telling.member(acme)
    webhook = (await made(admin, acme, target.url))["webhook"]
    target.answer = silent(6)

    answer = await run(admin, TEST, id=webhook["id"])

    assert (answer["delivery"]["state"], answer["delivery"]["attempts"]) == ("PENDING", [])


async def test_what_is_not_active_is_neither_tested_nor_redelivered_to(telling: World, target: Endpoint):
    acme = await telling.organization()
    admin = await telling.member(acme)
    webhook = (await made(admin, acme, target.url))["webhook"]
    await person_made(admin, acme, "olga")
    delivery = await tried(admin, acme, 1)
    await run(admin, UPDATE, id=webhook["id"], isEnabled=False)

    tested, redelivered = await run(admin, TEST, id=webhook["id"]), await run(admin, REDELIVER, id=delivery["id"])

    assert tested["__typename"] == redelivered["__typename"] == "InvalidInput"
    assert "isEnabled: true" in tested["message"]


async def test_a_delivered_message_can_be_had_again(telling: World, target: Endpoint):
    acme = await telling.organization()
    admin = await telling.member(acme)
    await made(admin, acme, target.url)
    await person_made(admin, acme, "olga")
    delivery = await tried(admin, acme, 1)

    answer = await run(admin, REDELIVER, id=delivery["id"])

    assert answer["delivery"]["state"] == "DELIVERED"
    assert [each["outcome"] for each in answer["delivery"]["attempts"]] == ["DELIVERED"] * 2
    assert len({each.headers["webhook-id"] for each in await target.get(2)}) == 1


async def test_ids_of_nothing_are_not_found(telling: World):
    acme = await telling.organization()
    admin = await telling.member(acme)
    nothing = encode_node_id("Webhook", uuid4().bytes)

    for mutation in (UPDATE, DELETE, ROTATE, TEST, REDELIVER):
        assert (await run(admin, mutation, id=nothing))["__typename"] == "NotFound"
    assert await admin.ask(EVENT, id=str(uuid4())) == {"webhookEvent": None}


async def test_webhooks_go_with_their_organization(telling: World):
    acme = await telling.organization()
    admin = await telling.member(acme)
    await made(admin, acme, URL)
    await person_made(admin, acme, "olga")

    await admin.ask("mutation ($id: ID!) { deleteOrganization(input: {id: $id}) { __typename } }", id=str(acme.id))

    async with telling.services.database.read() as db:
        for table in ("webhooks", "webhook_deliveries"):
            assert await db.scalar(text(f"SELECT count(*) FROM {table}")) == 0
