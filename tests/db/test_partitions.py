import asyncio
from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from core.clock import now
from db.partitions import MONTHS_AHEAD, Partitions, month_of, next_month
from resolvers.services import Services
from tests.conftest import StatementCounter
from tests.wire import BEHAVIORS, event, execute, post_batch, stored
from tests.world import World


async def partitions(services: Services) -> set[str]:
    query = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'behaviors'::regclass"
    async with services.database.read() as connection:
        return set(await connection.scalars(text(query)))


@given(month=st.dates(date(1, 1, 1), date(9998, 12, 31)).map(lambda day: day.replace(day=1)))
def test_the_next_month_begins_where_a_month_ends(month: date):
    following = next_month(month)

    assert following.day == 1
    assert (following.year * 12 + following.month) - (month.year * 12 + month.month) == 1


async def test_partitions_are_made_ahead(services: Services):
    expected, month = set(), month_of(now())
    for _ in range(MONTHS_AHEAD + 1):
        expected.add(f"behaviors_{month:%Y_%m}")
        month = next_month(month)

    await Partitions(services.database).ensure_ahead()

    assert await partitions(services) >= expected


async def test_any_month_an_event_lands_in_gets_its_partition(world: World):
    await execute(world.services, "DROP TABLE IF EXISTS behaviors_2024_02, behaviors_2024_03")
    world.services.writer._partitions.forget()

    response = await post_batch(
        world.http, event(ts="2024-02-29T23:59:59.999999Z"), event(ts="2024-03-01T00:00:00Z"), event()
    )

    assert response.json()["accepted"] == 3
    assert await partitions(world.services) >= {"behaviors_2024_02", "behaviors_2024_03"}
    async with world.services.database.read() as connection:
        rows = await connection.execute(text("SELECT tableoid::regclass::text, ts FROM behaviors ORDER BY ts"))
        assert [row[0] for row in rows] == ["behaviors_2024_02", "behaviors_2024_03", "behaviors_2026_08"]


async def test_a_month_is_utcs(world: World):
    await world.http.post(BEHAVIORS, json=event(ts="2024-03-01T00:30:00+01:00"))

    async with world.services.database.read() as connection:
        assert await connection.scalar(text("SELECT tableoid::regclass::text FROM behaviors")) == "behaviors_2024_02"


async def test_a_partition_dropped_under_the_writer_is_made_again(world: World):
    sent = event(ts="2024-05-05T05:05:05Z")
    await world.http.post(BEHAVIORS, json=sent)
    await execute(world.services, "DROP TABLE behaviors_2024_05")

    response = await world.http.post(BEHAVIORS, json=sent)

    assert response.status_code == 201
    assert "behaviors_2024_05" in await partitions(world.services)
    assert len(await stored(world.services)) == 1


async def test_months_seen_before_cost_nothing(services: Services, statements: StatementCounter):
    made = Partitions(services.database)
    await made.ensure([date(2024, 6, 1), date(2024, 7, 1)])
    statements.clear()

    await made.ensure([date(2024, 7, 1)])

    assert len(statements) == 0


async def test_makers_of_the_same_partitions_wait_for_one_another(services: Services):
    await execute(services, "DROP TABLE IF EXISTS behaviors_2024_09, behaviors_2024_10")
    months = [date(2024, 9, 1), date(2024, 10, 1)]

    await asyncio.gather(*(Partitions(services.database).ensure(months) for _ in range(4)))

    assert await partitions(services) >= {"behaviors_2024_09", "behaviors_2024_10"}
