"""Memory of bodies while they arrive, in all and by address, over real sockets, by a real server."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from core.errors import Unavailable
from tests.rest_requests import BATCH, event, stored
from tests.servers import served
from tests.web.raw_connection import Connect, RawConnection
from tests.world import World
from web import bodies
from web.body_budget import BodyBudget, HeldBody

KIB, MIB = 1024, 1024 * 1024
BODY = json.dumps({"events": [event()]}).encode().ljust(2 * MIB)
OTHER = "127.0.0.2"


@pytest.fixture
async def port(app: FastAPI) -> AsyncIterator[int]:
    async with served(app) as port:
        yield port


@pytest.fixture
def budget(monkeypatch: pytest.MonkeyPatch) -> BodyBudget:
    """Room for three bodies of two MiB, of which an address may have two."""
    budget = BodyBudget(total_bytes=6 * MIB + 1, address_bytes=4 * MIB + 1)
    monkeypatch.setattr(bodies, "BODY_BUDGET", budget)
    return budget


async def begun(connection: RawConnection, path: str = BATCH, size: int = len(BODY), **headers: str) -> None:
    """Send a request with all of its body but the last ten bytes."""
    lines = {"Host": "a", "Content-Length": str(size), **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    await connection.send(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode(), BODY[: size - 10])


async def until(budget: BodyBudget, held: int) -> None:
    async with asyncio.timeout(20):
        while budget.held_bytes < held:  # noqa: ASYNC110 - counted, not signalled
            await asyncio.sleep(0.02)


async def test_beyond_its_share_an_address_is_refused_and_others_are_not(
    world: World, port: int, connect: Connect, budget: BodyBudget
):
    own = [await connect(port) for _ in range(2)]
    for connection in own:
        await begun(connection)
    await until(budget, 4 * MIB - 20)
    third, other = await connect(port), await connect(port, OTHER)
    await begun(third)
    status, head = await third.answer()
    await other.send(f"POST {BATCH} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(BODY)}\r\n\r\n".encode(), BODY)
    other_status, _ = await other.answer()

    assert (status, other_status) == (503, 201)
    assert "retry-after: " in head
    assert budget.held_bytes == 4 * MIB - 20
    assert budget.refused == 1
    assert len(await stored(world.services)) == 1


async def test_what_is_finished_or_given_up_makes_room(world: World, port: int, connect: Connect, budget: BodyBudget):
    finished, given_up = await connect(port), await connect(port)
    await begun(finished)
    await begun(given_up)
    await until(budget, 4 * MIB - 20)
    await finished.send(BODY[-10:])
    given_up.writer.close()
    status, _ = await finished.answer()
    await asyncio.sleep(0.2)

    assert status == 201
    assert budget.held_bytes == 0
    assert len(await stored(world.services)) == 1


async def test_what_is_declared_takes_nothing(world: World, port: int, connect: Connect, budget: BodyBudget):
    silent = [await connect(port) for _ in range(20)]
    for connection in silent:
        await connection.send(f"POST {BATCH} HTTP/1.1\r\nHost: a\r\nContent-Length: {4 * MIB}\r\n\r\n".encode())
    await asyncio.sleep(0.2)
    another = await connect(port)
    await another.send(f"POST {BATCH} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(BODY)}\r\n\r\n".encode(), BODY)

    assert (await another.answer())[0] == 201
    assert len(await stored(world.services)) == 1
    assert budget.held_bytes == 0


async def test_graphql_is_in_the_same_budget(port: int, connect: Connect, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bodies, "BODY_BUDGET", BodyBudget(total_bytes=100 * KIB))
    connection = await connect(port)
    await begun(connection, "/graphql", 900 * KIB, Content_Type="application/json")
    status, head = await connection.answer()

    assert status == 503
    assert "retry-after: " in head


def test_all_together_have_a_bound():
    budget = BodyBudget(total_bytes=100, address_bytes=40)
    with HeldBody(budget, "a") as a, HeldBody(budget, "b") as b, HeldBody(budget, "c") as c:
        for held in (a, b):
            held.add(40)
        with pytest.raises(Unavailable):
            c.add(21)
        c.add(20)

    assert budget.held_bytes == 0
    assert budget.free("a") == 40
