"""Requests that mean ill: each is refused before it has cost much."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from rest import bodies
from tests.conftest import BASE_URL, make_settings
from tests.servers import own_world
from tests.wire import BATCH, BEHAVIORS, stored
from tests.world import World


async def test_millions_of_bad_events_are_counted_before_they_are_looked_at(world: World):
    body = b'{"events":[' + b"1," * 200_000 + b"1]}"
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
    assert calls < 50_000, "less than one Python call an event"


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
