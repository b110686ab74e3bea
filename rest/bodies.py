"""Reading a request's body, up to a bound, whether or not the client says how long it is."""

from starlette.requests import Request

from core.errors import TooLarge


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body. TooLarge as soon as it is known to exceed `limit` bytes: no more than that is ever held."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise TooLarge(_message(limit))
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge(_message(limit))
    return bytes(body)


def _message(limit: int) -> str:
    return f"request body too large, maximum is {limit // 1024} KiB"
