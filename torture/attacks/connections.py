"""Connections that are held and hardly used."""

import asyncio
from collections import Counter

from torture.attacks.target import Connection, Target

LARGE_FILE = "/static/vendor/graphiql/graphiql.js"
_LITTLE = 2048
_SIP = 512


async def silent(target: Target) -> Counter[str]:
    """`count` connections on which nothing is ever sent."""

    async def hold(connection: Connection) -> str:
        return await connection.answer(target.seconds)

    return await target.on_each(hold)


async def slow_readers(target: Target) -> Counter[str]:
    """`count` connections that ask for a large file and read it by the sip."""
    request = f"GET {LARGE_FILE} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()

    async def sip(connection: Connection) -> str:
        deadline = asyncio.get_running_loop().time() + target.seconds
        await connection.send(request)
        first = await connection.read(_SIP)
        status = first.split(maxsplit=2)[1].decode() if first.startswith(b"HTTP/1.1 ") else "closed"
        while asyncio.get_running_loop().time() < deadline:
            if not await connection.read(_SIP):
                return f"{status}, then closed"
            await asyncio.sleep(1.0)
        return f"{status}, then open"

    return await target.on_each(sip, receive_buffer=_LITTLE)
