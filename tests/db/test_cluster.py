"""The requirements of Citus on tables and statements, as far as they can be tested without a cluster."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.dimensions import Dimension
from db import migrate
from db.cluster import COLUMN, distribute_tables, is_big, is_copied
from db.engine import Database
from db.models import Base
from db.rollups import refresh_all
from resolvers.services import Services
from tests.conftest import counted
from tests.db.plan_faults import faults, plan_of
from tests.schema.test_cookbook import RECIPES, WEEK, CookbookData
from tests.schema.test_cookbook import cookbook_data as cookbook_data  # noqa: PLC0414 - a fixture
from tests.schema.usage_queries import ALL, SESSION_SECONDS, usage
from tests.servers import new_database
from tests.world import World, raw

BIG = {table.name for table in Base.metadata.sorted_tables if is_big(table)}
# A stand-in for the extension: its catalogue, and functions with its signatures that note what they were asked.
CITUS = """
CREATE TABLE pg_dist_partition (logicalrelid regclass, partkey text, repmodel "char", beside text);
CREATE FUNCTION create_distributed_table(
    table_name regclass, distribution_column text, distribution_type text DEFAULT 'hash',
    colocate_with text DEFAULT 'default', shard_count int DEFAULT NULL
) RETURNS void LANGUAGE sql AS
    'INSERT INTO pg_dist_partition VALUES (table_name, distribution_column, ''s'', colocate_with)';
CREATE FUNCTION create_reference_table(table_name regclass) RETURNS void LANGUAGE sql AS
    'INSERT INTO pg_dist_partition VALUES (table_name, NULL, ''t'', NULL)';
"""
UNIQUE = """
SELECT relation.relname, array_agg(column_.attname::text)
FROM pg_index JOIN pg_class relation ON relation.oid = indrelid
JOIN pg_attribute column_ ON column_.attrelid = indrelid AND column_.attnum = ANY(indkey)
WHERE indisunique AND relation.relname = ANY(:names) GROUP BY relation.relname, indexrelid
"""
REFERENCES = """
SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'
"""


@pytest.fixture
async def empty(database_url: str) -> AsyncIterator[str]:
    """A database in which nothing has been migrated yet."""
    async with new_database(database_url) as url:
        yield url


async def run(url: str, statements: str) -> None:
    database = Database(url)
    async with database.write() as connection:
        for statement in statements.split(";\n"):
            if statement.strip():
                await connection.execute(text(statement))
    await database.close()


async def distributed_tables(url: str) -> list[tuple[Any, ...]]:
    database = Database(url)
    async with database.read() as connection:
        found = await connection.execute(text("SELECT logicalrelid::text, partkey, beside FROM pg_dist_partition"))
        rows = [tuple(row) for row in found]
    await database.close()
    return rows


async def test_migrating_distributes_what_is_about_people_and_copies_what_is_referred_to(empty: str):
    await run(empty, CITUS)

    await migrate.upgrade(empty)

    found = await distributed_tables(empty)
    big = {name: beside for name, column, beside in found if column == COLUMN}
    copied = [name for name, column, _ in found if column is None]
    assert big == {name: "none" if name == "behaviors" else "behaviors" for name in BIG}
    assert {"behaviors", "runs", "dirty_hours"} <= BIG
    assert {"organizations", "users", "extension_users", "memberships", "sign_ins", "refresh_tokens"} <= set(copied)
    assert "rejected_events" not in copied
    assert copied.index("organizations") < copied.index("extension_users")
    assert next(name for name, column, _ in found if column) == "behaviors"


async def test_what_is_distributed_already_is_left_alone_and_what_is_not_is_made_up_for(empty: str):
    await run(empty, CITUS)
    await migrate.upgrade(empty)
    before = await distributed_tables(empty)

    await migrate.upgrade(empty)
    assert await distributed_tables(empty) == before
    await run(empty, "DELETE FROM pg_dist_partition WHERE logicalrelid IN ('runs'::regclass, 'users'::regclass)")
    await migrate.upgrade(empty)

    assert sorted(await distributed_tables(empty)) == sorted(before)


async def test_without_the_extension_nothing_is_distributed(services: Services):
    async with services.database.write() as connection:
        assert await distribute_tables(connection) == []


async def test_every_key_of_a_big_table_has_the_person_in_it(services: Services):
    async with services.database.read() as connection:
        unique = (await connection.execute(text(UNIQUE), {"names": list(BIG)})).all()

    assert {name for name, _ in unique} >= {"behaviors", "runs"}
    assert [name for name, columns in unique if COLUMN not in columns] == []


async def test_references_stay_among_the_tables_that_each_machine_has(services: Services):
    copied = {table.name for table in Base.metadata.sorted_tables if is_copied(table)}
    async with services.database.read() as connection:
        references = (await connection.execute(text(REFERENCES))).all()

    assert references
    assert {name for pair in references for name in pair} <= copied
    assert not copied & BIG


BY_TIME = ALL.replace(SESSION_SECONDS, "")
QUESTIONS = [f"total {{ {ALL} }} series(every: DAY) {{ measures {{ {BY_TIME} }} }}"] + [
    f"groups(by: {dimension.name}) {{ nodes {{ measures {{ events }} share(of: EVENTS) }} other {{ events }} }}"
    for dimension in Dimension
]


async def test_people_are_not_mixed_before_they_are_counted(cookbook_data: CookbookData, world: World):
    person = await world.recorded(await world.organization())
    with counted(world.services) as statements:
        for recipe in RECIPES:
            await cookbook_data.run(recipe.name, period=WEEK)
        for question in QUESTIONS:
            await usage(cookbook_data.admin, question)
        await world.browse(person, raw("09:00:00"))
        await refresh_all(world.services.database)

    planned = {each.strip() for each in statements.statements if not each.startswith(("LOCK", "CREATE", "ALTER"))}
    about_people = {each for each in planned if any(name in each for name in BIG)}
    assert len(about_people) > 20
    async with world.services.database.read() as connection:
        found = {fault async for fault in all_faults(connection, about_people)}
    assert found == set()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT lag(ts) OVER (PARTITION BY domain ORDER BY ts) FROM behaviors",
        "SELECT count(*) FROM behaviors JOIN runs ON behaviors.domain = runs.domain",
        "SELECT count(*) FROM behaviors CROSS JOIN LATERAL (SELECT FROM runs WHERE first_ts > ts LIMIT 1) AS later",
        "DELETE FROM dirty_hours WHERE ctid = ANY(ARRAY(SELECT ctid FROM dirty_hours LIMIT 1))",
    ],
)
async def test_a_statement_that_mixes_people_would_be_noticed(services: Services, statement: str):
    async with services.database.write() as connection:
        await connection.execute(
            text("CREATE TABLE runs_x PARTITION OF runs FOR VALUES FROM ('2001-01-01') TO ('2001-02-01')")
        )
        await connection.execute(
            text("CREATE TABLE behaviors_x PARTITION OF behaviors FOR VALUES FROM ('2001-01-01') TO ('2001-02-01')")
        )

        assert list(faults(await plan_of(connection, statement)))

        await connection.rollback()


async def all_faults(connection: AsyncConnection, statements: set[str]) -> AsyncIterator[str]:
    for statement in statements:
        for fault in faults(await plan_of(connection, statement)):
            yield f"{fault} in {statement}"
