"""Months with partitions of their own, made by commands, and the default partition that all others share."""

import asyncio
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import now
from core.errors import Unavailable
from core.months import month_of, next_month
from db import partitions as making
from db.partition_keeper import MONTHS_AHEAD
from db.partitions import ensure
from db.queries.partitions import PARENTS, months_in_default
from resolvers.services import Services
from tests.conftest import StatementCounter
from tests.db.plan_faults import plan_of
from tests.rest_requests import BEHAVIORS, event, execute, post_batch, stored
from tests.world import World


async def partitions(services: Services) -> set[str]:
    """The partitions of `behaviors`, but for the default one."""
    query = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'behaviors'::regclass"
    async with services.database.read() as connection:
        return set(await connection.scalars(text(query))) - {"behaviors_default"}


async def drop(services: Services, *months: str) -> None:
    """Leave these months (`2024_02`) without partitions of their own."""
    for month in months:
        await execute(services, f"DROP TABLE IF EXISTS {', '.join(f'{parent}_{month}' for parent in PARENTS)}")


async def places(services: Services) -> list[str]:
    """The partition of each stored event, in the order of time."""
    async with services.database.read() as connection:
        return list(await connection.scalars(text("SELECT tableoid::regclass::text FROM behaviors ORDER BY ts, id")))


async def tables(services: Services) -> int:
    """The number of tables and indexes there are."""
    async with services.database.read() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM pg_class")) or 0)


def ahead() -> list[date]:
    """The months that have partitions before anything comes for them."""
    months = [month_of(now())]
    for _ in range(MONTHS_AHEAD):
        months.append(next_month(months[-1]))
    return months


@given(month=st.dates(date(1, 1, 1), date(9998, 12, 31)).map(lambda day: day.replace(day=1)))
def test_the_next_month_begins_where_a_month_ends(month: date):
    following = next_month(month)

    assert following.day == 1
    assert (following.year * 12 + following.month) - (month.year * 12 + month.month) == 1


async def test_a_batch_of_sixty_months_makes_no_table_and_waits_for_no_lock(world: World):
    sent = [event(ts=f"{now() - timedelta(days=30 * number):%Y-%m-%dT%H:00:00Z}") for number in range(60)]
    await ensure(world.services.database, ahead())  # the application may be about to make them
    before = await tables(world.services)

    async with world.services.database.write() as maker:  # whoever made a partition would have to wait for this one
        await maker.execute(text("LOCK TABLE ONLY behaviors IN SHARE UPDATE EXCLUSIVE MODE"))
        answer = await post_batch(world.http, *sent)
        other = await world.http.post(BEHAVIORS, json=event())

    assert answer.json()["accepted"] == 60
    assert other.status_code == 201
    assert await tables(world.services) == before


async def test_months_without_a_partition_share_one_and_are_in_order(world: World):
    await drop(world.services, "2024_02", "2024_03")
    await ensure(world.services.database, [date(2026, 8, 1)])

    await post_batch(world.http, event(ts="2024-03-01T00:00:00Z"), event(ts="2024-02-29T23:59:59.999999Z"), event())

    assert await places(world.services) == ["behaviors_default", "behaviors_default", "behaviors_2026_08"]
    async with world.services.database.read() as connection:
        assert [month async for month in months_in_default(connection)] == [date(2024, 2, 1), date(2024, 3, 1)]


async def test_a_month_is_utcs(world: World):
    await ensure(world.services.database, [date(2024, 2, 1)])

    await world.http.post(BEHAVIORS, json=event(ts="2024-03-01T00:30:00+01:00"))

    assert await places(world.services) == ["behaviors_2024_02"]


async def test_events_find_a_place_when_their_partition_was_dropped_under_the_writer(world: World):
    sent = event(ts="2024-05-05T05:05:05Z")
    await ensure(world.services.database, [date(2024, 5, 1)])
    await world.http.post(BEHAVIORS, json=sent)
    await drop(world.services, "2024_05")

    response = await world.http.post(BEHAVIORS, json=sent)

    assert response.status_code == 201
    assert len(await stored(world.services)) == 1


async def test_a_command_gives_a_month_its_partition_and_takes_along_what_is_there(world: World):
    await drop(world.services, "2024_05")
    sent = [event(ts=f"2024-05-{day:02}T05:05:05Z") for day in range(1, 32)]
    await post_batch(world.http, *sent, event(ts="2024-06-01T00:00:00Z"), event(ts="2024-04-30T23:59:59.999999Z"))
    before = await stored(world.services)

    await ensure(world.services.database, [date(2024, 5, 1)])
    again = await post_batch(world.http, *sent)

    assert await stored(world.services) == before
    assert again.json()["duplicates"] == 31
    assert await places(world.services) == ["behaviors_default", *["behaviors_2024_05"] * 31, "behaviors_default"]


async def test_months_that_have_a_partition_cost_one_statement(services: Services, statements: StatementCounter):
    await ensure(services.database, [date(2024, 6, 1), date(2024, 7, 1)])
    statements.clear()

    await ensure(services.database, [date(2024, 7, 1)])

    assert len(statements) == 1


async def test_makers_of_the_same_partitions_wait_for_one_another(services: Services):
    await drop(services, "2024_09", "2024_10")
    months = [date(2024, 9, 1), date(2024, 10, 1)]

    await asyncio.gather(*(ensure(services.database, months) for _ in range(4)))

    assert await partitions(services) >= {"behaviors_2024_09", "behaviors_2024_10"}


async def test_a_month_of_too_much_stays_where_it_is(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(making, "MOST_MOVED", 2)
    await drop(world.services, "2024_05")
    await post_batch(world.http, *(event(ts=f"2024-05-0{day}T05:05:05Z") for day in (1, 2, 3)))

    await ensure(world.services.database, [date(2024, 5, 1)])

    assert await places(world.services) == ["behaviors_default"] * 3


async def test_a_command_says_when_somebody_holds_the_tables(services: Services, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(making, "_ATTEMPTS", 2)
    await drop(services, "2024_05")

    async with services.database.read() as dump:
        await dump.execute(text("LOCK TABLE behaviors IN ACCESS SHARE MODE"))
        with pytest.raises(Unavailable):
            await ensure(services.database, [date(2024, 5, 1)])

    assert "behaviors_2024_05" not in await partitions(services)


RANGE = "SELECT count(*) FROM {table} WHERE {column} >= '2024-05-01T00:00:00Z' AND {column} < '{end}T00:00:00Z'"


async def plan(connection: AsyncConnection, parent: str, end: str) -> str:
    """The plan of a question about months from May 2024 on."""
    return str(await plan_of(connection, RANGE.format(table=parent, column=PARENTS[parent], end=end)))


@pytest.mark.parametrize("parent", PARENTS)
async def test_the_default_partition_is_not_read_where_months_have_their_own(services: Services, parent: str):
    await drop(services, "2024_07")
    await ensure(services.database, [date(2024, 5, 1), date(2024, 6, 1)])

    async with services.database.read() as connection:
        covered, beyond = await plan(connection, parent, "2024-07-01"), await plan(connection, parent, "2024-07-02")

    assert f"{parent}_2024_05" in covered
    assert f"{parent}_2024_06" in covered
    assert f"{parent}_default" not in covered
    assert f"{parent}_default" in beyond
