"""Reads the body of a request, up to a limit, whether or not the client declares its length."""

from starlette.requests import ClientDisconnect, Request

from core.errors import TooLarge, TooSlow
from core.timeouts import Timeout
from resolvers.caller import Client
from web.body_budget import BODY_BUDGET, HeldBody
from web.clients import peer_address
from web.content_encoding import encoding_of, inflated
from web.request_headers import headers_of

_SECONDS = 30


async def read_body(request: Request, limit: int, request_timeout: Timeout | None = None) -> bytes:
    """Return the whole body, inflated. TooLarge as soon as it is known to exceed `limit` bytes: no more is ever held.

    TooSlow when it has not arrived after half a minute: no memory is held for a client that stalls. Unavailable when
    the bodies of the address, or all together, hold too much. ClientDisconnect when the client has gone.
    InvalidInput or UnsupportedEncoding for a Content-Encoding that does not fit it, or is not understood.
    `request_timeout` is that of the whole request: the time that the body takes to arrive does not count towards it.
    """
    headers = headers_of(request.scope)
    declared, encoded = headers.get(b"content-length", b""), headers.get(b"content-encoding")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(_message(limit))
    encoding = None if encoded is None else encoding_of(encoded)
    if request_timeout is None:
        with Timeout(_SECONDS, _too_slow):
            body = await _read(request, limit)
    else:
        left = request_timeout.reschedule(_SECONDS, _too_slow)
        body = await _read(request, limit)
        request_timeout.reschedule(*left)
    if encoding is None:
        return body
    with HeldBody(BODY_BUDGET, Client(peer_address(request.scope)).network) as held:
        return await inflated(body, encoding, limit, held)


async def _read(request: Request, limit: int) -> bytes:
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    chunk: bytes = message.get("body", b"")
    if len(chunk) > limit:
        raise TooLarge(_message(limit))
    if not message.get("more_body", False):
        return chunk  # nearly all of them
    with HeldBody(BODY_BUDGET, Client(peer_address(request.scope)).network) as held:
        return await _read_chunks(request, limit, chunk, held)


async def _read_chunks(request: Request, limit: int, chunk: bytes, held: HeldBody) -> bytes:
    """Read the rest of a body that comes in several pieces."""
    held.add(len(chunk))
    chunks, more = [chunk], True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk, more = message.get("body", b""), message.get("more_body", False)
        if held.size + len(chunk) > limit:
            raise TooLarge(_message(limit))
        held.add(len(chunk))
        chunks.append(chunk)
    return b"".join(chunks)


def _too_slow() -> TooSlow:
    return TooSlow("request body took too long to arrive")


def _message(limit: int) -> str:
    return f"request body too large, maximum is {limit // 1024} KiB"
