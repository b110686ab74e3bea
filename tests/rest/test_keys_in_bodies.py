"""`apiKey` in the body, for clients that can set no headers (`navigator.sendBeacon`)."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import Response

from tests.conftest import make_settings
from tests.rest_requests import AUTH, BATCH, BEHAVIORS, event, rejected, stored, with_key
from tests.servers import own_world, served
from tests.world import Recorded, World

INVALID = {"message": "Invalid or inactive API key", "success": False}
ROUTES = pytest.mark.parametrize("route", [BEHAVIORS, BATCH])


def body_of(route: str, *events: dict[str, Any], **members: Any) -> bytes:
    """The body of a post of events, with further members beside them."""
    content = {"events": events} | members if route == BATCH else events[0] | members
    return json.dumps(content).encode()


async def beacon(world: World, route: str, body: bytes, **headers: str) -> Response:
    return await world.http.post(route, content=body, headers={"Content-Type": "text/plain", **headers})


@pytest.fixture
async def ada(world: World) -> Recorded:
    return await world.recorded(await world.organization(), "Ada")


@ROUTES
async def test_a_key_in_the_body_is_as_good_as_one_in_the_header(world: World, ada: Recorded, route: str):
    response = await beacon(world, route, body_of(route, event(), apiKey=f" {ada.key.text}\n"))
    replay = await world.http.post(BATCH, json={"events": [event()]}, headers=with_key(ada))

    assert response.status_code == 201
    assert replay.json()["duplicates"] == 1
    [row] = await stored(world.services)
    assert row["user_id"] == ada.id
    if route == BEHAVIORS:
        assert response.json()["data"]["userName"] == "Ada"


@ROUTES
@pytest.mark.parametrize(
    "key", ["wb_" + "0" * 64, "x", "\ud800", "é", 5, ["wb_"], {"a": 1}], ids=lambda key: ascii(key)[:12]
)
async def test_a_key_in_the_body_that_is_nobodys_is_refused(world: World, route: str, key: object):
    response = await beacon(world, route, body_of(route, event(), apiKey=key))

    assert (response.status_code, response.json()) == (401, INVALID)
    assert await stored(world.services) == []


@ROUTES
async def test_an_empty_key_is_refused_wherever_it_stands_and_null_is_none(world: World, route: str):
    empty = [
        await beacon(world, route, body_of(route, event(), apiKey=" ")),
        await beacon(world, route, body_of(route, event()), **{"X-API-Key": ""}),
        await beacon(world, route, body_of(route, event()), **{"API-Key": " "}),
    ]
    none = await beacon(world, route, body_of(route, event(), apiKey=None))

    assert [answer.status_code for answer in empty] == [401] * 3
    assert {answer.json()["message"] for answer in empty} == {
        "the API key is empty: send the extension user's key, or leave X-API-Key (or apiKey) out"
    }
    assert none.status_code == 201
    assert len(await stored(world.services)) == 1


@ROUTES
async def test_the_same_key_twice_is_one_and_two_keys_are_refused(world: World, ada: Recorded, route: str):
    ben = await world.recorded(await world.organization("Other"))
    body = body_of(route, event(), apiKey=ada.key.text)

    same = await beacon(world, route, body, **with_key(ada))
    other = await beacon(world, route, body, **with_key(ben))

    assert same.status_code == 201
    assert other.status_code == 400
    assert other.json()["message"].startswith("conflicting API keys: the header and the member apiKey")
    assert len(await stored(world.services)) == 1


async def test_a_key_among_the_members_of_a_batchs_event_is_no_key(world: World, ada: Recorded):
    response = await beacon(world, BATCH, body_of(BATCH, event(apiKey=ada.key.text), event(apiKey=ada.key.text, url=1)))

    assert (response.status_code, len(response.json()["rejected"])) == (201, 1)
    [row] = await stored(world.services)
    assert row["user_id"] != ada.id


@ROUTES
async def test_the_key_is_neither_kept_nor_answered_nor_logged(
    world: World, ada: Recorded, route: str, capfd: pytest.CaptureFixture[str]
):
    bad = [event(type="foo"), event(url=1), event(url={"apiKey": ada.key.text})]

    answers = [await beacon(world, route, body_of(route, each, apiKey=ada.key.text)) for each in bad]
    unreadable = await beacon(world, route, body_of(route, event(), apiKey=ada.key.text)[:-1])
    good = await beacon(world, route, body_of(route, event(), apiKey=ada.key.text))

    assert [answer.status_code for answer in answers] == [400] * 3
    rows = await stored(world.services) + await rejected(world.services)
    assert len(rows) == 4
    assert {row["user_id"] for row in rows} == {ada.id}
    told = "".join(answer.text for answer in [*answers, unreadable, good])
    assert ada.key.text not in repr(rows) + told + "".join(capfd.readouterr())


@pytest.mark.parametrize("space", [" ", "\t", "  "])
async def test_space_around_a_key_in_a_header_does_not_count(world: World, ada: Recorded, space: str):
    headers = {"X-API-Key": f"{space}{ada.key.text}{space}"}

    posted = await world.http.post(BEHAVIORS, json=event(), headers=headers)
    whose = await world.http.get(AUTH, headers=headers)

    assert posted.json()["data"]["userName"] == whose.json()["data"]["username"] == "Ada"


async def test_nor_does_it_on_the_wire(app: FastAPI, ada: Recorded):
    async with served(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            f"GET {AUTH} HTTP/1.1\r\nHost: a\r\nX-API-Key: {ada.key.text} \r\nConnection: close\r\n\r\n".encode()
        )
        answer = await reader.read()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.fixture
async def limited(data_dir: Path, database_url: str, world: World):
    """A world whose application takes two requests an hour by a key, three by an address, and no key is missing."""
    limits = {"ingest_limit_per_key": "2/hour", "ingest_limit_per_address": "3/hour", "ingest_require_api_key": True}
    async with own_world(make_settings(data_dir, rate_limit_enabled=True, **limits), database_url) as own:
        yield replace(world, services=own.services, http=own.http)


async def test_a_key_in_the_body_counts_as_one_in_the_header(limited: World):
    ada = await limited.recorded(await limited.organization())
    body = body_of(BATCH, event(), apiKey=ada.key.text)

    answers = [await beacon(limited, BATCH, body), await limited.http.post(BATCH, content=body, headers=with_key(ada))]
    too_many = await beacon(limited, BATCH, body)

    assert [answer.status_code for answer in answers] == [201, 201]
    assert (too_many.status_code, int(too_many.headers["Retry-After"]) > 0) == (429, True)


async def test_guesses_in_the_body_count_by_address_and_keep_no_known_key_out(limited: World):
    ada = await limited.recorded(await limited.organization())
    await limited.services.api_key_cache.claim(ada.key.text)

    guesses = [await beacon(limited, BEHAVIORS, body_of(BEHAVIORS, event(), apiKey=f"wb_{n}")) for n in range(5)]
    known = await beacon(limited, BEHAVIORS, body_of(BEHAVIORS, event(), apiKey=ada.key.text))
    without = await beacon(limited, BEHAVIORS, body_of(BEHAVIORS, event()))

    assert [answer.status_code for answer in guesses] == [401] * 3 + [429] * 2
    assert (known.status_code, without.status_code) == (201, 429)


async def test_where_keys_are_required_one_in_the_body_will_do_and_none_will_not(limited: World):
    ada = await limited.recorded(await limited.organization())

    with_one = await beacon(limited, BATCH, body_of(BATCH, event(), apiKey=ada.key.text))
    without = await beacon(limited, BATCH, body_of(BATCH, event()))

    assert with_one.status_code == 201
    assert (without.status_code, without.json()["message"]) == (401, "X-API-Key header is required")


async def test_a_body_that_no_beacon_can_have_is_not_read_before_its_key_is_known(limited: World):
    ada = await limited.recorded(await limited.organization())
    body = body_of(BATCH, event(), apiKey=ada.key.text)

    at_the_bound = await beacon(limited, BATCH, body.ljust(64 * 1024))
    beyond = await beacon(limited, BATCH, body.ljust(64 * 1024 + 1))

    assert (at_the_bound.status_code, beyond.status_code) == (201, 401)


async def test_a_body_without_a_key_is_not_looked_into_where_one_is_required(limited: World):
    refused = await beacon(limited, BATCH, b"no JSON")
    looked_into = await beacon(limited, BATCH, b"no JSON: apiKey")

    assert (refused.status_code, looked_into.status_code) == (401, 400)
