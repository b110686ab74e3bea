"""Limits of a connection before the client is known, over real sockets, by a real server."""

import asyncio
import json
import re
import time
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from tests.rest_requests import BATCH, BEHAVIORS, event, stored
from tests.servers import served
from tests.web.raw_connection import Connect, closing_answer
from tests.world import World
from web import limited_input
from web.connection_limits import CONNECTION_COUNTS, ConnectionLimits
from web.head_limit import MAX_HEADERS, HeadLimit

KIB, MIB = 1024, 1024 * 1024
HEAD = b"GET /health HTTP/1.1\r\nHost: a\r\n"
TOO_LARGE = {"message": "request head too large, maximum is 32 KiB and 100 headers", "success": False}


@pytest.fixture
async def port(app: FastAPI) -> AsyncIterator[int]:
    async with served(app) as port:
        yield port


@pytest.fixture
async def hasty_port(app: FastAPI) -> AsyncIterator[int]:
    """The port of a server where a head may take a second."""
    async with served(app, limits=ConnectionLimits(100, head=HeadLimit(seconds=1))) as port:
        yield port


async def test_a_head_of_the_largest_size_is_answered(port: int, connect: Connect):
    connection = await connect(port)
    await connection.send(HEAD + b"X: " + bytes(b"x" * (31 * KIB)) + b"\r\nConnection: close\r\n\r\n")

    assert (await connection.rest()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "rest",
    [
        b"X: " + b"x" * (2 * MIB) + b"\r\n\r\n",
        b"X: " + b"x" * (33 * KIB) + b"\r\n\r\n",
        b"".join(b"X-%d: 1\r\n" % number for number in range(MAX_HEADERS + 1)) + b"\r\n",
    ],
    ids=["2 MiB", "33 KiB", "101 headers"],
)
async def test_a_head_that_is_too_large_is_refused(port: int, rest: bytes, connect: Connect):
    before = CONNECTION_COUNTS.refusals["large_head"]
    connection = await connect(port)
    await connection.send(HEAD, rest)

    assert closing_answer(await connection.rest()) == (431, TOO_LARGE)
    assert CONNECTION_COUNTS.refusals["large_head"] == before + 1


async def test_so_is_a_request_line_that_is(port: int, connect: Connect):
    connection = await connect(port)
    await connection.send(b"GET /" + b"a" * (40 * KIB) + b" HTTP/1.1\r\nHost: a\r\n\r\n")

    assert closing_answer(await connection.rest()) == (431, TOO_LARGE)


async def test_so_is_one_that_was_sent_before_an_answer_once_that_is_sent(port: int, connect: Connect):
    connection = await connect(port)
    await connection.send(HEAD + b"\r\n" + HEAD + b"X: " + b"x" * (200 * KIB), b"x" * MIB)
    received = await connection.rest()

    assert received.count(b"HTTP/1.1 200 ") == 1


async def test_an_unfinished_head_holds_next_to_nothing(port: int, connect: Connect):
    connection, piece = await connect(port), b"x" * MIB
    tracemalloc.start()
    try:
        await connection.send(HEAD + b"X: ")
        for _ in range(12):
            await connection.send(piece)
        received = await connection.rest()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert closing_answer(received)[0] == 431
    assert peak < 3 * MIB, "what a client has written and the kernel not taken is in it"


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"GET / HTTP", HEAD], ids=["nothing", "a line", "a part", "a header"])
async def test_whoever_does_not_finish_a_head_is_cut(hasty_port: int, sent: bytes, connect: Connect):
    connection = await connect(hasty_port)
    started = time.monotonic()
    await connection.send(sent)
    received = await connection.rest()

    assert received == b"" or closing_answer(received)[0] == 408
    assert time.monotonic() - started < 6


