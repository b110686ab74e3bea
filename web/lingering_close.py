"""Lingering close: an answer that precedes the end of its request reaches a client that reads only after sending.

A server that closes a connection with unread data resets it, and the client may lose the answer (RFC 9112, section
9.6). uvicorn does so if the connection is not kept alive, and reads on for ever if it is. So the rest of a request is
read and discarded after its answer, whatever the answer is, up to a bound:

    request   ── head ── body ──────────── rest of the body ──┬── the next request
    answer              413 ▶ (at once)    thrown away        └── or the end of the connection
"""

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from core.timeouts import Timeout
from web.request_headers import headers_of

LINGER_BYTES = 16 * 1024 * 1024
"""The most bytes of a request that are discarded after its answer: far more than the extension sends in one."""

LINGER_SECONDS = 8
"""The longest time for which they are discarded; a stopping process waits for ten seconds."""


async def answer_and_drain(
    cycle: RequestResponseCycle, app: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer by `app`; then discard what the client still sends of the request."""
    if not cycle.more_body:  # nearly all requests have arrived by now
        await app(scope, receive, send)
        return
    answer = _EarlyAnswer(cycle)
    await app(scope, receive, answer.send)
    await answer.finish()


class _EarlyAnswer:
    """An answer whose end is passed to uvicorn after the request was drained; the client gets all of it at once."""

    __slots__ = ("_cycle", "_declined", "_held")

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._declined = False
        self._held = False

    async def send(self, message: Message) -> None:
        cycle = self._cycle
        if message["type"] == "http.response.start":
            # A client that waits for "100 Continue" sends no body after another answer.
            self._declined = cycle.waiting_for_100_continue and not cycle.body
            if cycle.more_body and (self._declined or not _ends_within_bound(cycle)):
                cycle.keep_alive = False  # uvicorn says so in the head: `Connection: close`
        elif cycle.more_body and not message.get("more_body") and not self._declined:
            self._held = True
            message = {**message, "more_body": True}
        await _send(cycle, message)

    async def finish(self) -> None:
        """End the answer, and the connection if the request has not ended within the bound."""
        if not self._held:
            return
        if not await _drained(self._cycle):
            self._cycle.keep_alive = False
        await _send(self._cycle, {"type": "http.response.body", "body": b""})


def _ends_within_bound(cycle: RequestResponseCycle) -> bool:
    scope: Any = cycle.scope
    declared = headers_of(scope).get(b"content-length", b"")
    return declared.isdigit() and int(declared) <= LINGER_BYTES


async def _drained(cycle: RequestResponseCycle) -> bool:
    """Read to the end of the request, or until the client has gone; return False if the bound came first."""
    left = LINGER_BYTES
    try:
        with Timeout(LINGER_SECONDS):
            while left > 0 and cycle.more_body:
                message: Any = await cycle.receive()
                if not message.get("more_body"):
                    return True
                left -= len(message["body"])
    except TimeoutError:
        return False
    return not cycle.more_body


async def _send(cycle: RequestResponseCycle, message: Message) -> None:
    sent: Any = message
    await cycle.send(sent)
