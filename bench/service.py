"""The application in process, on a database of its own, and an admin who asks it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from sqlalchemy import make_url

from app.server import create_app
from app.settings import Environment, Settings
from bench.events import PEOPLE
from db import migrate
from db.engine import Database, DatabaseOptions
from db.queries.extension_user import ExtensionUserRow
from db.queries.organization import OrganizationRow
from resolvers.services import Services
from tests.world import Asker, World

_BASE_URL = "http://bench"
_PATIENCE_SECONDS = 600.0
"""Raw events may take longer than the service would wait; here their time is wanted, not their refusal."""


@dataclass(frozen=True, slots=True)
class Company:
    """Whose browsing it is."""

    organization: OrganizationRow
    people: list[ExtensionUserRow]

    @property
    def person(self) -> ExtensionUserRow:
        """The one who is asked about."""
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
        """Somebody who may ask."""
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


@asynccontextmanager
async def serving(url: str, folder: Path, *, rollups: bool) -> AsyncIterator[Service]:
    """The application on the database, with rollups or answering from raw events."""
    options: dict[str, Any] = {
        "env": Environment.TEST,
        "base_url": _BASE_URL,
        "data_dir": folder,
        "rate_limit_enabled": False,
        "rollups_enabled": rollups,
        "redis_url": None,
        "redis_host": None,
    }
    app = create_app(Settings(_env_file=None, **options), url)
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=600):
        services: Services = app.state.services
        await _be_patient(services.database, url)
        async with AsyncClient(transport=ASGITransport(app), base_url=_BASE_URL) as client:
            yield Service(services, World(services, client))


async def _be_patient(database: Database, url: str) -> None:
    impatient = database.engine
    database.engine = Database(url, DatabaseOptions(statement_timeout=_PATIENCE_SECONDS)).engine
    await impatient.dispose()
