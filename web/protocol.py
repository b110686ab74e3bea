"""uvicorn's HTTP protocol with limits: refusals that tell clients when to retry, and lingering close."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from web.answers import failure
from web.connection_limits import CONNECTION_COUNTS, SURPLUS_HEAD_SECONDS, ConnectionLimits
from web.limited_input import LimitedInputProtocol
from web.lingering_close import answer_and_drain

_RETRY_SECONDS = (1, 5)
_REFUSAL = failure("Too many requests at the moment. Nothing was stored; please try again.", 503)
_BODY, _HEADERS = (
    bytes(_REFUSAL.body),
    _REFUSAL.raw_headers,
)  # built once, since there may be thousands of refusals a second
_ALWAYS_ANSWERED = frozenset({b"/health", b"/ready"})
"""Monitors request these, and would restart a service that is only at its limits."""


class BoundedProtocol(LimitedInputProtocol):
    """Answers a request beyond a limit with 503 and `Retry-After`, before the application sees it.

    A request counts only once it has arrived as a whole, so that slow senders keep nobody else out. The connection is
    closed, too, beyond the limits on connections, in all (`limit_concurrency`) or of an address, and beyond that on
    requests of clients that have gone. (uvicorn's own refusal, for the first limit only, has no `Retry-After`.)
    """

    def __init__(self, *arguments: Any, limits: ConnectionLimits, **options: Any) -> None:
        super().__init__(*arguments, limits=limits, **options)
        self._max_connections, self.limit_concurrency = self.limit_concurrency, None
        self._application = self.app
        self._address: str | None = None
        self._is_counted = False
        self._current_cycle: RequestResponseCycle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._address = self.client[0] if self.client else None
        self._usage = self.limits.add_connection(self._address)
        if self._excess():
            self._head_deadline = self.limits.timeouts.now + SURPLUS_HEAD_SECONDS
            self.limits.add_surplus(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._uncount_request()
        self._disconnect()
        self.limits.surplus.pop(self, None)
        self.limits.remove_connection(self._address, self._usage)
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        self.app = self._refusal() or self._application
        super().on_headers_complete()
        if self in self.limits.surplus:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self.app is self._application and not self.cycle.response_complete:
            self._count_request()

    def on_response_complete(self) -> None:
        self._uncount_request()
        super().on_response_complete()

    def resume_writing(self) -> None:
        if self.transport.is_closing():  # it was cut: tasks that wait to write to it must end
            self._disconnect()
        super().resume_writing()

    def _begin_head(self) -> None:
        deadline = self._head_deadline
        super()._begin_head()
        if self in self.limits.surplus:
            self._head_deadline = deadline

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._current_cycle = cycle
        # A connection beyond the limits is not kept open to discard what its client still sends.
        drained: Any = app if app is _refuse_and_close else partial(answer_and_drain, cycle, app)
        super()._start_asgi_task(cycle, drained)
        if app is self._application and not cycle.more_body:  # a request that was sent before the last answer
            self._count_request()

    def _disconnect(self) -> None:
        """Tell the request being answered that its client has gone; uvicorn tells only the one that was sent last."""
        cycle = self._current_cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()

    def _count_request(self) -> None:
        if not self._is_counted:
            self._is_counted = True
            self.limits.begin_request(self._usage)

    def _uncount_request(self) -> None:
        if self._is_counted:
            self._is_counted = False
            self.limits.end_request(self._usage)

    def _refusal(self) -> ASGIApp | None:
        surplus = self.limits.surplus
        if self in surplus:
            del surplus[self]
            exceeded = self._excess()
            if exceeded:
                surplus[self] = None
                return self._refused(exceeded, _refuse_and_close)
        if self._max_connections is not None and len(self.tasks) >= self._max_connections:
            return self._refused("connections", _refuse_and_close)
        excess = self.limits.excess_requests(self._usage)
        return self._refused(excess, _refuse) if excess else None

    def _excess(self) -> str | None:
        """Return the limit on connections that this one exceeds; None within the limits."""
        cap = self.limits.connections_per_address
        if cap and self._usage.connections > cap:
            return "address_connections"
        admitted = len(self.connections) - len(self.limits.surplus)
        return "connections" if self._max_connections is not None and admitted >= self._max_connections else None

    def _refused(self, reason: str, refusal: ASGIApp) -> ASGIApp:
        if self.url.partition(b"?")[0] in _ALWAYS_ANSWERED and self.parser.get_method() in {b"GET", b"HEAD"}:
            return partial(self._application)  # not the application itself, since its requests are counted
        CONNECTION_COUNTS.refusals[reason] += 1
        return refusal


def limited_protocol(limits: ConnectionLimits) -> Callable[..., BoundedProtocol]:
    """Return the factory of a process's protocols, one for each connection, which share the limits."""
    return partial(BoundedProtocol, limits=limits)


async def _refuse(_scope: Scope, _receive: Receive, send: Send, *headers: tuple[bytes, bytes]) -> None:
    retry_after = b"%d" % random.randint(*_RETRY_SECONDS)  # noqa: S311 - jitter, not a secret
    await send(
        {"type": "http.response.start", "status": 503, "headers": [*_HEADERS, (b"retry-after", retry_after), *headers]}
    )
    await send({"type": "http.response.body", "body": _BODY})


async def _refuse_and_close(scope: Scope, receive: Receive, send: Send) -> None:
    await _refuse(scope, receive, send, (b"connection", b"close"))
