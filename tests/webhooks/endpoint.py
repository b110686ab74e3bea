"""An endpoint of webhooks: a real HTTP(S) server on this machine, which keeps what it is sent and answers as told."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.free_ports import free_port

_PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Received:
    """A request: its headers by their names in lower case, and its body."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        """The message."""
        found: dict[str, Any] = orjson.loads(self.body)
        return found


Answer = Callable[[Received, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Endpoint:
    """The server's state. `answers` are used up one by one, then `answer` is given."""

    port: int
    scheme: str = "http"
    received: list[Received] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    answer: Answer = field(default_factory=lambda: status(204))

    @property
    def url(self) -> str:
        """Its address."""
        return f"{self.scheme}://127.0.0.1:{self.port}/hooks"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        with suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            line, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            request = Received(line, headers, body)
            self.received.append(request)
            answer = self.answers.pop(0) if self.answers else self.answer
            await answer(request, writer)

    async def get(self, number: int) -> list[Received]:
        """The requests, once there are so many."""
        await until(lambda: len(self.received) >= number)
        return self.received


def status(code: int, headers: str = "", body: bytes = b"") -> Answer:
    """The answer with a status."""

    async def answer(_request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {code} X\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body)
        await writer.drain()

    return answer


def silent(seconds: float = 60) -> Answer:
    """No answer."""

    async def answer(_request: Received, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)

    return answer


@asynccontextmanager
async def endpoint(tls: ssl.SSLContext | None = None) -> AsyncIterator[Endpoint]:
    """A running endpoint."""
    found = Endpoint(free_port(), "http" if tls is None else "https")
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        serving.add(task)
        try:
            await found.serve(reader, writer)
            writer.close()
            await writer.wait_closed()
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            serving.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", found.port, ssl=tls)
    try:
        yield found
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await asyncio.sleep(0)  # for connections to be closed


async def until(true: Callable[[], bool]) -> None:
    """Return once something is so."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not true():  # noqa: ASYNC110 - a server tells nobody
            await asyncio.sleep(0.01)
