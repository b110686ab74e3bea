"""What every request passes through, as plain ASGI: CORS, security headers, a last resort."""

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.observability.names import RouteNames
from app.origins import Origins
from rest.answers import failure

log = structlog.get_logger()

_PREFLIGHT_SECONDS = 600
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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = Headers(scope=scope).get("origin") if scope["type"] == "http" else None
        if origin is None:
            await self._app(scope, receive, send)
            return
        cors = self._headers(origin)
        if scope["method"] == "OPTIONS" and "access-control-request-method" in Headers(scope=scope):
            await send({"type": "http.response.start", "status": 204, "headers": _raw(cors | self._preflight(origin))})
            await send({"type": "http.response.body", "body": b""})
            return
        await self._app(scope, receive, _with_headers(send, cors))

    def _headers(self, origin: str) -> dict[str, str]:
        if not self._origins.may_read(origin):
            return {"Vary": "Origin"}
        headers = {
            "Vary": "Origin",
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": "Retry-After, X-Request-ID",
        }
        if self._origins.may_send_cookies(origin):
            headers["Access-Control-Allow-Credentials"] = "true"
        return headers

    def _preflight(self, origin: str) -> dict[str, str]:
        if not self._origins.may_read(origin):
            return {}
        return {
            "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
            "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
            "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
        }


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
        self._headers = _SECURITY_HEADERS | ({"Strict-Transport-Security": _HSTS} if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, _with_headers(send, self._headers) if scope["type"] == "http" else send)


def _with_headers(send: Send, extra: dict[str, str]) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in extra.items():
                if name == "Vary":
                    headers.add_vary_header(value)
                else:
                    headers.setdefault(name, value)
        await send(message)

    return send_with_headers


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
