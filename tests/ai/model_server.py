"""An OpenAI-compatible server on a real socket, which answers as a test tells it to, and remembers what it was sent."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """An HTTP response: `body` as it is, or only its first `cut_at` bytes, after which the connection breaks."""

    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    cut_at: int | None = None


@dataclass(frozen=True)
class Received:
    """One request, byte for byte."""

    head: bytes
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        """The headers, by lower-case name."""
        lines = self.head.decode().split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines) if name}

    @property
    def question(self) -> Any:
        """The body."""
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        """The insight that the model is to word."""
        return json.loads(self.question["messages"][1]["content"])


def completion(content: str | None, finish_reason: str = "stop", **message: Any) -> Answer:
    """Return a chat completion with this text."""
    choice = {
        "index": 0,
        "finish_reason": finish_reason,
        "message": {"role": "assistant", "content": content, **message},
    }
    return Answer(
        json.dumps(
            {"id": "c1", "object": "chat.completion", "created": 1, "model": "test-model", "choices": [choice]}
        ).encode()
    )


def saying(**words: Any) -> Answer:
    """A completion with these members as its JSON."""
    return completion(json.dumps(words))


def echo(received: Received) -> Answer:
    """Return an answer that repeats the draft."""
    draft = received.data["draft"]
    return saying(**(draft | {"focus_insight": draft["focus_insight"][0]}))


@dataclass
class ModelServer:
    """Answers by `answers` in their order, then by `otherwise`; nothing before `open` is set."""

    port: int = 0
    otherwise: Callable[[Received], Answer] = echo
    answers: list[Answer] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    connections: set[asyncio.StreamWriter] = field(default_factory=set)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        """The value for AI_BASE_URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def has_received(self, requests: int) -> None:
        """Return once so many requests have arrived."""
        async with self.changed:
            await self.changed.wait_for(lambda: len(self.received) >= requests)

    async def has_no_connections(self) -> None:
        """Return once all connections have ended."""
        async with self.changed:
            await self.changed.wait_for(lambda: not self.connections)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self.connections.add(writer)
        with suppress(asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                received = Received(head, b"")
                body = await reader.readexactly(int(received.headers["content-length"]))
                self.received.append(Received(head, body))
                await self._tell()
                await self.open.wait()
                answer = self.answers.pop(0) if self.answers else self.otherwise(self.received[-1])
                writer.write(_response(answer))
                await writer.drain()
                if answer.cut_at is not None:
                    break
        self.connections.discard(writer)
        writer.close()
        await self._tell()

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()


def _response(answer: Answer) -> bytes:
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(answer.body))), *answer.headers]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {answer.status} X\r\n{head}\r\n".encode() + answer.body[: answer.cut_at]


@asynccontextmanager
async def model_server() -> AsyncIterator[ModelServer]:
    """A running server, open."""
    model = ModelServer()
    model.open.set()
    server = await asyncio.start_server(model.serve, "127.0.0.1", 0)
    model.port = server.sockets[0].getsockname()[1]
    try:
        yield model
    finally:
        model.open.set()
        server.close()
        for connection in [*model.connections]:
            connection.close()
        await server.wait_closed()
