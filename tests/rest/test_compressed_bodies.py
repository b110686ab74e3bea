import gzip
import json
import zlib

import pytest

from tests.rest_requests import BATCH, BEHAVIORS, event, post_batch, stored
from tests.world import World
from web import bodies
from web.body_budget import ADDRESS_BYTES, BodyBudget

MIB = 1024 * 1024
BODY = json.dumps({"events": [event(), event(type="blur")]}).encode()
GRAPHQL = b'{"query": "{ __typename }"}'


def raw_deflate(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()


ENCODED = {
    "gzip": (gzip.compress, "gzip"),
    "GZIP": (gzip.compress, " GZIP "),
    "x-gzip": (gzip.compress, "x-gzip"),
    "deflate": (zlib.compress, "deflate"),
    "raw deflate": (raw_deflate, "deflate"),
    "identity": (bytes, "identity"),
    "empty": (bytes, ""),
}


@pytest.mark.parametrize(("encode", "name"), ENCODED.values(), ids=ENCODED)
async def test_a_body_may_be_compressed_at_every_door(world: World, encode, name: str):
    headers = {"Content-Encoding": name}
    single = json.dumps(event()).encode()

    batch = await world.http.post(BATCH, content=encode(BODY), headers=headers)
    same = await world.http.post(BEHAVIORS, content=encode(single), headers=headers)
    asked = await world.http.post(
        "/graphql", content=encode(GRAPHQL), headers=headers | {"Content-Type": "application/json"}
    )

    assert (batch.status_code, batch.json()["accepted"]) == (201, 2)
    assert same.status_code == 201
    assert asked.json()["data"] == {"__typename": "Query"}
    assert len(await stored(world.services)) == 2


@pytest.mark.parametrize("name", ["br", "zstd", "gzip, gzip", "nonsense" * 100])
async def test_another_encoding_is_refused_with_those_that_are_understood(world: World, name: str):
    headers = {"Content-Encoding": name, "Content-Type": "application/json"}

    for path in (BEHAVIORS, BATCH, "/graphql"):
        response = await world.http.post(path, content=BODY, headers=headers)

        assert (response.status_code, response.headers["accept-encoding"]) == (415, "gzip, deflate")
        assert "Send the body as gzip or deflate, or as it is" in response.text
        assert len(response.content) < 300


BROKEN = {
    "plain": BODY,
    "empty": b"",
    "cut": gzip.compress(BODY)[:-9],
    "damaged": gzip.compress(BODY)[:-8] + b"12345678",
    "two streams": gzip.compress(BODY) + gzip.compress(b" "),
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
async def test_what_is_not_one_whole_stream_is_refused(world: World, body: bytes):
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}

    rest = await world.http.post(BATCH, content=body, headers=headers)
    graphql = await world.http.post("/graphql", content=body, headers=headers)

    message = "invalid request body: not one whole gzip stream, as Content-Encoding says"
    assert (rest.status_code, rest.json()) == (400, {"message": message, "success": False})
    assert (graphql.status_code, graphql.json()["errors"][0]["message"]) == (400, message)
    assert await stored(world.services) == []


class WatchedBudget(BodyBudget):
    """A budget that knows the most that it ever held."""

    most = 0

    def take(self, address: str, size: int) -> None:
        super().take(address, size)
        self.most = max(self.most, self.held_bytes)


@pytest.mark.parametrize(("path", "limit"), [(BATCH, 5 * MIB), (BEHAVIORS, 5 * MIB), ("/graphql", MIB)])
async def test_a_bomb_is_inflated_to_its_bound_and_no_further(
    world: World, monkeypatch: pytest.MonkeyPatch, path: str, limit: int
):
    budget = WatchedBudget()
    monkeypatch.setattr(bodies, "BODY_BUDGET", budget)
    bomb = gzip.compress(b" " * 100 * MIB, 1)
    assert len(bomb) < MIB

    response = await world.http.post(
        path, content=bomb, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"}
    )

    assert response.status_code == 413
    assert f"too large when inflated, maximum is {limit // 1024} KiB" in response.text
    assert budget.most <= limit
    assert budget.held_bytes == 0


async def test_what_bodies_inflate_to_counts_towards_the_memory_of_an_address(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    budget = BodyBudget()
    monkeypatch.setattr(bodies, "BODY_BUDGET", budget)
    budget.take("127.0.0.1", ADDRESS_BYTES - MIB)
    headers = {"Content-Encoding": "gzip"}

    refused = await world.http.post(BATCH, content=gzip.compress(BODY.ljust(2 * MIB)), headers=headers)
    accepted = await world.http.post(BATCH, content=gzip.compress(BODY), headers=headers)

    assert (refused.status_code, accepted.status_code) == (503, 201)


async def test_five_mebibytes_are_accepted_inflated(world: World):
    body = gzip.compress(BODY.ljust(5 * MIB))

    response = await world.http.post(BATCH, content=body, headers={"Content-Encoding": "gzip"})

    assert response.status_code == 201


async def test_a_byte_order_mark_is_taken_at_every_door(world: World):
    mark = b"\xef\xbb\xbf"

    batch = await world.http.post(BATCH, content=mark + BODY)
    single = await world.http.post(BEHAVIORS, content=mark + json.dumps(event()).encode())
    beside_a_bad_one = await world.http.post(BATCH, content=mark + json.dumps({"events": [event(), {}]}).encode())
    asked = await world.http.post("/graphql", content=mark + GRAPHQL, headers={"Content-Type": "application/json"})

    assert (batch.json()["accepted"], single.status_code) == (2, 201)
    assert beside_a_bad_one.json()["duplicates"] == 1
    assert asked.json()["data"] == {"__typename": "Query"}


async def test_the_size_after_inflating_is_what_counts(world: World):
    plain = await post_batch(world.http, event(url="u" * 5000))
    headers = {"Content-Encoding": "gzip"}
    body = gzip.compress(json.dumps({"events": [event(url="u" * 5000)]}).encode())

    compressed = await world.http.post(BATCH, content=body, headers=headers)

    assert (plain.status_code, compressed.json()["duplicates"]) == (201, 1)
