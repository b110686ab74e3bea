"""The one layer around everything that is answered: a request's id, the headers of its answer, what is told of both.

A layer of its own for each would be easier to take apart. But each costs every request some microseconds, and six of
them took longer than storing an event does.
"""

import os
import random
import re
import time
from collections.abc import Awaitable
from dataclasses import dataclass

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.headers import CommonHeaders, RawHeaders, completed
from app.leaving import Leaving
from app.logs import REQUEST_ID
from app.observability.metrics import RequestMetrics
from app.observability.names import RouteNames, method_label
from app.observability.tracing import RequestSpan, Tracing
from rest.answers import failure
from rest.headers import headers_of

log = structlog.get_logger()

_ID_HEADER = b"x-request-id"
_ID = re.compile(rb"[\w.:-]{1,128}", re.ASCII)
_ids = random.Random(os.urandom(32))  # noqa: S311 - they tell requests apart and open nothing; uuid4 takes ten times as long
_CLOSE = (b"connection", b"close")


@dataclass(frozen=True, slots=True)
class Observation:
    """What is kept of requests. `logs`: a line for each, which is too much for ordinary days."""

    metrics: RequestMetrics | None = None
    tracing: Tracing | None = None
    logs: bool = False


class Exchange:
    """One request and its answer, of which `status` is known once it has begun."""

    __slots__ = ("_added", "_send", "headers", "status")

    def __init__(self, headers: dict[bytes, bytes], added: RawHeaders, send: Send) -> None:
        self.headers = headers
        self.status = 0
        self._added = added
        self._send = send

    def send(self, message: Message) -> Awaitable[None]:
        """Send a part of the answer on; its head with the headers that all have."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = completed(message.get("headers", []), self._added)
        return self._send(message)


class Exchanges:
    """Plain ASGI. The request's id goes into every line that is logged meanwhile, and into the answer.

    `trusts_id`: a proxy in front sets `X-Request-ID`, and lets nobody else; otherwise what a client sends is ignored.
    Preflights are answered here, and so is what nobody expected: with 500, and every header.
    """

    def __init__(
        self, app: ASGIApp, headers: CommonHeaders, observation: Observation, leaving: Leaving, *, trusts_id: bool
    ) -> None:
        self._app = app
        self._headers = headers
        self._observation = observation
        self._leaving = leaving
        self._trusts_id = trusts_id
        self._routes = RouteNames()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = headers_of(scope)
        request_id = self._id(headers.get(_ID_HEADER))
        added = [*self._headers.to(headers.get(b"origin")), (_ID_HEADER, request_id)]
        if self._leaving.has_begun:  # clients open a new connection for their next request: elsewhere
            added.append(_CLOSE)
        exchange, tracing = Exchange(headers, added, send), self._observation.tracing
        token = REQUEST_ID.set(request_id.decode())
        try:
            if tracing is None:
                await self._observe(scope, receive, exchange)
            else:
                with tracing.request(scope) as span:
                    await self._observe(scope, receive, exchange, span)
        finally:
            REQUEST_ID.reset(token)

    def _id(self, given: bytes | None) -> bytes:
        if self._trusts_id and given is not None and _ID.fullmatch(given):
            return given
        return b"%032x" % _ids.getrandbits(128)

    async def _observe(
        self, scope: Scope, receive: Receive, exchange: Exchange, span: RequestSpan | None = None
    ) -> None:
        metrics, logs = self._observation.metrics, self._observation.logs
        if metrics:
            metrics.in_progress += 1
        started = time.perf_counter()
        try:
            if scope["method"] == "OPTIONS" and b"access-control-request-method" in exchange.headers:
                await self._preflight(scope, receive, exchange)
            else:
                await self._app(scope, receive, exchange.send)
        except ClientDisconnect:
            pass  # there is nobody left to answer
        except Exception:
            if exchange.status:
                raise
            log.exception("unexpected error", route=self._routes.label(scope))
            await failure("Something went wrong on our side. It has been logged.", 500)(scope, receive, exchange.send)
        finally:
            if metrics:
                metrics.in_progress -= 1
            if metrics or logs or span:
                self._tell(scope, exchange.status, time.perf_counter() - started, span)

    async def _preflight(self, scope: Scope, receive: Receive, exchange: Exchange) -> None:
        origin = exchange.headers.get(b"origin")
        if origin is None:
            await self._app(scope, receive, exchange.send)
            return
        headers = self._headers.preflight_to(origin)
        await exchange.send({"type": "http.response.start", "status": 204, "headers": headers})
        await exchange.send({"type": "http.response.body", "body": b""})

    def _tell(self, scope: Scope, status: int, seconds: float, span: RequestSpan | None) -> None:
        method, route = method_label(scope["method"]), self._routes.label(scope)
        if self._observation.metrics:
            self._observation.metrics.answered(method, route, status, seconds)
        if span:
            span.answered(route, status)
        if self._observation.logs:
            log.debug("request", method=method, route=route, status=status, seconds=round(seconds, 6))
