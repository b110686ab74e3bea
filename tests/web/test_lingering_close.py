"""Answers to clients that send a whole request before they read, over real sockets, by a real server."""

import asyncio
import http.client
import json
import socket
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from tests.rest_requests import BATCH, BEHAVIORS, event, stored
from tests.servers import served
from tests.world import World
from web import lingering_close

MIB = 1024 * 1024
CHUNK = b" " * 65536
SECONDS = 20
TOO_LARGE = {"message": "request body too large, maximum is 5120 KiB", "success": False}
TOO_LARGE_FOR_GRAPHQL = {
    "message": "request body too large, maximum is 1024 KiB",
    "extensions": {"code": "PAYLOAD_TOO_LARGE"},
}
JSON = {"Content-Type": "application/json"}
CLOSE = {"Connection": "close"}  # as urllib sends


@pytest.fixture
async def port(app: FastAPI) -> AsyncIterator[int]:
    async with served(app) as port:
        yield port


class Blocking:
    """A simple client: it sends a whole request, and reads only then."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)

    async def post(self, path: str, body: bytes | Iterator[bytes], **headers: str) -> tuple[int, Any, str | None]:
        """The status of the answer, its JSON, and what it says of the connection."""
        return await asyncio.to_thread(self._post, path, body, headers)

    def close(self) -> None:
        self._connection.close()

    def _post(self, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any, str | None]:
        self._connection.request("POST", path, body, headers, encode_chunked="Transfer-Encoding" in headers)
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read()), answer.headers["connection"]


@pytest.fixture
def client(port: int) -> Iterator[Blocking]:
    client = Blocking(port)
    yield client
    client.close()


def chunks(mebibytes: int) -> Iterator[bytes]:
    return (CHUNK for _ in range(mebibytes * 16))


async def test_a_client_that_sends_everything_first_is_told_that_it_was_too_much(world: World, client: Blocking):
    good = json.dumps({"events": [event()]}).encode()

    status, answer, connection = await client.post(BATCH, good.ljust(6 * MIB))
    before = await stored(world.services)
    again, _, _ = await client.post(BATCH, good)

    assert (status, answer, connection) == (413, TOO_LARGE, None)
    assert before == []
    assert again == 201, "the connection was of no more use"


@pytest.mark.parametrize("route", [BEHAVIORS, BATCH])
@pytest.mark.parametrize("length", [{"Content-Length": str(6 * MIB)}, {"Transfer-Encoding": "chunked"}])
async def test_so_is_one_that_wants_the_connection_closed(
    world: World, client: Blocking, route: str, length: dict[str, str]
):
    answered = await client.post(route, chunks(6), **CLOSE, **length)

    assert answered == (413, TOO_LARGE, "close")
    assert await stored(world.services) == []


@pytest.mark.parametrize("length", [{"Content-Length": str(6 * MIB)}, {"Transfer-Encoding": "chunked"}])
async def test_so_is_one_that_asks_graphql(client: Blocking, length: dict[str, str]):
    status, answer, connection = await client.post("/graphql", chunks(6), **JSON, **CLOSE, **length)

    assert (status, answer["errors"], connection) == (413, [TOO_LARGE_FOR_GRAPHQL], "close")


@pytest.mark.parametrize(("path", "status"), [(BATCH, 401), ("/nowhere", 404), ("/health", 405)])
async def test_whatever_is_answered_early_arrives(client: Blocking, path: str, status: int):
    headers = {"X-API-Key": "unknown", "Content-Length": str(3 * MIB)}

    answered = await client.post(path, chunks(3), **CLOSE, **headers)

    assert answered[0] == status
    assert answered[1]["success"] is False


async def test_a_body_without_end_is_answered_and_its_connection_ends(world: World, port: int):
    started = time.monotonic()

    sent, received = await asyncio.to_thread(endless, port)

    assert received.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close\r\n" in received
    assert json.loads(received.partition(b"\r\n\r\n")[2]) == TOO_LARGE
    most = 5 * MIB + lingering_close.LINGER_BYTES
    assert most <= sent < most + 12 * MIB, "what the kernel holds of a connection comes on top"
    assert time.monotonic() - started < lingering_close.LINGER_SECONDS
    assert await stored(world.services) == []


def endless(port: int) -> tuple[int, bytes]:
    """Return how much of a body without end could be sent, and the answer."""
    sent, chunk = 0, b"%x\r\n%b\r\n" % (len(CHUNK), CHUNK)
    with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
        connection.sendall(head(BATCH, "Transfer-Encoding: chunked"))
        try:
            while True:
                connection.sendall(chunk)
                sent += len(CHUNK)
        except OSError:
            return sent, connection.recv(65536)


async def test_what_declares_far_too_much_is_told_so_at_once(port: int):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head(BATCH, f"Content-Length: {1024 * MIB}") + CHUNK)

    async with asyncio.timeout(lingering_close.LINGER_SECONDS / 2):
        answer = await reader.readuntil(b"}")

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close\r\n" in answer
    writer.close()


async def test_the_connection_of_whoever_stalls_ends(port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lingering_close, "LINGER_SECONDS", 0.5)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head(BATCH, f"Content-Length: {6 * MIB}") + CHUNK)

    async with asyncio.timeout(SECONDS):
        answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 413 ")
    writer.close()


async def test_a_client_that_asks_before_it_sends_is_not_waited_for(port: int):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head(BATCH, f"Content-Length: {6 * MIB}\r\nExpect: 100-continue"))

    async with asyncio.timeout(lingering_close.LINGER_SECONDS / 2):
        answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close\r\n" in answer
    writer.close()


async def test_a_client_that_asks_and_may_send_is_answered_as_ever(world: World, port: int):
    body = json.dumps(event()).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head(BEHAVIORS, f"Content-Length: {len(body)}\r\nExpect: 100-continue"))

    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(body)

    assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 201 ")
    assert len(await stored(world.services)) == 1
    writer.close()


async def test_what_is_thrown_away_is_held_nowhere(client: Blocking):
    length = {"Content-Length": str(12 * MIB)}
    tracemalloc.start()
    try:
        answered = await client.post(BATCH, chunks(12), **CLOSE, **length)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert answered[0] == 413
    assert peak < 2 * MIB


def head(path: str, headers: str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n".encode()
