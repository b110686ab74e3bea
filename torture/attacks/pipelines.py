"""Requests without waiting for the answers, more of them than anybody needs, and what is no request at all."""

import asyncio
from collections import Counter

from torture.attacks.connections import LARGE_FILE
from torture.attacks.repeated import Request, repeated
from torture.attacks.target import Connection, Target

_DOWNLOADS = 70
_PAUSE_SECONDS = 0.3
_ANSWER_SECONDS = 5.0
_LITTLE = 2048
_GIBBERISH = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 this is no HTTP\r\n\r\n"


async def abandoned_downloads(target: Target) -> Counter[str]:
    """`count` connections that ask for a large file seventy times and hang up."""
    request = f"GET {LARGE_FILE} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * _DOWNLOADS

    async def hang_up(connection: Connection) -> str:
        await connection.send(request)
        await asyncio.sleep(_PAUSE_SECONDS)
        return "hung up"

    answers = await target.on_each(hang_up)
    await asyncio.sleep(target.seconds)
    return answers


async def malformed(target: Target) -> Counter[str]:
    """`count` connections that do not speak HTTP."""

    async def babble(connection: Connection) -> str:
        await connection.send(_GIBBERISH)
        return await connection.answer(_ANSWER_SECONDS)

    return await target.on_each(babble)


async def upgrades(target: Target) -> Counter[str]:
    """`count` connections that ask for another protocol than HTTP."""
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

    async def ask(connection: Connection) -> str:
        await connection.send(request)
        return await connection.answer(_ANSWER_SECONDS)

    return await target.on_each(ask)


async def looks(target: Target) -> Counter[str]:
    """`count` connections that ask again and again whether the service is ready, which asks the database."""
    return await repeated(target, lambda: Request("GET", "/ready"))


async def unread(target: Target) -> Counter[str]:
    """`count` small requests on one connection, none of whose answers is read."""
    request = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    connection = await target.connect(receive_buffer=_LITTLE)
    began = asyncio.get_running_loop().time()
    whole = await connection.send(request * target.count, began + target.seconds)
    await asyncio.sleep(max(0.0, began + target.seconds - asyncio.get_running_loop().time()))
    connection.abort()
    return Counter(["all taken" if whole else "not all taken"])
