"""Reading a request's body, up to a bound, whether or not the client says how long it is."""

from starlette.requests import ClientDisconnect, Request

from core.deadlines import within
from core.errors import TooLarge, TooSlow

_SECONDS = 30


async def read_body(request: Request, limit: int) -> bytes:
    """Return the whole body. TooLarge as soon as it is known to exceed `limit` bytes: no more than that is ever held.

    TooSlow when it has not arrived after half a minute: memory is not held for whoever stalls. ClientDisconnect.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise TooLarge(_message(limit))
    try:
        with within(_SECONDS):
            return await _read(request, limit)
    except TimeoutError as error:
        raise TooSlow("request body took too long to arrive") from error


async def _read(request: Request, limit: int) -> bytes:
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk, more = message.get("body", b""), message.get("more_body", False)
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            raise TooLarge(_message(limit))
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _message(limit: int) -> str:
    return f"request body too large, maximum is {limit // 1024} KiB"
