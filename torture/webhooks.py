"""Deliveries of webhooks while the service is killed, their endpoint is away, and PostgreSQL dies.

People are made all the while, each of whom a webhook is told of. The endpoint takes its time, so that whatever happens
happens in the middle of a delivery.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson

from resolvers.webhook_worker import HOLD_SECONDS
from tests.free_ports import free_port
from tests.servers import Postgres15
from torture import postgres
from torture.findings import Finding
from torture.people import ask, signed_in
from torture.service import Service, running

ROUNDS = 10
_ANSWER_SECONDS = 0.1
_AWAY_SECONDS = 5.0
_PAUSE_SECONDS = 0.05
_PATIENCE_SECONDS = 4 * HOLD_SECONDS
_SETTINGS = {"WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8", "WEBHOOK_ALLOW_HTTP": "true"}
_ORGANIZATION = """
mutation { createOrganization(input: {name: "Told"}) { ... on CreateOrganizationSuccess { organization { id } } } }
"""
_WEBHOOK = """
mutation ($organization: ID!, $address: String!) {
  createWebhook(input: {organizationId: $organization, name: "torture", url: $address, eventTypes: [PERSON_CREATED]}) {
    ... on CreateWebhookSuccess { webhook { id } }
  }
}
"""
_PERSON = """
mutation ($organization: ID!, $name: String!) {
  createExtensionUser(input: {organizationId: $organization, username: $name}) {
    ... on CreateExtensionUserSuccess { extensionUser { username } }
  }
}
"""


@dataclass
class Told:
    """The results: `acknowledged` people, how often each was `received`, and how often something was interrupted."""

    acknowledged: list[str] = field(default_factory=list)
    received: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    outages: int = 0
    seconds: float = 0.0

    @property
    def lost(self) -> list[str]:
        """Those of whom the webhook was not told."""
        return [name for name in self.acknowledged if not self.received[name]]

    @property
    def again(self) -> int:
        """The number of messages that came again."""
        return sum(times - 1 for times in self.received.values())

    @property
    def is_kept(self) -> bool:
        """True if nothing was lost, and no more came again than was interrupted."""
        return bool(self.acknowledged) and not self.lost and self.again <= self.kills + self.outages

    @property
    def findings(self) -> list[Finding]:
        """The promise, and whether it was kept."""
        return [
            Finding(
                f"a webhook told of new people, with the service killed (`kill -9`) {self.kills} times in the middle "
                f"of a delivery, its endpoint away for {_AWAY_SECONDS:g} s, PostgreSQL killed for {_AWAY_SECONDS:g} s",
                "every event is delivered, with at most one duplicate for each interruption",
                f"{len(self.acknowledged):,} people made, {len(self.lost)} lost, {self.again} messages came again; all "
                f"delivered {self.seconds:.0f} s after the last trouble",
                self.is_kept,
            )
        ]


class _Endpoint:
    """The endpoint, which may go away and come back."""

    def __init__(self, told: Told) -> None:
        self.port = free_port()
        self._told = told
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Take messages."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    def close(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].split()[0])
            message: Any = orjson.loads(await reader.readexactly(length))
            self._told.received[message["data"]["person"]["username"]] += 1
            await asyncio.sleep(_ANSWER_SECONDS)
            writer.write(b"HTTP/1.1 204 OK\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
        writer.close()


async def webhooks(server: Postgres15, folder: Path, rounds: int = ROUNDS) -> Told:
    """Interrupt deliveries in every way, the service `rounds` times; then wait for what is owed."""
    told = Told()
    endpoint = _Endpoint(told)
    await endpoint.open()
    async with running(folder, server.url, **_SETTINGS) as service:
        token = await signed_in(service.url)
        organization: str = (await ask(service.url, _ORGANIZATION, token))["createOrganization"]["organization"]["id"]
        address = f"http://127.0.0.1:{endpoint.port}/"
        await ask(service.url, _WEBHOOK, token, organization=organization, address=address)
        async with _making(service, token, organization, told):
            for _ in range(rounds):
                await _kill_in_the_middle(service, told)
            endpoint.close()
            await asyncio.sleep(_AWAY_SECONDS)
            await endpoint.open()
            await asyncio.to_thread(postgres.kill, server)
            told.outages += 1
            await asyncio.sleep(_AWAY_SECONDS)
            await asyncio.to_thread(server.start)
            await asyncio.sleep(1)
        began = time.monotonic()
        while told.lost and time.monotonic() - began < _PATIENCE_SECONDS:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.1)
        told.seconds = time.monotonic() - began
    endpoint.close()
    return told


async def _kill_in_the_middle(service: Service, told: Told) -> None:
    """Kill the service just after it has sent something, before it has heard the answer."""
    await service.ready()
    received = told.received.total()
    gives_up_at = time.monotonic() + _PATIENCE_SECONDS
    while told.received.total() == received and time.monotonic() < gives_up_at:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(_ANSWER_SECONDS / 10)
    service.kill()
    told.kills += 1
    service.start()
    await service.ready()


@asynccontextmanager
async def _making(service: Service, token: str, organization: str, told: Told) -> AsyncIterator[None]:
    """Make people, one after another; whom nobody acknowledges does not count."""

    async def make() -> None:
        number = 0
        while True:
            number += 1
            name = f"person-{number}"
            with suppress(httpx.TransportError, RuntimeError):
                await ask(service.url, _PERSON, token, organization=organization, name=name)
                told.acknowledged.append(name)
            await asyncio.sleep(_PAUSE_SECONDS)

    making = asyncio.create_task(make())
    try:
        yield
    finally:
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)
