"""A request's headers by their names."""

from starlette.types import Scope


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """Names are in lower case. Of a header that is sent several times the first counts, as in Starlette."""
    return dict(reversed(scope["headers"]))
