"""Reading a request's body, up to a bound, whether or not the client says how long it is."""

from starlette.requests import ClientDisconnect, Request

from core.deadlines import within
from core.errors import TooLarge, TooSlow
from rest.headers import headers_of

_SECONDS = 30


async def read_body(request: Request, limit: int, bound: within | None = None) -> bytes:
    """Return the whole body. TooLarge as soon as it is known to exceed `limit` bytes: no more than that is ever held.

    TooSlow when it has not arrived after half a minute: memory is not held for whoever stalls. The time that it takes
    is none of `bound`'s, which the request as a whole has. ClientDisconnect.
    """
    declared = headers_of(request.scope).get(b"content-length", b"")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(_message(limit))
    if bound is None:
        with within(_SECONDS, _too_slow):
            return await _read(request, limit)
    left = bound.reschedule(_SECONDS, _too_slow)
    body = await _read(request, limit)
    bound.reschedule(*left)
    return body


async def _read(request: Request, limit: int) -> bytes:
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        if not (chunks or more) and len(chunk) <= limit:
            return chunk  # nearly all of them
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            raise TooLarge(_message(limit))
    return b"".join(chunks)


def _too_slow() -> TooSlow:
    return TooSlow("request body took too long to arrive")


def _message(limit: int) -> str:
    return f"request body too large, maximum is {limit // 1024} KiB"
