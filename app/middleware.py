"""What every request passes through, as plain ASGI: CORS, security headers, a last resort."""

from functools import lru_cache

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.observability.names import RouteNames
from app.origins import Origins
from rest.answers import failure

log = structlog.get_logger()

RawHeaders = list[tuple[bytes, bytes]]
"""Headers as ASGI has them: names in lower case."""

_PREFLIGHT_SECONDS = 600
_ORIGINS_REMEMBERED = 64
_ALLOWED_HEADERS = "Content-Type, X-API-Key, API-Key, Authorization"
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_HSTS = "max-age=31536000"


class Cors:
    """Answers preflights with 204 and tells browsers which pages may read an answer."""

    def __init__(self, app: ASGIApp, origins: Origins) -> None:
        self._app = app
        self._origins = origins
        # The extension sends the same origin with every request of every browser.
        self._headers = lru_cache(_ORIGINS_REMEMBERED)(self._headers_for)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = _header(scope, b"origin") if scope["type"] == "http" else None
        if origin is None:
            await self._app(scope, receive, send)
            return
        cors = self._headers(origin)
        if scope["method"] == "OPTIONS" and _header(scope, b"access-control-request-method") is not None:
            headers = _varied([*cors, *self._preflight(origin)])
            await send({"type": "http.response.start", "status": 204, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _varied([*message["headers"], *cors])
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _headers_for(self, origin: str) -> RawHeaders:
        if not self._origins.may_read(origin):
            return []
        headers = {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "Retry-After, X-Request-ID"}
        if self._origins.may_send_cookies(origin):
            headers["Access-Control-Allow-Credentials"] = "true"
        return _raw(headers)

    def _preflight(self, origin: str) -> RawHeaders:
        if not self._origins.may_read(origin):
            return []
        return _raw(
            {
                "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
                "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
                "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
            }
        )


class UnexpectedFailures:
    """Logs what nobody expected and answers 500, inside the others, so that pages of the extension can read it, too.

    (Starlette's own last resort stands outside all middleware.)
    """

    def __init__(self, app: ASGIApp, routes: RouteNames) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched_send)
        except ClientDisconnect:
            return  # there is nobody left to answer
        except Exception:
            if scope["type"] != "http" or started:
                raise
            log.exception("unexpected error", route=self._routes.label(scope))
            await failure("Something went wrong on our side. It has been logged.", 500)(scope, receive, send)


class SecurityHeaders:
    """Adds the headers that make browsers careful, where an answer has not set its own."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._headers = _raw(_SECURITY_HEADERS | ({"Strict-Transport-Security": _HSTS} if https else {}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                own = {name for name, _ in headers}
                message["headers"] = [*headers, *(header for header in self._headers if header[0] not in own)]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _header(scope: Scope, name: bytes) -> str | None:
    for each, value in scope["headers"]:
        if each == name:
            return str(value, "latin-1")
    return None


def _varied(headers: RawHeaders) -> RawHeaders:
    if any(name == b"vary" for name, _ in headers):
        MutableHeaders(raw=headers).add_vary_header("Origin")
        return headers
    return [*headers, (b"vary", b"Origin")]


def _raw(headers: dict[str, str]) -> RawHeaders:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
