"""Answers include every event acknowledged before the question, whoever stored it and whoever answers.

Two processes of the service on one database store, delete and answer in turn; this one makes rollups all the time.
"""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient, TransportError

from core.clock import now
from db.rollups import refresh_all
from execution.scalar_formats import format_instant
from resolvers.services import Services
from tests.free_ports import free_port
from tests.world import Asker, World

ROUNDS = 60
TOTAL = """
query ($id: ID!, $where: UsageFilter) {
  extensionUser(id: $id) {
    usage(period: {last: "P3D"}, where: $where) { total { events trackedMinutes sessions } }
    behaviors(first: 1) { nodes { id } }
  }
}
"""
DELETE = "mutation ($id: ID!) { deleteBehavior(input: {id: $id}) { __typename } }"


@pytest.fixture
async def processes(database_url: str, data_dir: Path) -> AsyncIterator[list[AsyncClient]]:
    """HTTP clients of two processes that serve the test's own database."""
    ports = [free_port(), free_port()]
    # They sign tokens with the application's secret, which lies in its data folder.
    environment = os.environ | {"ENV": "test", "DATABASE_URL": database_url, "DATA_DIR": str(data_dir)}
    running = [serving(environment | {"PORT": str(port)}) for port in ports]
    async with AsyncExitStack() as stack:
        try:
            clients = [
                await stack.enter_async_context(AsyncClient(base_url=f"http://localhost:{port}")) for port in ports
            ]
            await asyncio.gather(*(ready(client) for client in clients))
            yield clients
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(timeout=30)


def serving(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [str(Path(sys.executable).with_name("web-behavior")), "serve"]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


async def ready(client: AsyncClient) -> None:
    deadline = time.monotonic() + 90  # of many tests at once
    while True:
        try:
            if (await client.get("/ready")).is_success:
                return
        except TransportError:
            assert time.monotonic() < deadline, "the service did not start"
            await asyncio.sleep(0.1)


async def make_rollups(services: Services) -> None:
    while True:
        await refresh_all(services.database)
        await asyncio.sleep(0.005)


async def test_every_acknowledged_change_is_in_the_next_answer(
    world: World, services: Services, processes: list[AsyncClient]
):
    chance = random.Random(7)
    admin = await world.super_admin()
    person = await world.recorded(await world.organization())
    askers = [Asker(client, token=admin.token) for client in processes]
    stored: dict[tuple[str, str], None] = {}
    making = asyncio.create_task(make_rollups(services))

    try:
        for _ in range(ROUNDS):
            client, asker = chance.choice(processes), chance.choice(askers)
            batch = some_events(chance, list(stored))
            answer = await client.post(
                "/api/v1/inayla/behaviors/batch", json={"events": batch}, headers={"X-API-Key": person.key.text}
            )
            assert answer.status_code == 201, answer.text
            new = {(event["ts"], event["sessionId"]): None for event in batch}
            assert answer.json()["accepted"] == len(new.keys() - stored.keys())
            stored |= new

            found = await question(asker, person.id)
            assert found["usage"]["total"] == expected(stored)

            if chance.random() < 0.3:
                newest = max(stored)
                deleted = await chance.choice(askers).ask(DELETE, id=found["behaviors"]["nodes"][0]["id"])
                assert deleted["deleteBehavior"]["__typename"] == "DeleteBehaviorSuccess"
                del stored[newest]
                assert (await question(chance.choice(askers), person.id))["usage"]["total"] == expected(stored)
            if chance.random() < 0.3:  # from the events alone, which a filter of types needs
                types = {"eventTypes": ["FOCUS"]}
                found = await question(chance.choice(askers), person.id, where=types)
                assert found["usage"]["total"] == expected(stored)
    finally:
        making.cancel()


def some_events(chance: random.Random, known: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Late, early and out of order, of few hours, and now and then one that is stored already."""
    fresh = [
        (format_instant(now() - timedelta(seconds=chance.randrange(60, 2 * 86_400))), chance.choice("st"))
        for _ in range(chance.randint(1, 5))
    ]
    again = chance.sample(known, min(len(known), chance.randint(0, 2)))
    return [
        {"sessionId": session, "ts": ts, "type": "focus", "url": "https://a.com/", "eventId": f"{ts} {session}"}
        for ts, session in dict.fromkeys(fresh + again)
    ]


def expected(stored: dict[tuple[str, str], None]) -> dict[str, int]:
    return {
        "events": len(stored),
        "trackedMinutes": len({ts[:16] for ts, _ in stored}),
        "sessions": len({session for _, session in stored}),
    }


async def question(asker: Asker, person_id: object, **variables: Any) -> dict[str, Any]:
    answer = await asker.ask(TOTAL, id=str(person_id), **variables)
    found: dict[str, Any] = answer["extensionUser"]
    return found
