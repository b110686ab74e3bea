"""Two processes of the service on one database and one Redis: nothing that matters is known to one of them alone."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from httpx import AsyncClient, Response

from tests.auth.accounts import quick_user
from tests.auth.test_login import LOGIN
from tests.auth.test_sessions import CHANGE, LOGOUT, NEW
from tests.free_ports import free_port
from tests.metrics.test_freshness import ready, serving
from tests.rest_requests import AUTH, BEHAVIORS, event, post_batch, with_key
from tests.servers import redis_server
from tests.world import PASSWORD, Asker, World, at

LIMITS = {"SIGN_IN_LIMIT_PER_ACCOUNT": "4/hour", "INGEST_LIMIT_PER_KEY": "6/hour"}
REGENERATE = """
mutation ($id: ID!) { regenerateApiKey(input: {id: $id}) { ... on RegenerateApiKeySuccess { apiKey } } }
"""
EVENTS = """
query ($id: ID!, $period: Period!) { extensionUser(id: $id) { usage(period: $period) { total { events } } } }
"""
HOUR = {"between": {"start": at("09:00:00"), "end": at("10:00:00")}}


@pytest.fixture(scope="module")
async def processes(database_url: str, data_dir: Path) -> AsyncIterator[list[AsyncClient]]:
    """HTTP clients of two processes with limits, on the tests' database and a Redis of their own."""
    ports = [free_port(), free_port()]
    with redis_server() as redis:
        own = {"ENV": "test", "DATABASE_URL": database_url, "DATA_DIR": str(data_dir), "REDIS_URL": redis.url}
        running = [serving(os.environ | own | LIMITS | {"PORT": str(port)}) for port in ports]
        async with AsyncExitStack() as stack:
            try:
                addresses = [f"http://localhost:{port}" for port in ports]
                clients = [await stack.enter_async_context(AsyncClient(base_url=address)) for address in addresses]
                await asyncio.gather(*(ready(client) for client in clients))
                yield clients
            finally:
                for process in running:
                    process.terminate()
                for process in running:
                    process.wait(timeout=30)


async def sign_in(client: AsyncClient, username: str, password: str = PASSWORD) -> Asker:
    answer = await Asker(client).ask(LOGIN, username=username, password=password)
    return Asker(client, token=answer["login"]["accessToken"])


async def outcome(client: AsyncClient, username: str, password: str) -> str:
    answer = await Asker(client).ask(LOGIN, username=username, password=password)
    name: str = answer["login"]["__typename"]
    return name


async def test_a_sign_in_that_ends_on_one_is_refused_by_the_other_at_once(world: World, processes: list[AsyncClient]):
    await quick_user(world, "Ada")
    here = await sign_in(processes[0], "Ada")
    there = Asker(processes[1], token=here.token)
    assert (await there.ask("{ viewer { username } }"))["viewer"] == {"username": "Ada"}

    await here.ask(LOGOUT)

    assert (await there.refused("{ viewer { username } }"))["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_password_changed_on_one_ends_the_sign_ins_of_the_other(world: World, processes: list[AsyncClient]):
    await quick_user(world, "Ada")
    here, there = await sign_in(processes[0], "Ada"), await sign_in(processes[1], "Ada")

    await here.ask(CHANGE, current=PASSWORD, new=NEW)

    assert (await there.refused("{ viewer { username } }"))["extensions"]["code"] == "UNAUTHENTICATED"
    assert await outcome(processes[1], "Ada", NEW) == "LoginSuccess"


async def test_guesses_count_together(world: World, processes: list[AsyncClient]):
    await quick_user(world, "Ada")
    one, two = processes

    tried = [await outcome(client, "Ada", "a wrong guess") for client in (one, two, one, two, one, two)]

    assert tried == ["InvalidCredentials"] * 4 + ["TooManyAttempts"] * 2


async def test_requests_that_store_count_together(world: World, processes: list[AsyncClient]):
    person = await world.recorded(await world.organization())

    posts = [
        await client.post(BEHAVIORS, json=event(), headers=with_key(person)) for _ in range(4) for client in processes
    ]

    assert [post.status_code for post in posts] == [201] * 6 + [429] * 2


async def test_one_event_sent_to_both_at_once_is_stored_once_and_seen_by_both(
    world: World, processes: list[AsyncClient]
):
    admin = await world.super_admin()
    person = await world.recorded(await world.organization())
    events = [event(ts=at(f"09:00:{second:02}")) for second in range(50)]

    receipts: list[Response] = await asyncio.gather(
        *(post_batch(client, *events, headers=with_key(person)) for client in processes * 3)
    )

    assert [receipt.status_code for receipt in receipts] == [201] * 6
    assert sum(receipt.json()["accepted"] for receipt in receipts) == 50
    assert sum(receipt.json()["duplicates"] for receipt in receipts) == 250
    for client in processes:
        found = await Asker(client, token=admin.token).ask(EVENTS, id=str(person.id), period=HOUR)
        assert found["extensionUser"]["usage"]["total"]["events"] == 50


async def test_a_key_replaced_on_one_stores_nothing_on_the_other_though_that_remembers_it(
    world: World, processes: list[AsyncClient]
):
    admin = await world.super_admin()
    person = await world.recorded(await world.organization())
    assert (await processes[1].post(BEHAVIORS, json=event(), headers=with_key(person))).status_code == 201

    answer = await Asker(processes[0], token=admin.token).ask(REGENERATE, id=str(person.id))

    posts = [
        await processes[1].post(BEHAVIORS, json=event(ts=at("09:00:01")), headers=with_key(person)),
        await processes[1].get(AUTH, headers=with_key(person)),
    ]
    assert [post.status_code for post in posts] == [401, 401]
    renewed = {"X-API-Key": answer["regenerateApiKey"]["apiKey"]}
    assert (await processes[1].get(AUTH, headers=renewed)).status_code == 200
