"""The service on a cluster answers what it answers without one, and leaves one person's questions to one machine."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from db import migrate
from tests.conftest import counted, make_settings
from tests.db.plans import BIG, plan_of
from tests.schema.test_cookbook import RECIPES, WEEK, Stage
from tests.schema.test_cookbook import stage as stage  # noqa: PLC0414 - a fixture
from tests.servers import own_world
from tests.world import World

KINDS = "SELECT logicalrelid::text, partkey IS NOT NULL FROM pg_dist_partition"
TOTAL = (
    "query ($id: ID!, $period: Period!) { extensionUser(id: $id) { usage(period: $period) { total { sessions } } } }"
)


@pytest.fixture
async def world(data_dir: Path) -> AsyncIterator[World]:
    """A world on the cluster, in place of the shared one; the database is left empty."""
    url = os.environ["CITUS_URL"]
    await migrate.upgrade(url)
    async with own_world(make_settings(data_dir), url) as world:
        yield world
    await migrate.downgrade(url, "base")


async def test_big_tables_are_spread_and_small_ones_copied(world: World):
    async with world.services.database.read() as connection:
        kinds = {row[0]: row[1] for row in await connection.execute(text(KINDS))}

    assert {name: kinds[name] for name in BIG} == dict.fromkeys(BIG, True)
    assert kinds["extension_users"] is False


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
async def test_every_recipe_is_answered(stage: Stage, recipe):
    answer = await stage.run(recipe.name, period=WEEK)

    assert all(value is not None for value in answer.values())


async def test_one_persons_questions_go_to_one_machine(stage: Stage, world: World):
    with counted(world.services) as statements:
        await stage.admin.ask(TOTAL, id=stage.ids["person"], period=WEEK)

    async with world.services.database.read() as connection:
        plans = [
            await plan_of(connection, statement) for statement in statements.statements if "behaviors" in statement
        ]
    assert plans
    assert [plan["Distributed Query"]["Job"]["Task Count"] for plan in plans] == [1] * len(plans)
