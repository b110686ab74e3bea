"""Cuts the tail off urls that are too long to be kept, where neither a character nor an escaped one is divided."""

import re

from core.limits import URL_BYTES

_INNER_BYTES = range(0x80, 0xC0)
"""Bytes of a UTF-8 character that are not its first."""
_CONTINUATION = re.compile(rb"%[89ABab][0-9A-Fa-f]")
"""The same, escaped."""
_ESCAPE = re.compile(rb"%[0-9A-Fa-f]{2}")
_ESCAPE_BYTES = 3
_CONTINUATIONS = 3
"""How many of them a character has at the most."""


def truncated_url(url: str) -> str:
    """Return at most the first 8 KiB of a url that UTF-8 can encode, without a divided character or percent escape."""
    data = url.encode()
    if len(data) <= URL_BYTES:
        return url
    end = URL_BYTES
    while data[end] in _INNER_BYTES:
        end -= 1
    end -= _divided_escape(data, end)
    for _ in range(_CONTINUATIONS):
        if not (_CONTINUATION.match(data, end) and _ESCAPE.match(data, end - _ESCAPE_BYTES)):
            break
        end -= _ESCAPE_BYTES
    return data[:end].decode()


def _divided_escape(data: bytes, end: int) -> int:
    """Return how many bytes before `end` belong to an escape that goes on after it."""
    for size in range(1, _ESCAPE_BYTES):
        if _ESCAPE.match(data, end - size):
            return size
    return 0
