"""Bodies that hardly come to an end."""

import asyncio
from collections import Counter
from contextlib import suppress

from torture.attacks.target import Connection, Target
from torture.client import BATCH, SINGLE

_BODY = 5 * 1024 * 1024
_LACKING = 10
_SENDING_SECONDS = 20.0
_ANSWER_SECONDS = 60.0


async def unfinished(target: Target) -> Counter[str]:
    """`count` connections on each of which all of the largest body but ten bytes arrives, kept open."""
    head = f"POST {BATCH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {_BODY}\r\n\r\n".encode()
    request, deadline = head + b" " * (_BODY - _LACKING), asyncio.get_running_loop().time() + _SENDING_SECONDS
    sending = target.count
    all_sent = asyncio.Event()

    async def stall(connection: Connection) -> str:
        nonlocal sending
        await connection.send(request, deadline)
        sending -= 1
        if not sending:
            all_sent.set()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                await all_sent.wait()
        return await connection.answer(target.seconds)

    return await target.on_each(stall)


async def small_chunks(target: Target) -> Counter[str]:
    """A body of `count` bytes in as many chunks."""
    head = f"POST {SINGLE} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    connection = await target.connect()
    deadline = asyncio.get_running_loop().time() + _ANSWER_SECONDS
    await connection.send(head + b"1\r\n \r\n" * target.count + b"0\r\n\r\n", deadline)
    answer = await connection.answer(_ANSWER_SECONDS)
    connection.abort()
    return Counter([answer])
