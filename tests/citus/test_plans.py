"""The plans of a cluster for the service's statements: each machine does its share, and gets all of it at once."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from core.dimensions import Dimension
from db.metrics.measures import MEASURES
from db.queries.citus_inserts import LARGEST
from db.rollups import rebuild, refresh_all, verify
from tests.citus.citus_plans import CitusPlan, citus_plan, recorded
from tests.db.plan_faults import BIG
from tests.db.test_citus_inserts import many, received
from tests.schema.test_cookbook import RECIPES, WEEK, CookbookData
from tests.schema.test_cookbook import cookbook_data as cookbook_data  # noqa: PLC0414 - a fixture
from tests.schema.usage_queries import SESSION_SECONDS, usage
from tests.world import World, raw

KINDS = "SELECT logicalrelid::text, partkey IS NOT NULL FROM pg_dist_partition"
ONE_PERSON = """query ($id: ID!, $period: Period!) { extensionUser(id: $id) {
    usage(period: $period) { total { sessions deepWorkSeconds } series(every: DAY) { measures { events } } }
    deepWork(period: $period) { totalSeconds }
} }"""


def measures(dimension: Dimension | None = None, *, by_time: bool = False) -> str:
    """The selection of everything that goes with a dimension, or with buckets."""
    fitting = [
        measure
        for measure in MEASURES
        if (dimension is None or dimension in measure.dimensions) and (measure.by_time or not by_time)
    ]
    return " ".join(SESSION_SECONDS if each.name == "session_seconds" else each.field for each in fitting)


QUESTIONS = [
    f"total {{ {measures()} }} series(every: DAY) {{ measures {{ {measures(by_time=True)} }} }}",
    f"series(every: QUARTER_HOUR) {{ measures {{ {measures(by_time=True)} }} }}",
    *(
        f"groups(by: {each.name}) {{ nodes {{ measures {{ {measures(each)} }} }} other {{ {measures(each)} }} }}"
        for each in Dimension
    ),
]


async def test_big_tables_are_spread_and_small_ones_copied(world: World):
    async with world.services.database.read() as connection:
        kinds = {row[0]: row[1] for row in await connection.execute(text(KINDS))}

    assert {name: kinds[name] for name in BIG} == dict.fromkeys(BIG, True)
    assert kinds["extension_users"] is False


async def test_every_question_is_sent_to_all_machines_at_once(cookbook_data: CookbookData, world: World):
    with recorded(world.services) as calls:
        for recipe in RECIPES:
            await cookbook_data.run(recipe.name, period=WEEK)
        for asker in (cookbook_data.admin, await world.super_admin()):
            for question in QUESTIONS:
                await usage(asker, question)

    assert len(calls) > 60
    assert [
        statement async for statement, found in citus_plans(world, calls) if not as_it_should(statement, found)
    ] == []


@pytest.mark.usefixtures("cookbook_data")
async def test_making_and_checking_rollups_is_done_where_the_events_are(world: World):
    with recorded(world.services) as calls:
        await refresh_all(world.services.database)
        await rebuild(world.services.database, list[int]().append)
        wrong = [hour async for _, found in verify(world.services.database) for hour in found]

    brought = {each for each in calls if each.lstrip().startswith("INSERT INTO dirty_hours")}
    found = {statement: plan async for statement, plan in citus_plans(world, calls)}
    assert wrong == []
    assert len(found) > 9
    assert [each for each in found if each not in brought and not found[each].is_sent_at_once] == []


async def test_one_persons_questions_go_to_one_machine(cookbook_data: CookbookData, world: World):
    with recorded(world.services) as calls:
        await cookbook_data.admin.ask(ONE_PERSON, id=cookbook_data.ids["person"], period=WEEK)

    # (The application looks for old marks whenever it likes.)
    found = [plan async for statement, plan in citus_plans(world, calls) if "marked_at" not in statement]
    assert len(found) == 3
    assert [each for each in found if not each.is_sent_at_once or each.tasks != 1] == []


@pytest.mark.parametrize("number", [1, 2, LARGEST + 1])
async def test_new_events_and_their_marks_are_sent_to_their_machines(world: World, number: int):
    acme = await world.organization()
    people = [await world.recorded(acme) for _ in range(8)]
    events = many([raw("09:00:00", user_id=person.id) for person in people], number)
    with recorded(world.services) as calls:
        await received(world, events, cluster=True)

    found = [(statement, plan) async for statement, plan in citus_plans(world, calls)]
    assert {statement.split(" (")[0] for statement, _ in found} == {"INSERT INTO behaviors", "INSERT INTO dirty_hours"}
    assert [each for each in found if not each[1].is_sent_at_once] == []


async def citus_plans(world: World, calls: dict[str, Any]) -> AsyncIterator[tuple[str, CitusPlan]]:
    for statement, parameters in calls.items():
        async with world.services.database.write() as connection:
            yield statement, await citus_plan(connection, statement, parameters)


def as_it_should(statement: str, found: CitusPlan) -> bool:
    """True if all is sent at once; or, of pages, all but their order, and of categories, all but what they are."""
    pages_are_cut = "row_number() OVER" in statement and len(found.before) == 1 and found.before[0].is_sent_at_once
    return found.is_sent_at_once or pages_are_cut or "category_seen" in statement
