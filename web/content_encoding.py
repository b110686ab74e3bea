"""Inflates compressed bodies, within the bound of all bodies: the size that counts is the one after inflating.

A body that inflates to gigabytes is refused as soon as it passes its limit; no more than that is ever made of it.
"""

import asyncio
import zlib

from core.errors import InvalidInput, TooLarge, UnsupportedEncoding
from web.body_budget import HeldBody

_PIECE = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_ZLIB = zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS
"""The form that some clients send as `deflate`, without the head of zlib that the standard wants."""
_METHOD = 0x0F
_CHECKED_BY = 31
"""A zlib stream begins with two bytes that this number divides, and of which the first names the method."""


def encoding_of(header: bytes) -> str | None:
    """Return the encoding that a Content-Encoding header names; None for a plain body. Raises UnsupportedEncoding."""
    name = header.decode("latin-1").strip().lower()
    if name in {"", "identity"}:
        return None
    if name in {"gzip", "x-gzip", "deflate"}:
        return name.removeprefix("x-")
    raise UnsupportedEncoding(
        f"this Content-Encoding is not understood: {name[:50]}. Send the body as gzip or deflate, or as it is"
    )


async def inflated(body: bytes, encoding: str, limit: int, held: HeldBody) -> bytes:
    """Return a body inflated; what is made of it is charged to `held`, piece by piece.

    InvalidInput if it is not of that encoding. TooLarge beyond `limit` bytes.
    """
    inflater = zlib.decompressobj(_window_bits(body, encoding))
    pieces = []
    try:
        for start in range(0, len(body), _PIECE):
            waiting = body[start : start + _PIECE]
            while waiting:
                piece = inflater.decompress(waiting, _PIECE)
                if held.size + len(piece) > limit:
                    raise TooLarge(f"request body too large when inflated, maximum is {limit // 1024} KiB")
                held.add(len(piece))
                pieces.append(piece)
                waiting = inflater.unconsumed_tail
                await asyncio.sleep(0)  # other requests go on meanwhile
    except zlib.error as error:
        raise _broken(encoding) from error
    if not inflater.eof or inflater.unused_data:
        raise _broken(encoding)
    return b"".join(pieces)


def _window_bits(body: bytes, encoding: str) -> int:
    if encoding == "gzip":
        return _GZIP
    head = body[:2]
    is_zlib = len(head) == 2 and head[0] & _METHOD == zlib.DEFLATED and int.from_bytes(head) % _CHECKED_BY == 0  # noqa: PLR2004
    return _ZLIB if is_zlib else _RAW


def _broken(encoding: str) -> InvalidInput:
    return InvalidInput(f"invalid request body: not one whole {encoding} stream, as Content-Encoding says")
