"""A request's headers by their names."""

from starlette.types import Scope

_KEPT = "web_behavior.headers"


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """Names are in lower case. Of a header that is sent several times the first counts, as in Starlette."""
    headers: dict[bytes, bytes] | None = scope.get(_KEPT)
    if headers is None:  # several ask about each request
        headers = scope[_KEPT] = dict(reversed(scope["headers"]))
    return headers
