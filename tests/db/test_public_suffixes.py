"""The public suffix list in the database: filled, replaced by a newer one, and by no older one."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from app import readiness
from core.public_suffixes import installed_version, public_suffixes
from db import migrate
from db.engine import Database
from db.public_suffixes import update_public_suffixes
from tests.conftest import make_settings
from tests.servers import new_database
from tests.statement_hooks import watch_statements

STORED = "SELECT suffix, labels, list_version FROM public_suffixes"


@pytest.fixture
async def url(database_url: str) -> AsyncIterator[str]:
    """A migrated database."""
    async with new_database(database_url) as url:
        await migrate.upgrade(url)
        yield url


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """The same, connected to."""
    database = Database(url)
    yield database
    await database.close()


async def change(database: Database, statement: str) -> None:
    async with database.write() as connection:
        await connection.execute(text(statement))


async def stored(database: Database) -> dict[str, tuple[int, str]]:
    async with database.read() as connection:
        return {row.suffix: (row.labels, row.list_version) for row in await connection.execute(text(STORED))}


def installed() -> dict[str, tuple[int, str]]:
    return {suffix: (labels, installed_version()) for suffix, labels in public_suffixes().labels.items()}


async def test_a_migration_fills_in_the_list_that_is_installed(database: Database):
    assert await stored(database) == installed()


@pytest.mark.parametrize(
    "before",
    [
        "DELETE FROM public_suffixes",
        "UPDATE public_suffixes SET list_version = '2020-01-01_00-00-00_UTC', labels = labels + 1",
        "UPDATE public_suffixes SET list_version = '2020-01-01_00-00-00_UTC', suffix = suffix || '.gone'",
    ],
)
@pytest.mark.parametrize("migrates", [True, False])
async def test_every_start_replaces_an_older_list(
    url: str, database: Database, tmp_path: Path, before: str, migrates: bool
):
    await change(database, before)

    await readiness.prepare(make_settings(tmp_path, database_url=url, migrate_on_start=migrates), url)

    assert await stored(database) == installed()


async def test_a_newer_list_of_another_process_stays(database: Database):
    await change(database, "UPDATE public_suffixes SET list_version = '2999-01-01_00-00-00_UTC', labels = labels + 1")
    before = await stored(database)

    await update_public_suffixes(database)

    assert await stored(database) == before


async def test_processes_that_start_at_once_agree_on_who_stores_it(url: str, database: Database):
    await change(database, "DELETE FROM public_suffixes")
    others = [Database(url) for _ in range(4)]
    inserts: list[str] = []

    with watch_statements(others, lambda statement, _: inserts.append(statement)):
        await asyncio.gather(*map(update_public_suffixes, others))

    assert await stored(database) == installed()
    assert len([each for each in inserts if each.startswith("INSERT INTO public_suffixes")]) == 1
    for other in others:
        await other.close()


async def test_a_list_that_cannot_be_stored_keeps_nobody_from_starting(url: str, database: Database, tmp_path: Path):
    await change(database, "UPDATE public_suffixes SET list_version = '2020-01-01_00-00-00_UTC'")
    await change(database, f'ALTER DATABASE "{database.engine.url.database}" SET default_transaction_read_only = on')

    with capture_logs() as logs:
        await readiness.prepare(make_settings(tmp_path, database_url=url, migrate_on_start=False), url)

    [warning] = [each for each in logs if each["log_level"] == "warning"]
    assert "public suffix list" in warning["event"]
    assert {version for _, version in (await stored(database)).values()} == {"2020-01-01_00-00-00_UTC"}
