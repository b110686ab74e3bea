"""Connections to checked addresses alone: a name is looked up once, and what was checked is what is connected to.

The check lies where the connection is made, below HTTP: whatever a name leads to, and however it is written
(`127.1`, `0x7f000001`), it is the address of the socket that counts. The name stays that of `Host` and of TLS.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any

from httpcore2 import AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream, ConnectError, ConnectTimeout

from webhooks.addresses import Address, AddressRules

LookUp = Callable[[str, int], Awaitable[list[Address]]]
"""Returns the addresses of a host. OSError if there are none."""

_ADDRESSES_TRIED = 3
_LOOK_UPS_AT_ONCE = 8
"""Threads of their own: a name server that is silent must not keep anything else waiting."""
_look_ups = ThreadPoolExecutor(_LOOK_UPS_AT_ONCE, thread_name_prefix="webhook-names")


class AddressNotAllowed(Exception):
    """The host has an address that messages may not be sent to."""


async def look_up(host: str, port: int) -> list[Address]:
    """Return the addresses of a host, as the system's resolver has them."""

    def ask() -> list[Any]:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)

    found = await asyncio.get_running_loop().run_in_executor(_look_ups, ask)
    return list(dict.fromkeys(ip_address(str(each[4][0]).partition("%")[0]) for each in found))


class CheckedConnections(AsyncNetworkBackend):
    """Connects to hosts all of whose addresses are allowed."""

    def __init__(self, rules: AddressRules, look_up: LookUp = look_up) -> None:
        self._rules = rules
        self._look_up = look_up
        self._sockets = AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        try:
            addresses = await self._look_up(host, port)
        except (OSError, UnicodeError) as error:
            raise ConnectError("its name has no address") from error
        if not all(map(self._rules.permits, addresses)):
            raise AddressNotAllowed
        failure: ConnectError | ConnectTimeout = ConnectError("its name has no address")
        for address in addresses[:_ADDRESSES_TRIED]:
            try:
                return await self._sockets.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (ConnectError, ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - the interface's
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - the same
    ) -> AsyncNetworkStream:
        raise ConnectError(f"no endpoint is a socket of this machine: {path}")
