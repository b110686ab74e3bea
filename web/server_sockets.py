"""Runs uvicorn so that connections are accepted promptly, however busy a process is."""

import asyncio
import resource
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
import uvloop
from uvicorn.supervisors import Multiprocess

from web.connection_limits import SURPLUS_CONNECTIONS

BACKLOG = 4096
"""The most connections that may wait to be accepted. The kernel drops further ones, whose clients retry after one, two
and four seconds, unanswered and invisible to the service."""

_ACCEPT_BATCH = 256
"""The most connections that a process accepts in one turn of its event loop.

uvloop accepts one. In a busy process a turn is long, and clients would wait in the kernel's queue, invisible to the
service, instead of being answered or refused.
"""

_SEND_BYTES = 256 * 1024
"""The kernel's send buffer of a connection, which doubles it. By default it grows to megabytes, so that a client that
has stopped reading would go unnoticed."""

_OTHER_FILES = 512
"""Open files besides connections of clients: those to the database and Redis, and the program's files."""


def serve(config: uvicorn.Config) -> None:
    """Serve until a signal stops the process."""
    _allow_files((config.limit_concurrency or 0) + SURPLUS_CONNECTIONS + _OTHER_FILES)
    listening = config.bind_socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BYTES)  # inherited by each connection
    if config.workers > 1:
        Multiprocess(config, sockets=[listening]).run()
    else:
        uvicorn.Server(config).run(sockets=[listening])


class ServingLoop(uvloop.Loop):
    """An event loop whose servers accept many connections in one turn. uvicorn loads it by name."""

    async def create_server(self, protocol_factory: Any, *arguments: Any, **options: Any) -> Any:
        server = await super().create_server(protocol_factory, *arguments, **options)
        listening: socket.socket | None = options.get("sock")
        return server if listening is None else _BurstServer(self, server, listening, protocol_factory)


class _BurstServer:
    """A server on a socket that accepts every waiting connection whenever one waits."""

    def __init__(
        self,
        loop: ServingLoop,
        server: asyncio.AbstractServer,
        listening: socket.socket,
        factory: Callable[[], asyncio.BaseProtocol],
    ) -> None:
        self._loop = loop
        self._server = server
        self._listening = listening.dup()
        self._factory = factory
        self._connecting: set[asyncio.Task[Any]] = set()
        loop.add_reader(self._listening, self._accept)

    def close(self) -> None:
        """Accept no more connections."""
        self._loop.remove_reader(self._listening)
        self._listening.close()
        self._server.close()

    async def wait_closed(self) -> None:
        """Wait until the server has closed."""
        await self._server.wait_closed()

    def _accept(self) -> None:
        for _ in range(_ACCEPT_BATCH):
            try:
                connection, _address = self._listening.accept()
            except OSError:  # no other connection waits; or too many files are open, which uvloop handles
                return
            connecting = self._loop.create_task(self._connect(connection))
            self._connecting.add(connecting)
            connecting.add_done_callback(self._connecting.discard)

    async def _connect(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        try:
            await self._loop.connect_accepted_socket(self._factory, connection)
        except OSError:
            connection.close()


def _allow_files(number: int) -> None:
    """Raise the limit on open files of this process and its workers, as far as permitted: each connection is a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
