"""Heads of requests that never end, or are larger than any that a browser sends."""

import asyncio
from collections import Counter

from torture.attacks.target import Connection, Target

_BEGIN = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
_CHUNKED = b"POST /health HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n \r\n0\r\n"
_HEADER = b"X-Filler: " + b"a" * 1000 + b"\r\n"
_HEADERS_AT_ONCE = 64
_ANSWER_SECONDS = 5.0


async def unfinished(target: Target) -> Counter[str]:
    """`count` bytes of headers on one connection, and no end of them."""
    block = _HEADER * _HEADERS_AT_ONCE
    return await _endless(target, block, target.count // len(block))


async def one_header(target: Target) -> Counter[str]:
    """A single header of `count` bytes, without an end."""
    block = b"a" * len(_HEADER * _HEADERS_AT_ONCE)
    return await _endless(target, block, target.count // len(block), _BEGIN + b"X-Filler: ")


async def large(target: Target) -> Counter[str]:
    """A whole request with a header of `count` bytes, sent again and again."""
    head = _BEGIN + b"X-Filler: " + b"a" * target.count + b"\r\n\r\n"
    answers, deadline = Counter[str](), asyncio.get_running_loop().time() + target.seconds
    while asyncio.get_running_loop().time() < deadline:
        connection = await target.connect()
        await connection.send(head, deadline + _ANSWER_SECONDS)
        answers[await connection.answer(_ANSWER_SECONDS)] += 1
        connection.abort()
    return answers


async def trickled(target: Target) -> Counter[str]:
    """`count` connections on each of which a byte of the head arrives every second."""
    return await _dripped(target, _BEGIN + b"X-Filler: ", b"a")


async def blank_lines(target: Target) -> Counter[str]:
    """`count` connections on each of which an empty line, and no request, arrives every second."""
    return await _dripped(target, b"", b"\r\n")


async def trailers(target: Target) -> Counter[str]:
    """`count` bytes of headers behind a body in chunks on one connection, and no end of them."""
    block = _HEADER * _HEADERS_AT_ONCE
    return await _endless(target, block, target.count // len(block), _CHUNKED)


async def _dripped(target: Target, begin: bytes, drop: bytes) -> Counter[str]:
    async def drip(connection: Connection) -> str:
        deadline = asyncio.get_running_loop().time() + target.seconds
        await connection.send(begin)
        while asyncio.get_running_loop().time() < deadline:
            if not await connection.send(drop):
                return "closed"
            answer = await connection.answer(1.0)
            if answer != "open":
                return answer
        return "open"

    return await target.on_each(drip)


async def _endless(target: Target, block: bytes, blocks: int, begin: bytes = _BEGIN) -> Counter[str]:
    connection = await target.connect()
    deadline = asyncio.get_running_loop().time() + target.seconds
    await connection.send(begin)
    for _ in range(blocks):
        if not await connection.send(block, deadline):
            break
    answer = await connection.answer(_ANSWER_SECONDS)
    connection.abort()
    return Counter([answer])
