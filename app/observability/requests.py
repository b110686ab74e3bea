"""What every HTTP request passes through first: its id, its metrics, its trace."""

import os
import random
import re
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.logs import REQUEST_ID
from app.observability.metrics import RequestMetrics
from app.observability.names import RouteNames, method_label
from app.observability.tracing import RequestSpan, Tracing

log = structlog.get_logger()

_HEADER = b"x-request-id"
_ID = re.compile(rb"[\w.:-]{1,128}", re.ASCII)
_ids = random.Random(os.urandom(32))  # noqa: S311 - they tell requests apart and open nothing; uuid4 takes ten times as long


class ObservedRequests:
    """Plain ASGI. The request's id goes into every line that is logged meanwhile, and into the answer.

    `trusts_id`: a proxy in front sets `X-Request-ID`, and lets nobody else; otherwise what a client sends is ignored.
    `logs`: a line for each request, which is too much for ordinary days.
    """

    def __init__(
        self,
        app: ASGIApp,
        routes: RouteNames,
        *,
        trusts_id: bool,
        logs: bool,
        metrics: RequestMetrics | None,
        tracing: Tracing | None,
    ) -> None:
        self._app = app
        self._trusts_id = trusts_id
        self._logs = logs
        self._metrics = metrics
        self._tracing = tracing
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._id(scope)
        token = REQUEST_ID.set(request_id.decode())
        try:
            if self._tracing is None:
                await self._observe(scope, receive, send, request_id)
            else:
                with self._tracing.request(scope) as span:
                    await self._observe(scope, receive, send, request_id, span)
        finally:
            REQUEST_ID.reset(token)

    async def _observe(
        self, scope: Scope, receive: Receive, send: Send, request_id: bytes, span: RequestSpan | None = None
    ) -> None:
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (_HEADER, request_id)]
            await send(message)

        if self._metrics:
            self._metrics.in_progress += 1
        started = time.perf_counter()
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            if self._metrics:
                self._metrics.in_progress -= 1
            if self._metrics or self._logs or span:
                self._tell(scope, status, time.perf_counter() - started, span)

    def _id(self, scope: Scope) -> bytes:
        if self._trusts_id:
            for name, value in scope["headers"]:
                if name == _HEADER and _ID.fullmatch(value):
                    return bytes(value)
        return b"%032x" % _ids.getrandbits(128)

    def _tell(self, scope: Scope, status: int, seconds: float, span: RequestSpan | None) -> None:
        method, route = method_label(scope["method"]), self._routes.label(scope)
        if self._metrics:
            self._metrics.answered(method, route, status, seconds)
        if span:
            span.answered(route, status)
        if self._logs:
            log.debug("request", method=method, route=route, status=status, seconds=round(seconds, 6))
