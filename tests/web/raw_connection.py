"""Connections of which a test sends every byte itself."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any

SECONDS = 20


class RawConnection:
    """A connection on which bytes are sent as they are."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *pieces: bytes) -> None:
        """Send pieces one after the other, each once there is room for it."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def rest(self) -> bytes:
        """Everything until the server closes."""
        async with asyncio.timeout(SECONDS):
            return await self.reader.read()

    async def answer(self) -> tuple[int, str]:
        """The status and the head of the next answer, of which the body is read, too."""
        async with asyncio.timeout(SECONDS):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
            await self.reader.readexactly(int(head.partition("content-length: ")[2].partition("\r\n")[0]))
        return int(head.split()[1]), head


Connect = Callable[..., Awaitable[RawConnection]]


async def open_connection(port: int, address: str = "127.0.0.1") -> RawConnection:
    """A connection from an address of this machine."""
    return RawConnection(*await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0)))


async def open_unread_connection(port: int, request: bytes, address: str = "127.0.0.1") -> socket.socket:
    """A connection that sends a request and does not read the answer; its receive buffer is small."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setblocking(False)
    connection.bind((address, 0))
    loop = asyncio.get_running_loop()
    await loop.sock_connect(connection, ("127.0.0.1", port))
    await loop.sock_sendall(connection, request)
    return connection


def closing_answer(received: bytes) -> tuple[int, Any]:
    """The status and the JSON of the first answer, which says that the connection is closed."""
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"connection: close" in head
    return int(head.split()[1]), json.loads(body)
