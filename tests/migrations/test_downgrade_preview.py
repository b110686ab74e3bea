from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from db import migrate
from db.downgrade import Drop
from db.engine import Database
from tests.migrations.test_migrations import CATALOGUE
from tests.servers import new_database


@pytest.fixture
async def url(server_url: str) -> AsyncIterator[str]:
    """A migrated database."""
    async with new_database(server_url) as url:
        await migrate.upgrade(url)
        yield url


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """The same, connected to."""
    database = Database(url)
    yield database
    await database.close()


async def test_a_preview_tells_tables_and_columns_with_their_rows_and_changes_nothing(url: str, database: Database):
    await _execute(
        database,
        "CREATE TABLE behaviors_x PARTITION OF behaviors FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
        "INSERT INTO organizations (name) SELECT 'o' || n FROM generate_series(1, 3) AS n",
        "INSERT INTO audit_entries (action) VALUES ('password_set')",
    )
    before = await _catalogue(database)

    preview = await migrate.preview_downgrade(url, "0004")
    base = await migrate.preview_downgrade(url, "base")

    assert (preview.current, preview.reached) == (migrate.latest_revision(), "0004")
    assert Drop("audit_entries", None, 1) in preview.drops
    assert Drop("organizations", "retention_days", 3) in preview.drops
    assert not {"organizations", "behaviors"} & {drop.table for drop in preview.drops if drop.column is None}
    assert (base.reached, Drop("organizations", None, 3) in base.drops) == (None, True)
    assert [drop.table for drop in base.drops if drop.table.startswith("behaviors")] == ["behaviors"]
    assert all(drop.column is None for drop in base.drops)
    assert await _catalogue(database) == before
    async with database.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM organizations")) == 3


@pytest.mark.parametrize(
    ("analyzed", "told"), [(True, "table rejected_events: about 12,000 rows"), (False, "more than 10,000 rows")]
)
async def test_many_rows_are_told_roughly(url: str, database: Database, *, analyzed: bool, told: str):
    await _execute(
        database,
        "ALTER TABLE rejected_events SET (autovacuum_enabled = off)",
        "INSERT INTO rejected_events (received_at, code, message, payload) "
        "SELECT now(), 'a', 'b', 'c' FROM generate_series(1, 12000)",
        *(["ANALYZE rejected_events"] if analyzed else []),
    )

    preview = await migrate.preview_downgrade(url, "base")

    [drop] = [drop for drop in preview.drops if drop.table == "rejected_events"]
    assert told in str(drop)


async def test_what_keeps_a_schema_from_going_down_is_told_by_the_preview(url: str, database: Database):
    await _execute(database, "INSERT INTO erasures (organization_id, extension_users) VALUES (gen_random_uuid(), 1)")

    with pytest.raises(migrate.CannotMigrate, match="erasure is under way"):
        await migrate.preview_downgrade(url, "0007")


async def _execute(database: Database, *statements: str) -> None:
    async with database.write() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def _catalogue(database: Database) -> set[tuple[object, ...]]:
    async with database.read() as connection:
        return {tuple(row) for row in await connection.execute(text(CATALOGUE))}
