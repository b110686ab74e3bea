"""One address cannot keep the others out, by connections or by requests, over real sockets, by a real server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI

from tests.servers import served
from tests.web.raw_connection import SECONDS, Connect, open_unread_connection
from tests.web.test_protocol import Slow
from web import connection_limits
from web.connection_limits import CONNECTION_COUNTS, ConnectionLimits, network_of

HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
OTHER = "127.0.0.2"
STATIC = b"GET /static/vendor/swagger-ui/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n"


@asynccontextmanager
async def serving(
    app: Slow, *, requests: int = 100, connections: int = 100, per_address: int = 0
) -> AsyncIterator[int]:
    limits = ConnectionLimits(requests, per_address)
    async with served(app, connections=connections, limits=limits) as port:
        yield port
        app.may_answer.set()


def ready_answers() -> Slow:
    app = Slow()
    app.may_answer.set()
    return app


async def test_beyond_its_own_connections_an_address_is_refused_and_others_are_not(connect: Connect):
    async with serving(ready_answers(), per_address=3) as port:
        own = [await connect(port) for _ in range(5)]
        for connection in own:
            await connection.send(HEAD)
        answers = [await connection.answer() for connection in own]
        other = await connect(port, OTHER)
        await other.send(HEAD)
        other_answer, _ = await other.answer()

    assert [status for status, _ in answers] == [200, 200, 200, 503, 503]
    for _, head in answers[3:]:
        assert "retry-after: " in head
        assert "connection: close" in head
    assert other_answer == 200


async def test_a_connection_that_ended_makes_room(connect: Connect):
    async with serving(ready_answers(), per_address=1) as port:
        first, second = await connect(port), await connect(port)
        first.writer.close()
        await asyncio.sleep(0.2)
        await second.send(HEAD)

        assert (await second.answer())[0] == 200


async def test_where_the_limit_is_off_an_address_may_have_them_all(connect: Connect):
    async with serving(ready_answers()) as port:
        own = [await connect(port) for _ in range(50)]
        await own[-1].send(HEAD)

        assert (await own[-1].answer())[0] == 200


async def test_requests_of_one_address_leave_half_of_the_room_to_others(connect: Connect):
    app = Slow()
    async with serving(app, requests=4, per_address=50) as port:
        own = [await connect(port) for _ in range(3)]
        for connection in own[:2]:
            await connection.send(HEAD)
        await app.until_begun(2)
        await own[2].send(HEAD)
        refused = await own[2].answer()
        other = await connect(port, OTHER)
        await other.send(HEAD)
        await app.until_begun(3)
        app.may_answer.set()

        assert refused[0] == 503
        assert "retry-after: " in refused[1]
        assert (await other.answer())[0] == 200


async def test_requests_that_are_finished_all_at_once_take_no_more_than_the_share(connect: Connect):
    app = Slow()
    async with serving(app, requests=4, per_address=50) as port:
        own = [await connect(port) for _ in range(10)]
        for connection in own:
            await connection.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx")
        await app.until_begun(10)
        for connection in own:
            await connection.send(b"x")
        await asyncio.sleep(0.2)
        other = await connect(port, OTHER)
        await other.send(HEAD)
        await app.until_begun(11)
        app.may_answer.set()
        answers = [await connection.answer() for connection in [*own, other]]
        again = await connect(port)
        await again.send(HEAD)

        assert [status for status, _ in answers] == 11 * [200]
        assert (await again.answer())[0] == 200


@pytest.mark.parametrize("path", ["/health", "/ready", "/health?probe=1"])
@pytest.mark.parametrize(("connections", "requests"), [(1, 100), (100, 0)], ids=["connections", "requests"])
async def test_health_is_answered_beyond_every_limit(
    app: FastAPI, connect: Connect, path: str, connections: int, requests: int
):
    async with served(app, requests, connections) as port:
        asked, other = await connect(port), await connect(port)
        await asked.send(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        await other.send(HEAD)

        assert (await asked.answer())[0] == 200
        assert (await other.answer())[0] == 503


async def test_only_asking_for_health_is(app: FastAPI, connect: Connect):
    async with served(app, requests=0) as port:
        connection = await connect(port)
        await connection.send(b"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")

        assert (await connection.answer())[0] == 503


async def test_a_process_full_of_silent_connections_answers_about_its_health(app: FastAPI, connect: Connect):
    async with served(app, connections=20, limits=ConnectionLimits(100, 15)) as port:
        for _ in range(200):
            await connect(port)
        asked, other = await connect(port), await connect(port, OTHER)
        await asked.send(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        await other.send(HEAD.replace(b"/ ", b"/swagger "))

        assert (await asked.answer())[0] == 200
        assert (await other.answer())[0] == 200


async def test_of_too_many_surplus_connections_the_oldest_is_cut(connect: Connect, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connection_limits, "SURPLUS_CONNECTIONS", 5)
    async with serving(ready_answers(), per_address=1) as port:
        surplus = [await connect(port) for _ in range(10)][1:]
        await asyncio.sleep(0.2)
        await surplus[-1].send(HEAD)

        assert await surplus[0].reader.read() == b""
        assert (await surplus[-1].answer())[0] == 503


async def test_a_surplus_connection_has_less_time(connect: Connect, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("web.protocol.SURPLUS_HEAD_SECONDS", 0.5)
    async with serving(ready_answers(), per_address=1) as port:
        await connect(port)
        surplus = await connect(port)
        await surplus.send(b"GET / HTTP/1.1\r\n")
        async with asyncio.timeout(5):
            received = await surplus.rest()

    assert received.startswith(b"HTTP/1.1 408 ")


@asynccontextmanager
async def hasty(app: FastAPI, per_address: int = 0) -> AsyncIterator[int]:
    """A server of whose answers something must be read within a second."""
    async with served(app, limits=ConnectionLimits(8, per_address, write_seconds=1)) as port:
        yield port


@pytest.mark.parametrize("last", [b"\r\n", b"Connection: close\r\n\r\n"])
async def test_whoever_reads_nothing_of_what_is_answered_is_cut(app: FastAPI, last: bytes):
    before = CONNECTION_COUNTS.refusals["stalled"]
    async with hasty(app) as port:
        connection = await open_unread_connection(port, 7 * (STATIC + b"\r\n") + STATIC + last)
        async with asyncio.timeout(SECONDS):
            while CONNECTION_COUNTS.refusals["stalled"] == before:  # noqa: ASYNC110 - counted, not signalled
                await asyncio.sleep(0.1)
            while CONNECTION_COUNTS.open:  # noqa: ASYNC110 - counted, not signalled
                await asyncio.sleep(0.1)
        connection.close()


async def test_a_client_that_leaves_in_the_middle_is_no_error(
    app: FastAPI, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
):
    async with hasty(app) as port:
        for _ in range(3):
            connection = await open_unread_connection(port, 4 * (STATIC + b"\r\n"))
            await asyncio.sleep(0.3)
            connection.close()
        async with asyncio.timeout(SECONDS):
            while CONNECTION_COUNTS.open:  # noqa: ASYNC110 - counted, not signalled
                await asyncio.sleep(0.1)
        await asyncio.sleep(0.2)

    assert "Traceback" not in "".join([caplog.text, *capsys.readouterr()])
    assert caplog.records == []


async def test_whoever_reads_slowly_gets_all_of_it(app: FastAPI):
    async with hasty(app) as port:
        connection, received = await open_unread_connection(port, STATIC + b"Connection: close\r\n\r\n"), 0
        loop, started = asyncio.get_running_loop(), asyncio.get_running_loop().time()
        async with asyncio.timeout(60):
            while piece := await loop.sock_recv(connection, 256 * 1024 if received > 2**18 else 16 * 1024):
                received += len(piece)
                if received < 2**18:
                    await asyncio.sleep(0.1)
        connection.close()

    assert received > 1_000_000
    assert loop.time() - started > 2, "it took longer than may pass without anything"


async def test_slow_readers_keep_nobody_else_out(app: FastAPI, connect: Connect):
    async with hasty(app, per_address=100) as port:
        readers = [await open_unread_connection(port, STATIC + b"\r\n") for _ in range(8)]
        await asyncio.sleep(0.3)
        other = await connect(port, OTHER)
        await other.send(b"GET /swagger HTTP/1.1\r\nHost: a\r\n\r\n")

        assert (await other.answer())[0] == 200
        for reader in readers:
            reader.close()


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8::1:2", "2001:db8::/64")],
)
def test_addresses_count_as_limits_per_address_have_them(address: str, network: str):
    assert network_of(address) == network
