"""The one layer around every request: its id, the common headers of its answer, its metrics, trace and log.

Separate layers would be simpler. But each costs every request some microseconds, and six of them took longer than
storing an event.
"""

import os
import random
import re
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth.quotas import Quota
from observability.logs import REQUEST_ID
from observability.metrics import RequestMetrics
from observability.names import RouteNames, method_label
from observability.tracing import RequestSpan, Tracing
from web.answers import failure
from web.graceful_shutdown import GracefulShutdown
from web.rate_limits import quotas_of, rate_limit_headers
from web.request_headers import headers_of
from web.response_headers import CommonHeaders, RawHeaders, with_common_headers

log = structlog.get_logger()

_ID_HEADER = b"x-request-id"
_ID = re.compile(rb"[\w.:-]{1,128}", re.ASCII)
_ids = random.Random(os.urandom(32))  # noqa: S311 - identifiers, not secrets; uuid4 takes ten times as long
_CLOSE = (b"connection", b"close")


@dataclass(frozen=True, slots=True)
class RequestInstrumentation:
    """The instrumentation of requests. `logs`: log a line for each request, for debugging."""

    metrics: RequestMetrics | None = None
    tracing: Tracing | None = None
    logs: bool = False


class RequestContext:
    """A request and its answer; `status` is 0 until the answer has begun.

    `quotas` is what its sender is told of the limits that it was counted against.
    """

    __slots__ = ("_added", "_quotas", "_send", "headers", "status")

    def __init__(self, headers: dict[bytes, bytes], added: RawHeaders, quotas: Sequence[Quota], send: Send) -> None:
        self.headers = headers
        self.status = 0
        self._added = added
        self._quotas = quotas
        self._send = send

    def send(self, message: Message) -> Awaitable[None]:
        """Send a part of the answer; the common headers are added to its head."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._quotas:
                self._added += rate_limit_headers(self._quotas)
            message["headers"] = with_common_headers(message.get("headers", []), self._added)
        return self._send(message)


class Middleware:
    """Plain ASGI middleware. The request's id goes into its lines of the log, and into the answer.

    `trusts_id`: a proxy in front sets `X-Request-ID` and drops that of clients; otherwise the header is ignored.
    CORS preflights and unexpected errors are answered here, the latter with 500 and the common headers.
    """

    def __init__(
        self,
        app: ASGIApp,
        headers: CommonHeaders,
        instrumentation: RequestInstrumentation,
        graceful_shutdown: GracefulShutdown,
        *,
        trusts_id: bool,
    ) -> None:
        self._app = app
        self._headers = headers
        self._instrumentation = instrumentation
        self._graceful_shutdown = graceful_shutdown
        self._trusts_id = trusts_id
        self._routes = RouteNames()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = headers_of(scope)
        request_id = self._id(headers.get(_ID_HEADER))
        added = [*self._headers.to(headers.get(b"origin")), (_ID_HEADER, request_id)]
        if (
            self._graceful_shutdown.has_begun
        ):  # so that clients open a new connection, to another process, for their next request
            added.append(_CLOSE)
        context, tracing = RequestContext(headers, added, quotas_of(scope), send), self._instrumentation.tracing
        token = REQUEST_ID.set(request_id.decode())
        try:
            if tracing is None:
                await self._observe(scope, receive, context)
            else:
                with tracing.request(scope) as span:
                    await self._observe(scope, receive, context, span)
        finally:
            REQUEST_ID.reset(token)

    def _id(self, given: bytes | None) -> bytes:
        if self._trusts_id and given is not None and _ID.fullmatch(given):
            return given
        return b"%032x" % _ids.getrandbits(128)

    async def _observe(
        self, scope: Scope, receive: Receive, context: RequestContext, span: RequestSpan | None = None
    ) -> None:
        metrics, logs = self._instrumentation.metrics, self._instrumentation.logs
        if metrics:
            metrics.in_progress += 1
        started = time.perf_counter()
        try:
            if scope["method"] == "OPTIONS" and b"access-control-request-method" in context.headers:
                await self._preflight(scope, receive, context)
            else:
                await self._app(scope, receive, context.send)
        except ClientDisconnect:
            pass  # there is nobody left to answer
        except Exception:
            if context.status:
                raise
            log.exception("unexpected error", route=self._routes.label(scope))
            await failure("Something went wrong on our side. It has been logged.", 500)(scope, receive, context.send)
        finally:
            if metrics:
                metrics.in_progress -= 1
            if metrics or logs or span:
                self._record(scope, context.status, time.perf_counter() - started, span)

    async def _preflight(self, scope: Scope, receive: Receive, context: RequestContext) -> None:
        origin = context.headers.get(b"origin")
        if origin is None:
            await self._app(scope, receive, context.send)
            return
        headers = self._headers.preflight_to(origin)
        await context.send({"type": "http.response.start", "status": 204, "headers": headers})
        await context.send({"type": "http.response.body", "body": b""})

    def _record(self, scope: Scope, status: int, seconds: float, span: RequestSpan | None) -> None:
        method, route = method_label(scope["method"]), self._routes.label(scope)
        if self._instrumentation.metrics:
            self._instrumentation.metrics.answered(method, route, status, seconds)
        if span:
            span.answered(route, status)
        if self._instrumentation.logs:
            log.debug("request", method=method, route=route, status=status, seconds=round(seconds, 6))
