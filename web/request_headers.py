"""The headers of a request by name."""

from starlette.types import Scope

_KEPT = "web_behavior.headers"


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """Return the headers by lower-case name. Of a repeated header the first counts, as in Starlette."""
    headers: dict[bytes, bytes] | None = scope.get(_KEPT)
    if headers is None:  # read several times for each request
        headers = scope[_KEPT] = dict(reversed(scope["headers"]))
    return headers
