"""Caps on rejected events that are kept of one sender: by requests, as a flood comes."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from asgi_lifespan import LifespanManager
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from app.server import create_app
from app.settings import Settings
from core.rejected_events import PER_NETWORK_A_DAY, PER_PERSON
from tests.conftest import BASE_URL
from tests.observability.prometheus_scrape import metered, scrape
from tests.rest_requests import BATCH, BEHAVIORS, event, execute, post_batch, rejected, with_key
from tests.schema.test_erasure import node
from tests.world import World

BATCH_OF_BAD = [event(type="flood", eventId=str(number)) for number in range(1000)]


def client_at(app: FastAPI, address: str) -> AsyncClient:
    """A client with a network address of its own."""
    return AsyncClient(transport=ASGITransport(app, client=(address, 4711)), base_url=BASE_URL)


async def kept(world: World) -> Counter[str]:
    """Return the number of events that are kept, by kind."""
    return Counter(row["message"].rpartition(": ")[2] for row in await rejected(world.services))


async def test_a_flood_from_one_address_is_answered_the_same_and_hardly_kept(world: World, app: FastAPI):
    olga = await world.recorded(await world.organization())
    await post_batch(world.http, event(type="olgas"), headers=with_key(olga))

    async with client_at(app, "192.0.2.1") as flood, client_at(app, "192.0.2.2") as neighbour:
        answers = [await post_batch(flood, event(eventId=str(number)), *BATCH_OF_BAD[1:]) for number in range(3)]
        single = await flood.post(BEHAVIORS, json=event(type="flood"))
        await post_batch(neighbour, event(type="neighbours"))

    assert [answer.status_code for answer in answers] == [201] * 3
    assert [len(answer.json()["rejected"]) for answer in answers] == [999] * 3
    assert answers[2].json()["rejected"][-1] == {
        "index": 999,
        "code": "invalid_type",
        "message": "invalid event type: flood",
    }
    assert [answer.json()["accepted"] for answer in answers] == [1] * 3
    assert (single.status_code, single.json()["message"]) == (400, "invalid event type: flood")
    assert await kept(world) == {"olgas": 1, "neighbours": 1, "flood": PER_NETWORK_A_DAY}


async def test_ipv6_addresses_of_one_network_share_their_room(world: World, app: FastAPI):
    for address in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"):
        async with client_at(app, address) as flood:
            await post_batch(flood, *BATCH_OF_BAD)

    assert await kept(world) == {"flood": PER_NETWORK_A_DAY}


async def test_a_keys_flood_leaves_room_to_others_of_the_same_address_and_organization(world: World):
    organization = await world.organization()
    olga, pete = [await world.recorded(organization) for _ in range(2)]

    flood = [await post_batch(world.http, event(), *BATCH_OF_BAD[1:], headers=with_key(olga)) for _ in range(2)]
    await post_batch(world.http, event(type="petes"), headers=with_key(pete))
    await post_batch(world.http, event(type="keyless"))

    assert [len(answer.json()["rejected"]) for answer in flood] == [999, 999]
    assert await kept(world) == {"flood": PER_PERSON, "petes": 1, "keyless": 1}


async def test_what_is_refused_within_the_transaction_counts_too(world: World):
    stranger = uuid4()

    named = [event(userId=str(stranger), eventId=str(number)) for number in range(999)]
    answer = await post_batch(world.http, event(), *named)

    assert (answer.status_code, len(answer.json()["rejected"])) == (201, 999)
    assert {row["named_user_id"] for row in await rejected(world.services)} == {stranger}
    assert await kept(world) == {str(stranger): PER_NETWORK_A_DAY}


async def test_whom_an_event_names_is_noted_only_without_a_key(world: World):
    organization = await world.organization()
    olga, pete = [await world.recorded(organization) for _ in range(2)]
    await execute(world.services, "UPDATE extension_users SET is_active = false WHERE id = :id", id=pete.id)
    named = event(type="tap", userId=str(olga.id))

    await post_batch(world.http, named, event(ts="noon", userId=olga.id.hex), event(userId=str(pete.id)))
    await post_batch(world.http, named, event(userId=str(pete.id)), headers=with_key(olga))
    await post_batch(world.http, event(type="tap"))

    assert [(row["user_id"], row["named_user_id"]) for row in await rejected(world.services)] == [
        (None, olga.id),
        (None, olga.id),
        (pete.id, pete.id),
        (olga.id, None),
        (olga.id, None),
        (None, None),
    ]


@pytest.fixture
async def measured(world: World, data_dir: Path, database_url: str) -> AsyncIterator[tuple[World, Settings]]:
    """An application of its own that tells its metrics."""
    settings = metered(data_dir)
    application = create_app(settings, database_url)
    async with LifespanManager(application), client_at(application, "192.0.2.7") as http:
        yield replace(world, services=application.state.services, http=http), settings


async def test_what_is_not_kept_is_counted(measured: tuple[World, Settings]):
    world, settings = measured
    olga = await world.recorded(await world.organization())

    await world.http.post(BATCH, json={"events": BATCH_OF_BAD})
    await world.http.post(BATCH, json={"events": BATCH_OF_BAD}, headers=with_key(olga))

    found = await scrape(settings)
    name = "web_behavior_rejected_events_not_kept_total"
    assert found.value(name, by="keyless") == 1000 - PER_NETWORK_A_DAY
    assert found.value(name, by="key") == 1000 - PER_PERSON
    assert found.value("web_behavior_events_rejected_total", code="invalid_type") == 2000


async def test_a_flood_neither_shows_in_a_persons_export_nor_crowds_theirs_out(world: World, app: FastAPI):
    organization = await world.organization()
    admin, olga = await world.member(organization), await world.recorded(organization)
    await post_batch(world.http, event(type="olgas"), headers=with_key(olga))
    await post_batch(world.http, event(type="naming", userId=str(olga.id)))
    async with client_at(app, "192.0.2.1") as flood:
        for _ in range(3):
            await post_batch(flood, *BATCH_OF_BAD)

    exported = await world.http.get(
        f"/api/v1/exports/extension-users/{node(olga)}.ndjson", headers={"Authorization": f"Bearer {admin.token}"}
    )

    assert [word in exported.text for word in ("olgas", "naming", "flood")] == [True, True, False]
