"""The service as an attacker finds it: a port, reached from an address of the attacker's own."""

import asyncio
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

Deed = Callable[["Connection"], Awaitable[str]]

_BLOCK = 64 * 1024
_CONNECTING = 100
"""How many connections are opened at once: fewer than the service lets wait to be accepted."""


@dataclass(frozen=True, slots=True)
class Target:
    """The target of an attack: where, from which address of this machine, how much of it and for how long.

    `user_id` is a person whom the attacker knows of.
    """

    port: int
    source: str
    count: int
    seconds: float
    user_id: str

    @property
    def url(self) -> str:
        """The service's address."""
        return f"http://127.0.0.1:{self.port}"

    async def connect(self, receive_buffer: int | None = None) -> "Connection":
        """A new connection, on which the kernel buffers so many bytes of what is not read. OSError."""
        loop = asyncio.get_running_loop()
        raw = socket.socket()
        try:
            if receive_buffer is not None:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            raw.setblocking(False)
            raw.bind((self.source, 0))
            await loop.sock_connect(raw, ("127.0.0.1", self.port))
            limit = _BLOCK if receive_buffer is None else 1
            return Connection(*await asyncio.open_connection(sock=raw, limit=limit))
        except BaseException:
            raw.close()
            raise

    async def on_each(self, deed: Deed, receive_buffer: int | None = None) -> Counter[str]:
        """Return the outcomes of a deed on each of `count` connections, all open before the first is done."""
        opening = asyncio.Semaphore(_CONNECTING)

        async def opened() -> Connection | None:
            try:
                async with opening:
                    return await self.connect(receive_buffer)
            except OSError:
                return None

        found = await asyncio.gather(*(opened() for _ in range(self.count)))
        connections = [each for each in found if each is not None]
        answers = Counter(await asyncio.gather(*(deed(each) for each in connections)))
        for each in connections:
            each.abort()
        return answers + Counter({"not connected": self.count - len(connections)})


class Connection:
    """A connection of the attacker's; nothing on it fails because the service has closed it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes, deadline: float | None = None) -> bool:
        """Send everything, in blocks, until the instant `deadline` of the loop's time. False: not all was taken."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout_at(deadline):
                for start in range(0, len(data), _BLOCK):
                    self._writer.write(data[start : start + _BLOCK])
                    await self._writer.drain()
                    if self._writer.is_closing():
                        return False
                return True
        return False

    async def read(self, size: int) -> bytes:
        """Return some of the bytes that have arrived; none once the service has closed the connection."""
        with suppress(OSError):
            return await self._reader.read(size)
        return b""

    async def answer(self, seconds: float) -> str:
        """The status that arrives within so many seconds; `closed` or `open` when there is none."""
        try:
            async with asyncio.timeout(seconds):
                head = await self.read(_BLOCK)
        except TimeoutError:
            return "open"
        return head.split(maxsplit=2)[1].decode() if head.startswith(b"HTTP/1.1 ") else "closed"

    def abort(self) -> None:
        """Hang up without a word."""
        self._writer.transport.abort()
