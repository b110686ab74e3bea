"""The HTTP protocol: uvicorn's, with a refusal that clients can act on when a process is full."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from rest.answers import failure

_RETRY_SECONDS = (1, 5)


class Room:
    """How many requests a process may work on at once, and the connections whose requests those are."""

    def __init__(self, requests: int) -> None:
        self.requests = requests
        self.working: set[object] = set()


class BoundedProtocol(HttpToolsProtocol):
    """Answers 503 with `Retry-After` when there is no room for another request, before anything of it is looked at.

    A request takes up room once it has arrived as a whole: whoever sends slowly keeps nobody else out. Beyond
    `limit_concurrency` connections, or requests of clients that have hung up, the connection is closed, too.
    (uvicorn's own refusal, for that alone, does not say when to come back.)
    """

    def __init__(self, *arguments: Any, room: Room, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._most, self.limit_concurrency = self.limit_concurrency, None
        self._room = room
        self._application = self.app

    def on_headers_complete(self) -> None:
        self.app = self._refusal() or self._application
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self.app is self._application and not self.cycle.response_complete:
            self._room.working.add(self)

    def on_response_complete(self) -> None:
        self._room.working.discard(self)
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._room.working.discard(self)
        super().connection_lost(exc)

    def _refusal(self) -> ASGIApp | None:
        if self._most is not None and max(len(self.connections), len(self.tasks)) >= self._most:
            return _refuse_and_close
        return _refuse if len(self._room.working) >= self._room.requests else None


def bounded(requests: int) -> Callable[..., BoundedProtocol]:
    """What makes a process's protocols, one for each connection, with room for so many requests among them."""
    return partial(BoundedProtocol, room=Room(requests))


async def _refuse(scope: Scope, receive: Receive, send: Send, **headers: str) -> None:
    headers["Retry-After"] = str(random.randint(*_RETRY_SECONDS))  # noqa: S311 - jitter, not a secret
    answer = failure("Too many requests at the moment. Nothing was stored; please try again.", 503, headers)
    await answer(scope, receive, send)


async def _refuse_and_close(scope: Scope, receive: Receive, send: Send) -> None:
    await _refuse(scope, receive, send, Connection="close")
