"""The application in process, on a database of its own, and an admin who asks it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from sqlalchemy import Engine, event, make_url

from app.server import create_app
from app.settings import Environment, Settings
from bench.events import PEOPLE
from db import migrate
from db.engine import Database
from db.queries import dirty_hours
from db.queries.extension_users import ExtensionUserRow
from db.queries.organizations import OrganizationRow
from db.rollups import refresh_all
from resolvers.services import Services
from tests.world import Asker, World

_BASE_URL = "http://bench"
_PATIENCE_SECONDS = 600.0
"""Raw events may take longer than the service would wait; here their time is wanted, not their refusal."""


@dataclass(frozen=True, slots=True)
class Company:
    """The company whose browsing is measured."""

    organization: OrganizationRow
    people: list[ExtensionUserRow]

    @property
    def person(self) -> ExtensionUserRow:
        """The person whom questions are about."""
        return self.people[len(self.people) // 2]


@dataclass(frozen=True, slots=True)
class Service:
    """A running application."""

    services: Services
    world: World

    async def company(self) -> Company:
        """An organization and its people."""
        organization = await self.world.organization("Benchmark")
        people = [await self.world.recorded(organization, f"person-{number:02}") for number in range(PEOPLE)]
        return Company(organization, [person.row for person in people])

    async def admin(self) -> Asker:
        """A super admin, who asks the questions."""
        return await self.world.super_admin()


@asynccontextmanager
async def fresh_database(server_url: str, name: str) -> AsyncIterator[str]:
    """A migrated database of its own on the server, dropped at the end; its URL."""
    url = make_url(server_url).set(drivername="postgresql")
    own = url.set(database=name).render_as_string(hide_password=False)
    await execute(server_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
    try:
        await migrate.upgrade(own)
        yield own
    finally:
        await execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


async def execute(url: str, *statements: str) -> None:
    """Run statements outside any transaction."""
    connection = await asyncpg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def value(url: str, statement: str) -> Any:
    """The one value that a statement gives."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def up_to_date(database: Database) -> None:
    """Make the runs of every marked hour, and see that no mark is left."""
    while True:
        await refresh_all(database)
        async with database.read() as connection:
            if not await dirty_hours.marks(connection):
                return
        await asyncio.sleep(0.1)  # the service's own task is at it


@asynccontextmanager
async def serving(url: str, folder: Path, *, rollups: bool) -> AsyncIterator[Service]:
    """The application on the database, with rollups or answering from raw events."""
    options: dict[str, Any] = {
        "env": Environment.TEST,
        "base_url": _BASE_URL,
        "data_dir": folder,
        "rate_limit_enabled": False,
        "request_timeout_seconds": _PATIENCE_SECONDS,
        "rollups_enabled": rollups,
        "redis_url": None,
        "redis_host": None,
    }
    app = create_app(Settings(_env_file=None, **options), url)  # type: ignore[call-arg]  # pydantic-settings adds it
    with _patience():
        async with (
            LifespanManager(app, startup_timeout=60, shutdown_timeout=600),
            AsyncClient(transport=ASGITransport(app), base_url=_BASE_URL) as client,
        ):
            yield Service(app.state.services, World(app.state.services, client))


@contextmanager
def _patience() -> Iterator[None]:
    """Connections made meanwhile wait long for answers."""

    def wait_long(_dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
        milliseconds = str(int(_PATIENCE_SECONDS * 1000))
        parameters["command_timeout"] = _PATIENCE_SECONDS
        parameters["server_settings"] = parameters["server_settings"] | {"statement_timeout": milliseconds}

    event.listen(Engine, "do_connect", wait_long)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", wait_long)
