"""Reading a request's body, up to a bound, whether or not the client says how long it is."""

import asyncio

from starlette.requests import Request

from core.errors import TooLarge, TooSlow

_SECONDS = 30


async def read_body(request: Request, limit: int) -> bytes:
    """Return the whole body. TooLarge as soon as it is known to exceed `limit` bytes: no more than that is ever held.

    TooSlow when it has not arrived after half a minute: memory is not held for whoever stalls.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise TooLarge(_message(limit))
    body = bytearray()
    try:
        async with asyncio.timeout(_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise TooLarge(_message(limit))
    except TimeoutError as error:
        raise TooSlow("request body took too long to arrive") from error
    return bytes(body)


def _message(limit: int) -> str:
    return f"request body too large, maximum is {limit // 1024} KiB"
