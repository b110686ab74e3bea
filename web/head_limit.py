"""The bound on a request's head: its request line and headers, their bytes, their number and their time.

uvicorn has one for its slower parser only (`h11_max_incomplete_event_size`). A head is held in memory until it is
complete, and its sender is not authenticated yet.
"""

from dataclasses import dataclass

MAX_HEADERS = 100
"""Thousands of headers of two letters fit into 32 KiB, and each takes fifty times as much in memory."""

_LINE_BYTES = 4
"""`: ` and the end of the line."""


@dataclass(frozen=True, slots=True)
class HeadLimit:
    """The largest size of a head, in bytes, and the longest time that it may take, in seconds.

    `seconds` bounds the wait for the first byte on a new connection, and then the time from there to the head's end.
    """

    max_bytes: int = 32 * 1024
    seconds: float = 10


def head_bytes(url: bytes, headers: list[tuple[bytes, bytes]]) -> int:
    """Return the approximate number of bytes that a head had on the wire."""
    return len(url) + sum(len(name) + len(value) + _LINE_BYTES for name, value in headers)


class RefusedHead(Exception):
    """The refusal of a head. Raised within the parser's callbacks, which ends the parsing."""

    def __init__(self, reason: str, status: int, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
        self.message = message


def too_large(limit: HeadLimit) -> RefusedHead:
    """Return the refusal of a head that is too large."""
    return RefusedHead(
        "large_head",
        431,
        f"request head too large, maximum is {limit.max_bytes // 1024} KiB and {MAX_HEADERS} headers",
    )
