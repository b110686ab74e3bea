"""Requests that mean ill: each is refused before it has cost much."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from tests.call_counts import CallCounter
from tests.conftest import BASE_URL, make_settings
from tests.rest_requests import BATCH, BEHAVIORS, event, post_batch, rejected, stored
from tests.servers import own_world
from tests.world import World
from web import bodies
from web.body_budget import BODY_BUDGET


async def test_millions_of_bad_events_are_counted_before_they_are_looked_at(world: World):
    body = b'{"events":[' + b"1," * 30_000 + b"1]}"
    calls = 0

    def count(_frame: object, _event: str, _argument: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        response = await world.http.post(BATCH, content=body)
    finally:
        sys.setprofile(None)

    assert response.status_code == 400
    assert response.json()["message"] == "too many events, maximum is 1000"
    assert calls < 15_000, "less than one Python call for two events"


CROWDED = {
    "empty lists": '{"events":[' + "[]," * 100_000 + "[]]}",
    "empty objects": '{"events":[' + "{}," * 100_000 + "{}]}",
    "numbers": '{"events":[' + "1," * 100_000 + "1]}",
    "members of one event": '{"events":[{' + ",".join(f'"{number}":0' for number in range(100_000)) + "}]}",
    "texts": '{"events":[' + '"",' * 100_000 + '""]}',
    "lists within lists": '{"events":' + "[" * 100_000 + "]" * 100_000 + "}",
    "behind a quote that ends nothing": r'{"events":["\"",' + "{}," * 100_000 + "{}]}",
    "behind a backslash that ends a text": r'{"events":["\\",' + "{}," * 100_000 + "{}]}",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32-be"])
@pytest.mark.parametrize("route", [BEHAVIORS, BATCH])
@pytest.mark.parametrize("name", CROWDED)
async def test_more_values_than_events_have_are_refused_before_they_are_parsed(
    world: World, name: str, route: str, encoding: str
):
    with CallCounter() as counter:
        response = await world.http.post(route, content=CROWDED[name].encode(encoding))

    assert response.status_code == 400
    assert "more than 32000 values" in response.json()["message"]
    assert counter.calls < 10_000
    assert await stored(world.services) == []
    assert await rejected(world.services) == []


async def test_an_event_of_right_members_may_have_as_many_others_as_fit(world: World):
    members: dict[str, list[int]] = {f"member {number}": [] for number in range(100_000)}

    response = await world.http.post(BATCH, json={"events": [event() | members]})

    assert response.status_code == 201


async def test_texts_may_look_like_anything_and_cost_no_neighbour(world: World):
    texts = ["," * 100_000, "[{" * 50_000, '\\"' * 30_000, '\\",' * 20_000]
    strange = [event(url=text, type=1) for text in texts]

    response = await world.http.post(BATCH, json={"events": [*strange, event()]})

    assert response.status_code == 201
    assert response.json()["accepted"] == 1
    assert [each["index"] for each in response.json()["rejected"]] == [0, 1, 2, 3]


async def test_large_bodies_are_decoded_one_by_one_and_charged_while_they_wait(world: World):
    body = json.dumps({"events": [event(eventId="1")]}).ljust(300 * 1024)
    small = json.dumps(event(eventId="2"))

    await world.services.heavy_work.turn("somebody else")
    time.sleep(0.5)  # noqa: ASYNC251 - a heavy piece of work
    posts = [asyncio.create_task(world.http.post(BATCH, content=body)) for _ in range(3)]
    passing = await world.http.post(BEHAVIORS, content=small)
    waiting, held = world.services.heavy_work.waiting, BODY_BUDGET.held_bytes
    answers = await asyncio.gather(*posts)

    assert passing.status_code == 201
    assert (waiting, held) == (3, 3 * len(body))
    assert [answer.status_code for answer in answers] == [201] * 3
    assert BODY_BUDGET.held_bytes == 0


async def test_who_may_not_post_is_told_before_the_body_is_read(data_dir, database_url):
    async def body() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    settings = make_settings(data_dir, ingest_require_api_key=True)
    async with own_world(settings, database_url) as world:
        response = await world.http.post(BATCH, content=body())

    assert response.status_code == 401


async def test_a_body_that_never_ends_is_given_up(app: FastAPI, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bodies, "_SECONDS", 0.05)

    async def stalling() -> AsyncIterator[bytes]:
        yield b'{"sessionId": '
        await asyncio.sleep(60)

    async with AsyncClient(transport=ASGITransport(app), base_url=BASE_URL) as client:
        response = await client.post(BEHAVIORS, content=stalling())

    assert response.status_code == 408
    assert response.json() == {"message": "request body took too long to arrive", "success": False}


async def test_a_huge_rejected_event_is_kept_in_part(world: World):
    response = await world.http.post(BATCH, json={"events": [{"type": "x" * 1_000_000}] * 3})

    assert response.status_code == 400
    assert await stored(world.services) == []


async def test_a_long_document_is_refused_without_being_parsed(world: World):
    response = await world.http.post("/graphql", json={"query": "{" + " " * 40_000 + "__typename}"})

    assert response.status_code == 400
    assert "at most 32768 characters" in response.json()["errors"][0]["message"]


async def test_many_international_names_are_read_in_turns(world: World):
    events = [event(url=f"https://bücher{number}.example/ü") for number in range(120)]

    await world.services.heavy_work.turn("somebody else")
    time.sleep(0.5)  # noqa: ASYNC251 - a heavy piece of work
    post = asyncio.create_task(post_batch(world.http, *events))
    passing = await world.http.post(BEHAVIORS, json=event(eventId="1"))
    waiting = world.services.heavy_work.waiting
    answer = await post

    assert (passing.status_code, waiting) == (201, 1)
    assert answer.json()["accepted"] == 120
    domains = {row["domain"] for row in await stored(world.services)}
    assert len(domains) == 121
    assert all(domain.isascii() for domain in domains)