async def test_a_byte_now_and_then_does_not_prolong_it(hasty_port: int, connect: Connect):
    connection = await connect(hasty_port)
    await connection.send(HEAD + b"X: ")

    async def trickle() -> None:
        while True:
            await connection.send(b"x")
            await asyncio.sleep(0.1)

    trickling = asyncio.create_task(trickle())
    async with asyncio.timeout(6):
        answer = await connection.reader.readuntil(b"}")
    trickling.cancel()

    assert closing_answer(answer) == (408, {"message": "request head took too long to arrive", "success": False})


async def test_nor_do_empty_lines_after_an_answer(hasty_port: int, connect: Connect):
    connection = await connect(hasty_port)
    await connection.send(HEAD + b"\r\n")
    assert (await connection.reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")
    for _ in range(3):
        await connection.send(b"\r\n")
        await asyncio.sleep(0.1)

    assert closing_answer(await connection.rest())[0] == 408


async def test_requests_sent_before_the_answers_to_earlier_ones_are_bounded(port: int, connect: Connect):
    connection = await connect(port)
    await connection.send(5_000 * (HEAD + b"\r\n"))
    received = await connection.rest()

    assert received.count(b"HTTP/1.1 200 ") == limited_input.MAX_PIPELINED + 1
    assert b"connection: close" in received[received.rindex(b"HTTP/1.1 200 ") :]


async def test_as_many_as_are_allowed_are_answered(port: int, connect: Connect):
    connection = await connect(port)
    await connection.send(10 * (HEAD + b"\r\n") + HEAD + b"Connection: close\r\n\r\n")

    assert (await connection.rest()).count(b"HTTP/1.1 200 ") == 11


def chunked(path: str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".encode()


@pytest.mark.parametrize(
    "rest",
    [
        b"1\r\nx\r\n" * 100_000,
        b"1;" + b"e" * (500 * KIB) + b"\r\nx\r\n",
        b"1\r\nx\r\n0\r\nX-Trailer: " + b"t" * (500 * KIB),
    ],
    ids=["tiny chunks", "extensions", "trailers"],
)
async def test_a_body_of_little_but_framing_is_refused(world: World, port: int, rest: bytes, connect: Connect):
    connection = await connect(port)
    await connection.send(chunked(BATCH))
    await asyncio.sleep(0.1)
    await connection.send(rest)

    status, answer = closing_answer(await connection.rest())
    assert status == 400
    assert answer == {"message": "chunked request body has far more framing than payload", "success": False}
    assert await stored(world.services) == []


async def test_a_body_in_small_chunks_is_read(world: World, port: int, connect: Connect):
    body = json.dumps(event()).encode()
    connection = await connect(port)
    await connection.send(chunked(BEHAVIORS), *(b"1\r\n%c\r\n" % byte for byte in body), b"0\r\n\r\n")

    assert (await connection.reader.readuntil(b"}")).startswith(b"HTTP/1.1 201 ")
    assert len(await stored(world.services)) == 1


async def test_trailers_are_no_headers(connect: Connect):
    headers: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        headers.extend(scope["headers"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async with served(app) as port:
        connection = await connect(port)
        await connection.send(chunked("/") + b"1\r\nx\r\n0\r\nX-API-Key: forged\r\n\r\n")
        await connection.reader.readuntil(b"\r\n\r\n")
        assert [name for name, _ in headers] == [b"host", b"transfer-encoding"]


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket", b"anything"])
async def test_a_request_for_another_protocol_is_answered_as_any(port: int, protocol: bytes, connect: Connect):
    connection = await connect(port)
    await connection.send(
        HEAD + b"Connection: Upgrade\r\nUpgrade: " + protocol + b"\r\nSec-WebSocket-Key: a\r\n\r\n"
        b"GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    )
    received = await connection.rest()

    assert re.findall(rb"HTTP/1.1 (\d+)", received) == [b"200", b"404"]


@pytest.mark.parametrize(
    "sent", [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"]
)
async def test_what_is_no_http_is_told_so(port: int, sent: bytes, connect: Connect):
    connection = await connect(port)
    await connection.send(sent)

    assert closing_answer(await connection.rest()) == (
        400,
        {"message": "Invalid HTTP request received.", "success": False},
    )
