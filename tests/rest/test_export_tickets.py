"""Tickets of downloads: each stands for one sign-in and one download, for a while."""

from datetime import timedelta
from typing import Any

import pytest

from auth import tokens
from tests.rest.export_requests import EVENTS, PERSON_TICKET, TICKET, fetched, lines, tickets
from tests.schema.sample_tenants import create_sample_tenants, run
from tests.world import Asker, World


async def test_a_ticket_stands_for_a_sign_in_and_one_download(world: World):
    tenants = await create_sample_tenants(world)
    conditions = {
        "from": "2026-08-03T09:00:00Z",
        "to": "2026-08-04T00:00:00+02:00",
        "organizationIds": [tenants.ours.id],
        "sessionIds": ["s-ours", "ä &=?#+"],
        "eventTypes": ["FOCUS"],
        "domains": ["ours.com"],
        "urlContains": "ours",
    }
    address = await tickets(tenants, **conditions)
    plain = await tickets(tenants)
    person = (await run(tenants.admin, PERSON_TICKET, id=tenants.ours.person_id))["download"]["url"]
    stranger = tenants.stranger

    assert [line["sessionId"] for line in await lines(stranger, address)] == ["s-ours"]
    assert [line["sessionId"] for line in await lines(stranger, plain)] == ["s-ours"]
    assert (await lines(stranger, person))[-1]["kind"] == "end"
    changed = [
        address.replace("urlContains=ours", "urlContains=other"),
        plain.replace("behaviors.ndjson?", f"behaviors.ndjson?organizationId={tenants.theirs.id}&"),
        plain.replace(".ndjson", ".csv"),
        person.replace(str(tenants.ours.person.id), str(tenants.theirs.person.id)),
        plain[:-3] + "abc",
    ]
    assert [(await fetched(stranger, each)).status_code for each in changed] == [401] * 5


async def test_tickets_and_tokens_are_not_the_same(world: World):
    tenants = await create_sample_tenants(world)
    ticket = (await tickets(tenants)).partition("ticket=")[2]

    as_token = await fetched(Asker(world.http, token=ticket))
    as_ticket = await fetched(tenants.stranger, EVENTS, ticket=tenants.admin.token)
    over_graphql = await Asker(world.http, token=ticket).refused("{ viewer { id } }")

    assert (as_token.status_code, as_ticket.status_code) == (401, 401)
    assert over_graphql["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_ticket_ends_in_time_and_with_the_session(world: World, monkeypatch: pytest.MonkeyPatch):
    tenants = await create_sample_tenants(world)
    living = await tickets(tenants)
    monkeypatch.setattr(tokens, "TICKET_LIFETIME", timedelta(seconds=-6))
    ended = await tickets(tenants)

    before = [(await fetched(tenants.stranger, address)).status_code for address in (living, ended)]
    await tenants.admin.ask("mutation { logout { __typename } }")
    after = await fetched(tenants.stranger, living)

    assert (before, after.status_code) == ([200, 401], 401)


async def test_a_ticket_may_ask_for_a_byte_order_mark(world: World):
    tenants = await create_sample_tenants(world)

    address = await tickets(tenants, format="CSV", byteOrderMark=True)

    assert (await fetched(tenants.stranger, address)).content.startswith(b"\xef\xbb\xbfid,ts,")


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"organizationIds": []}, "must not be empty"),
        ({"eventTypes": []}, "must not be empty"),
        ({"sessionIds": ["x" * 250] * 30}, "too many conditions"),
        ({"format": "NDJSON", "byteOrderMark": True}, "Only a CSV can have a byte order mark"),
    ],
    ids=str,
)
async def test_what_no_address_can_say_is_refused(world: World, wanted: dict[str, Any], message: str):
    tenants = await create_sample_tenants(world)

    answer = await run(tenants.admin, TICKET, **{"format": "CSV"} | wanted)

    assert answer["__typename"] == "InvalidInput"
    assert message in answer["message"]
