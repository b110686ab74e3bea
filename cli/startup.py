"""The start of every command: settings, logs, a database that answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.settings import Settings
    from db.engine import Database
    from resolvers.services import Services


def start() -> "tuple[Settings, str]":
    """Return the settings and the address of the database; logging is set up, the embedded database started."""
    from app import readiness
    from app.settings import Settings
    from observability import logs

    settings = Settings()
    logs.configure(settings.log_level, as_json=settings.logs_json)
    return settings, readiness.database_url(settings)


@asynccontextmanager
async def prepared_services(settings: "Settings", url: str) -> "AsyncIterator[Services]":
    """Run the services of the application on a database that is reachable and up to date."""
    from app import readiness
    from app.wiring import running_services

    await readiness.prepare(settings, url)
    async with running_services(settings, url) as services:
        yield services


@asynccontextmanager
async def background_database(settings: "Settings", url: str) -> "AsyncIterator[Database]":
    """Connect to the database with the time limits of background work, without running the services."""
    from app import readiness
    from db.background_jobs import background_options
    from db.engine import Database

    await readiness.prepare(settings, url)
    database = Database(url, background_options())
    try:
        yield database
    finally:
        await database.close()
