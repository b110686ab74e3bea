"""Clients that hang up or send no HTTP: what they can write into the log, over real sockets, and what stays in it."""

import asyncio
import gc
import logging
import os
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from sqlalchemy import text

from core.errors import UNEXPECTED
from db import migrate
from db.engine import Database
from observability import logs
from observability.log_limits import LINES, LimitedHandler, RateLimitFilter
from tests.auth.test_login import LOGIN
from tests.cli.test_serve import serving
from tests.rest_requests import BATCH
from tests.servers import new_database, wait_until

LARGE = "/static/vendor/swagger-ui/swagger-ui-bundle.js"
NOT_HTTP = (
    b"\x16\x03\x01\x1b[31m garbage\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /graphql HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n" * 3,
)
INVALID = "Invalid HTTP request received."
UPGRADE = "Unsupported upgrade request."


async def test_clients_write_few_lines_and_failures_of_ours_stay(tmp_path: Path, database_url: str):
    async with new_database(database_url) as url:
        await migrate.upgrade(url)
        told, stopped = await asyncio.to_thread(_hang_up_and_fail, tmp_path, url)

    assert (told.count(INVALID), told.count(UPGRADE)) == (LINES, LINES)
    assert told.count("unexpected error in a resolver") == told.count("(most recent call last)") / 3 == 3
    assert told.count('cannot open relation "users"') >= 3
    assert "garbage" not in told
    assert f"{INVALID} … {150 - LINES} more like this suppressed" in stopped
    assert f"{UPGRADE} … {3 * 50 - LINES} more like this suppressed" in stopped


def _hang_up_and_fail(folder: Path, url: str) -> tuple[str, str]:
    """Return the log while clients hang up or send no HTTP, and the database fails; and the log in the end."""
    log = folder / "log"
    with serving(folder, ENV="test", DATABASE_URL=url) as client:
        before = _settled(log)
        _at_once(20, lambda number: _hang_up(client, _get(LARGE) * 30, abruptly=number % 2 == 0))
        _at_once(20, lambda number: _hang_up(client, _post(BATCH, 10_000) + b"[{", abruptly=number % 2 == 0))
        assert _settled(log) == before, "clients that hang up are no news"
        _at_once(200, lambda number: _answered(client, NOT_HTTP[number % len(NOT_HTTP)]))
        asyncio.run(_lose_accounts(url))
        _at_once(3, lambda _: _fails_to_sign_in(client))
        told = _settled(log).removeprefix(before)
    return told, log.read_text()


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator["Lines"]:
    """The lines that the service's own logging writes once it has been `configured`; it is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield Lines(capsys, tmp_path)
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


class Lines:
    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._capsys = capsys
        self._folder = folder
        self._written: list[str] = []

    @contextmanager
    def configured(self) -> Iterator[LimitedHandler]:
        """Have the service log to where the test reads."""
        logs.configure("info", as_json=False)
        [handler] = logging.getLogger().handlers
        assert isinstance(handler, LimitedHandler)
        yield handler
        handler.close()

    def all(self) -> list[str]:
        """The lines so far."""
        self._written += self._capsys.readouterr().err.splitlines()
        return self._written


def test_what_is_suppressed_is_told_in_one_line_after_a_minute(lines: Lines):
    with lines.configured() as handler:
        handler.filters[:] = [RateLimitFilter(seconds=0.5)]
        for _ in range(LINES + 312):
            logging.getLogger("uvicorn.error").warning(INVALID)
        wait_until(lambda: "suppressed" in "".join(lines.all()), "the summary")
        logging.getLogger("uvicorn.error").warning(INVALID)

    assert len(lines.all()) == LINES + 2
    assert f"{INVALID} … 312 more like this suppressed" in lines.all()[-2]
    assert lines.all()[-1].endswith(INVALID)


def test_kinds_are_counted_apart_and_other_lines_not_at_all(lines: Lines):
    with lines.configured():
        for number in range(100):
            logging.getLogger("uvicorn.error").warning(INVALID)
            logging.getLogger("uvicorn.error").warning(UPGRADE)
            logging.getLogger("uvicorn.error").error("a failure of ours %d", number)

    written = lines.all()
    assert sum("a failure of ours" in line for line in written) == 100
    assert len(written) == 100 + 2 * (LINES + 1)


async def test_connections_that_break_are_told_without_traceback_and_failures_with_it(lines: Lines):
    loop = asyncio.get_running_loop()
    with lines.configured():
        for _ in range(30):
            lost = TimeoutError(110, "Connection timed out")
            loop.call_exception_handler({"message": "Fatal error on transport TCPTransport", "exception": lost})
        loop.call_exception_handler({"message": "Fatal error: data_received() failed", "exception": KeyError(1)})
        loop.call_exception_handler({"message": "Task exception was never retrieved", "exception": OSError("disk")})

    written = lines.all()
    assert sum("Connection lost: TimeoutError" in line for line in written) == LINES + 1
    assert "TimeoutError: [Errno 110]" not in "".join(written)
    assert [line for line in written if line.startswith(("KeyError", "OSError"))] == ["KeyError: 1", "OSError: disk"]


async def test_a_connection_that_cannot_be_closed_in_time_is_told_in_one_line(lines: Lines, database_url: str):
    with lines.configured():
        await _give_up_closing(database_url)
        gc.collect()

    assert sum("Connection to PostgreSQL cut: TimeoutError" in line for line in lines.all()) == 1
    assert not [line for line in lines.all() if "Traceback" in line or "never retrieved" in line]


async def _give_up_closing(database_url: str) -> None:
    """Begin to close a connection whose backend does not answer, as for a request that was given up, and forget it."""
    database = Database(database_url)
    async with database.engine.connect() as connection:
        backend = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        raw: Any = (await connection.get_raw_connection()).dbapi_connection
        os.kill(backend, signal.SIGSTOP)
        try:
            await asyncio.wait([asyncio.create_task(raw._terminate_graceful_close())], timeout=20)
        finally:
            os.kill(backend, signal.SIGCONT)
        await connection.invalidate()
    await database.close()


def _settled(log: Path) -> str:
    """Return the log once nothing has been written for a second."""
    while True:
        text = log.read_text()
        time.sleep(1)
        if log.read_text() == text:
            return text


def _at_once(times: int, act: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(act, range(times)))


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


def _post(path: str, length: int) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n".encode()


def _connect(client: httpx.Client) -> socket.socket:
    return socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=20)


def _hang_up(client: httpx.Client, sent: bytes, *, abruptly: bool) -> None:
    with _connect(client) as connection:
        connection.sendall(sent)
        if sent.startswith(b"GET"):
            connection.recv(1000)
        if abruptly:  # a reset
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _answered(client: httpx.Client, sent: bytes) -> None:
    with _connect(client) as connection:
        connection.sendall(sent)
        assert connection.recv(100)


def _fails_to_sign_in(client: httpx.Client) -> None:
    answer = client.post("/graphql", json={"query": LOGIN, "variables": {"username": "root", "password": "wrong"}})
    assert answer.json()["errors"][0]["extensions"]["code"] == UNEXPECTED


async def _lose_accounts(url: str) -> None:
    """Put something else in the place of the accounts, so that something of ours fails unexpectedly."""
    database = Database(url)
    async with database.write() as connection:
        await connection.execute(text("ALTER TABLE users RENAME TO lost_users"))
        await connection.execute(text("CREATE TYPE users AS (id uuid)"))
    await database.close()
