import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from db import migrate
from db.engine import Database, split_url
from db.models import Base
from tests.servers import new_database

ROOT = Path(migrate.__file__).parent.parent
CATALOGUE = """
SELECT 'column', table_name, column_name, data_type, is_nullable, column_default
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""


@pytest.fixture
async def url(server_url: str):
    """An empty database."""
    async with new_database(server_url) as url:
        yield url


async def test_what_goes_up_comes_down_and_up_again(url: str):
    await migrate.upgrade(url)
    first = await _catalogue(url)

    await migrate.downgrade(url, "base")
    bottom = await _catalogue(url)
    await migrate.upgrade(url)

    assert {row[1] for row in bottom} <= {"alembic_version"}
    assert {"users", "behaviors", "refresh_tokens"} <= {row[1] for row in first}
    assert await _catalogue(url) == first


async def test_each_step_can_be_taken_back(url: str):
    await migrate.upgrade(url)
    while await _revision(url) is not None:
        before = await _catalogue(url)
        revision = await _revision(url)

        await migrate.downgrade(url, "-1")
        assert await _revision(url) != revision
        await migrate.upgrade(url, "+1")

        assert await _catalogue(url) == before
        await migrate.downgrade(url, "-1")


async def test_a_database_with_partitions_and_rows_can_be_taken_down(url: str):
    await migrate.upgrade(url)
    async with _connection(url) as connection:
        await connection.execute(
            text("CREATE TABLE behaviors_x PARTITION OF behaviors FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')")
        )
        await connection.execute(text("INSERT INTO users (username) VALUES ('ada')"))
        await connection.commit()

    await migrate.downgrade(url, "base")

    assert {row[1] for row in await _catalogue(url)} <= {"alembic_version"}


EVENTS = """
INSERT INTO behaviors (user_id, ts, id, received_at, type, session_id, url)
SELECT gen_random_uuid(), ts, gen_random_uuid(), now(), 1, 's', ''
FROM unnest(ARRAY['2023-12-31T23:59:59.999999Z', '2024-01-01T00:00:00Z', '2026-01-15T00:00:00Z']::timestamptz[]) AS ts
"""
PLACES = "SELECT tableoid::regclass::text, ts::text, id::text FROM behaviors ORDER BY ts"


async def test_months_that_share_a_partition_get_their_own_on_the_way_down(url: str):
    await migrate.upgrade(url)
    january = "FOR VALUES FROM ('2026-01-01T00:00:00Z') TO ('2026-02-01T00:00:00Z')"
    async with _connection(url) as connection:
        await connection.execute(text(f"CREATE TABLE behaviors_2026_01 PARTITION OF behaviors {january}"))
        await connection.execute(text(EVENTS))
        await connection.commit()
        up = [tuple(row) for row in await connection.execute(text(PLACES))]

    await migrate.downgrade(url, "0011")
    async with _connection(url) as connection:
        down = [tuple(row) for row in await connection.execute(text(PLACES))]
    await migrate.upgrade(url)
    async with _connection(url) as connection:
        again = [tuple(row) for row in await connection.execute(text(PLACES))]

    assert [row[0] for row in up] == ["behaviors_default", "behaviors_default", "behaviors_2026_01"]
    assert [row[0] for row in down] == ["behaviors_2023_12", "behaviors_2024_01", "behaviors_2026_01"]
    assert [row[1:] for row in down] == [row[1:] for row in up]
    assert again == down


async def test_default_partitions_come_while_somebody_reads_and_writes(url: str):
    await migrate.upgrade(url, "0011")
    async with _connection(url) as connection:
        await connection.execute(
            text("LOCK TABLE behaviors, runs, hours IN ROW EXCLUSIVE MODE")
        )  # a long transaction's

        async with asyncio.timeout(30):
            await migrate.upgrade(url)

    assert await _revision(url) == migrate.latest_revision()


async def test_an_erasure_under_way_is_not_forgotten_by_going_down(url: str):
    await migrate.upgrade(url)
    begin = "INSERT INTO erasures (organization_id, extension_users) VALUES (gen_random_uuid(), 1)"
    async with _connection(url) as connection:
        await connection.execute(text(begin))
        await connection.commit()

    with pytest.raises(migrate.CannotMigrate, match="erasure is under way"):
        await migrate.downgrade(url, "0007")
    async with _connection(url) as connection:
        left = await connection.scalar(text("SELECT count(*) FROM erasures"))
        await connection.execute(text("UPDATE erasures SET finished_at = now()"))
        await connection.commit()
    await migrate.downgrade(url, "0007")

    assert left == 1
    assert "erasures" not in {row[1] for row in await _catalogue(url)}


async def test_the_migrations_make_what_the_models_say(url: str):
    await migrate.upgrade(url)

    async with _connection(url) as connection:
        differences = await connection.run_sync(_differences)

    assert differences == []


async def test_processes_that_upgrade_at_once_all_succeed(url: str):
    program = "import asyncio, sys; from db import migrate; asyncio.run(migrate.upgrade(sys.argv[1]))"
    processes = [await asyncio.create_subprocess_exec(sys.executable, "-c", program, url, cwd=ROOT) for _ in range(2)]

    assert [await process.wait() for process in processes] == [0, 0]
    assert await _revision(url) == migrate.latest_revision()


async def test_an_upgrade_of_what_is_up_to_date_changes_nothing(url: str):
    await migrate.upgrade(url)
    before = await _catalogue(url)

    await migrate.upgrade(url)

    assert await _catalogue(url) == before


async def test_a_database_that_was_never_migrated_has_no_revision(url: str):
    assert await _revision(url) is None


def test_revisions_are_read_off_the_names_of_files_as_alembic_reads_them():
    scripts = ScriptDirectory.from_config(migrate.config(""))

    assert migrate.latest_revision() == scripts.get_current_head()
    assert all(migrate.is_known(script.revision) for script in scripts.walk_revisions())
    assert not migrate.is_known("9999")


def _differences(connection: Connection) -> list[Any]:
    options = {"compare_type": True, "compare_server_default": True, "include_name": _is_no_partition}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))


def _is_no_partition(name: str | None, kind: str, _parents: Any) -> bool:
    return kind != "table" or name not in {f"{parent}_default" for parent in ("behaviors", "runs", "hours")}


@asynccontextmanager
async def _connection(url: str) -> AsyncIterator[AsyncConnection]:
    address, connect_args = split_url(url)
    engine = create_async_engine(address, connect_args=connect_args, poolclass=NullPool)
    async with engine.connect() as connection:
        yield connection


async def _catalogue(url: str) -> set[tuple[Any, ...]]:
    async with _connection(url) as connection:
        return {tuple(row) for row in await connection.execute(text(CATALOGUE))}


async def _revision(url: str) -> str | None:
    database = Database(url)
    try:
        return await migrate.current_revision(database)
    finally:
        await database.close()
