import json

import pytest

from tests.rest_requests import BATCH, BEHAVIORS, Chunks, event, rejected, stored
from tests.world import World

TOO_LARGE = {"message": "request body too large, maximum is 5120 KiB", "success": False}


@pytest.mark.parametrize("route", [BEHAVIORS, BATCH])
async def test_a_body_that_says_it_is_too_large_is_not_even_read(world: World, route: str):
    body = Chunks(96)

    response = await world.http.post(route, content=body, headers={"Content-Length": str(96 * 64 * 1024)})

    assert response.status_code == 413
    assert response.json() == TOO_LARGE
    assert body.taken == 0
    assert await stored(world.services) == []


@pytest.mark.parametrize("route", [BEHAVIORS, BATCH])
async def test_a_body_without_a_length_is_read_to_its_bound_and_no_further(world: World, route: str):
    body = Chunks(96)

    response = await world.http.post(route, content=body)

    assert response.status_code == 413
    assert response.json() == TOO_LARGE
    assert body.taken == 81
    assert await stored(world.services) == []


async def test_a_body_that_lies_about_its_length_is_bounded_all_the_same(world: World):
    response = await world.http.post(BEHAVIORS, content=Chunks(96), headers={"Content-Length": "10"})

    assert response.status_code == 413


async def test_a_batch_of_good_events_past_the_bound_stores_nothing(world: World):
    events = [event(eventId=str(number), url="u" * 8192) for number in range(700)]
    body = json.dumps({"events": events}).encode()
    assert len(body) > 5 * 1024 * 1024

    response = await world.http.post(BATCH, content=body)

    assert response.status_code == 413
    assert await stored(world.services) == []


async def test_five_mebibytes_are_accepted(world: World):
    text = json.dumps({"events": [event()]})

    response = await world.http.post(BATCH, content=text.ljust(5 * 1024 * 1024))

    assert response.status_code == 201


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nope", b'{"sessionId": "s1"', b"\xff\xfe", b'{"a": "\xc3"}', b"[" * 20_000, b'{"a":' * 20_000],
    ids=["empty", "open", "word", "cut", "no UTF", "cut character", "deep lists", "deep objects"],
)
@pytest.mark.parametrize("route", [BEHAVIORS, BATCH])
async def test_what_is_not_json_is_refused(world: World, route: str, body: bytes):
    response = await world.http.post(route, content=body)

    assert response.status_code == 400
    assert response.json() == {"message": "invalid request body: not valid JSON", "success": False}
    assert await stored(world.services) == []
    assert await rejected(world.services) == []


@pytest.mark.parametrize("body", ["[]", "null", "1", '"text"', "[{}]"])
async def test_a_single_event_is_an_object(world: World, body: str):
    response = await world.http.post(BEHAVIORS, content=body)

    assert response.status_code == 400
    assert response.json() == {"message": "invalid request body: an event is a JSON object", "success": False}


@pytest.mark.parametrize("depth", [100, 500, 800, 850, 900, 930, 950, 970, 990])
async def test_deep_nesting_in_one_event_never_fails_another_request(world: World, depth: int):
    deep = "[" * depth + "]" * depth
    good = json.dumps(event(eventId=str(depth)))

    response = await world.http.post(BATCH, content=f'{{"events": [{good}, {{"sessionId": {deep}}}]}}')

    assert response.status_code in {201, 400}
    assert len(await stored(world.services)) == (response.status_code == 201)


async def test_values_that_json_does_not_know_are_ignored_in_members_that_are_ignored(world: World):
    body = json.dumps(event()).removesuffix("}") + ', "more": [NaN, Infinity, "\\ud800", ' + "9" * 5000 + "]}"

    response = await world.http.post(BEHAVIORS, content=body)

    assert response.status_code == 201
    assert len(await stored(world.services)) == 1
