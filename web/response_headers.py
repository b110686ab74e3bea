"""The headers of every answer: security headers for browsers, and those of CORS."""

from functools import lru_cache

from web.origins import Origins
from web.rate_limits import HEADERS

RawHeaders = list[tuple[bytes, bytes]]
"""Headers as ASGI has them: names in lower case."""

_PREFLIGHT_SECONDS = 600
_ORIGINS_REMEMBERED = 64
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_HTTPS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    # traceparent and tracestate: the W3C's, of frontends that are traced; Apollo Client tells its name by the others.
    "Access-Control-Allow-Headers": "Content-Type, X-API-Key, API-Key, Authorization, traceparent, tracestate, "
    "apollographql-client-name, apollographql-client-version",
    "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
}
_EXPOSED = ", ".join(["Retry-After", "X-Request-ID", *HEADERS])
_VARY = b"vary"
_USUAL = {b"content-type", b"content-length"}


class CommonHeaders:
    """The headers that are added to an answer, by the origin of the page that sent the request."""

    def __init__(self, origins: Origins, *, https: bool) -> None:
        self._origins = origins
        self._security_headers = _SECURITY_HEADERS | (_HTTPS_ONLY if https else {})
        # The extension sends the same origin with every request of every browser.
        self.to = lru_cache(_ORIGINS_REMEMBERED)(self._to)

    def _to(self, origin: bytes | None) -> RawHeaders:
        """Return the headers of every answer to that origin; None for a request without an Origin header."""
        if origin is None:
            return _raw(self._security_headers)
        headers, text = self._security_headers | {"Vary": "Origin"}, origin.decode("latin-1")
        if self._origins.may_read(text):
            headers["Access-Control-Allow-Origin"] = text
            headers["Access-Control-Expose-Headers"] = _EXPOSED
            if self._origins.may_send_cookies(text):
                headers["Access-Control-Allow-Credentials"] = "true"
        return _raw(headers)

    def preflight_to(self, origin: bytes) -> RawHeaders:
        """Return the answer to a CORS preflight of that origin; empty if it may not send the request."""
        return _raw(_PREFLIGHT) if self._origins.may_read(origin.decode("latin-1")) else []


def with_common_headers(headers: RawHeaders, added: RawHeaders) -> RawHeaders:
    """Return an answer's headers and those of `added` that it does not set itself."""
    own = {name for name, _ in headers}
    if own <= _USUAL:  # nearly all answers; none of these headers is ever added
        return [*headers, *added]
    return [*headers, *(header for header in added if header[0] not in own or header[0] == _VARY)]


def _raw(headers: dict[str, str]) -> RawHeaders:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
