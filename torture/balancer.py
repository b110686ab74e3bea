"""A tiny balancer: connections go in turn to whichever service says that it is ready."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import httpx

from tests.free_ports import free_port
from torture.http import client
from torture.service import Service

INTERVAL_SECONDS = 0.2
"""How often each service is asked."""
_CHUNK = 64 * 1024


class Balancer:
    """Passes bytes on. `url` is where clients find it."""

    def __init__(self, services: Sequence[Service]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._ready = {service.port: True for service in services}
        self._turn = 0

    async def watch(self, service: Service) -> None:
        """Keep asking a service whether it is ready."""
        while True:
            try:
                async with client(service.url, timeout=1) as http:
                    self._ready[service.port] = (await http.get("/ready")).is_success
            except httpx.TransportError:
                self._ready[service.port] = False
            await asyncio.sleep(INTERVAL_SECONDS)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take on a client's connection."""
        self._turn += 1
        ready = [port for port, is_ready in self._ready.items() if is_ready] or list(self._ready)
        there, back = await asyncio.open_connection("127.0.0.1", ready[self._turn % len(ready)])
        await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))


@asynccontextmanager
async def balancing(services: Sequence[Service]) -> AsyncIterator[Balancer]:
    """A balancer in front of services that are ready."""
    balancer = Balancer(services)
    async with await asyncio.start_server(balancer.serve, "127.0.0.1", balancer.port):
        watching = [asyncio.create_task(balancer.watch(service)) for service in services]
        try:
            yield balancer
        finally:
            for task in watching:
                task.cancel()


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await source.read(_CHUNK):
            target.write(chunk)
            await target.drain()
    with suppress(ConnectionError):
        target.close()
        await target.wait_closed()
