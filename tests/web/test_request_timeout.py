"""Requests that are given up: those that take too long, and those whose client has gone; with their statements."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from db import timeout
from db.engine import Database, DatabaseOptions
from tests.conftest import make_settings
from tests.free_ports import free_port
from tests.metrics.test_freshness import ready, serving
from tests.rest_requests import BEHAVIORS, event, stored, with_key
from tests.servers import own_world
from tests.world import Asker, World

# One statement of the field's own, and one of a loader, which works in a task of its own.
TWO_STATEMENTS = "{ extensionUsers { nodes { username } } organizations { nodes { extensionUserCounts { total } } } }"
EXPORT = "/api/v1/exports/behaviors.ndjson"
DELETE = "mutation ($id: ID!) { deleteExtensionUser(input: {id: $id}) { __typename } }"
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND datname = current_database() AND application_name = 'web-behavior'
"""  # requests only: background work waits for the table, too, in its own time


@asynccontextmanager
async def held(database_url: str, table: str) -> AsyncIterator[Database]:
    """A table that nobody can read or change meanwhile: statements wait for it."""
    database = Database(database_url, DatabaseOptions(pool_size=2, statement_timeout=60))
    try:
        async with database.write() as connection:
            await connection.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
            yield database
    finally:
        await database.close()


async def waiting(database: Database, statements: int) -> None:
    """Return once so many statements wait: within three seconds, before any would end by its own time limit."""
    async with asyncio.timeout(3):
        while await _waiting(database) != statements:  # noqa: ASYNC110 - another process cannot be awaited
            await asyncio.sleep(0.02)


async def _waiting(database: Database) -> int:
    async with database.read() as connection:  # a transaction of its own: within one, the view stays as it was
        found: int = await connection.scalar(text(WAITING))
        return found


async def test_a_late_query_is_given_up_with_its_statements(world: World, database_url: str, data_dir: Path):
    admin = await world.super_admin()
    await world.organization()
    async with own_world(make_settings(data_dir, request_timeout_seconds=2), database_url) as hasty:
        asker = Asker(hasty.http, token=admin.token)
        await asker.ask(TWO_STATEMENTS)  # connections are made

        async with held(database_url, "extension_users") as database:
            asking = asyncio.create_task(
                hasty.http.post(
                    "/graphql", json={"query": TWO_STATEMENTS}, headers={"Authorization": f"Bearer {admin.token}"}
                )
            )
            await waiting(database, 2)
            response = await asking
            await waiting(database, 0)

        assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
        [error] = response.json()["errors"]
        assert error["extensions"] == {"code": "QUERY_TIMEOUT", "retryAfterSeconds": 1}
        assert "took too long" in error["message"]
        assert (await asker.ask(TWO_STATEMENTS))["extensionUsers"] == {"nodes": []}


async def test_a_late_download_has_the_envelope_of_the_rest_routes(world: World, database_url: str, data_dir: Path):
    token = {"Authorization": f"Bearer {(await world.super_admin()).token}"}
    async with own_world(make_settings(data_dir, request_timeout_seconds=0.5), database_url) as hasty:
        async with held(database_url, "behaviors"):
            late = await hasty.http.get(EXPORT, headers=token)

        again = await hasty.http.get(EXPORT, headers=token)

    assert (late.status_code, late.headers["Retry-After"], late.json()["success"]) == (503, "1", False)
    assert again.status_code == 200


async def test_a_post_has_its_own_time_for_the_database(
    world: World, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    person = await world.recorded(await world.organization())
    monkeypatch.setattr(timeout, "SECONDS", 0.3)
    async with held(database_url, "behaviors"):
        late = await world.http.post(BEHAVIORS, json=event(), headers=with_key(person))
    monkeypatch.undo()

    again = await world.http.post(BEHAVIORS, json=event(), headers=with_key(person))

    assert (late.status_code, late.json()["success"]) == (503, False)
    assert 1 <= int(late.headers["Retry-After"]) <= 5
    assert again.status_code == 201
    assert len(await stored(world.services)) == 1


@pytest.fixture(scope="module")
async def served(database_url: str, data_dir: Path) -> AsyncIterator[int]:
    """The port of `web-behavior serve`, on the tests' database."""
    port = free_port()
    own = {"ENV": "test", "DATABASE_URL": database_url, "DATA_DIR": str(data_dir), "PORT": str(port)}
    process = serving(os.environ | own)
    try:
        async with AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            await ready(client)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


async def sent(port: int, asker: Asker, query: str, **variables: str) -> asyncio.StreamWriter:
    """A request by a client that does not wait for its answer."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"query": query, "variables": variables})
    writer.write(
        f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {asker.token}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    await writer.drain()
    return writer


async def test_what_nobody_waits_for_any_more_is_cancelled_in_postgresql(world: World, served: int, database_url: str):
    admin = await world.super_admin()
    await world.organization()

    async with held(database_url, "extension_users") as database:
        client = await sent(served, admin, TWO_STATEMENTS)
        await waiting(database, 2)
        client.close()

        await waiting(database, 0)


async def test_a_change_is_made_though_its_client_has_gone(world: World, served: int, database_url: str):
    admin = await world.super_admin()
    person = await world.recorded(await world.organization())

    async with held(database_url, "extension_users") as database:
        client = await sent(served, admin, DELETE, id=str(person.id))
        await waiting(database, 1)
        client.close()
        await client.wait_closed()
        await waiting(database, 1)

    async with asyncio.timeout(10):
        while await people(admin):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)


async def people(asker: Asker) -> int:
    """Return the number of extension users."""
    found: int = (await asker.ask("{ extensionUsers { totalCount } }"))["extensionUsers"]["totalCount"]
    return found
