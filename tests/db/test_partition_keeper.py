"""Partitions made in the background: ahead of time, and for months of which many events have come."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from core.clock import now
from db import partition_keeper
from db import partitions as making
from db.partition_keeper import PartitionKeeper
from db.queries import partitions as queries
from db.rollups import refresh_all, verify
from resolvers.services import Services
from tests.db.test_partitions import ahead, drop, partitions, places
from tests.rest_requests import BEHAVIORS, event, execute, post_batch, stored
from tests.world import World

MAY = "2024_05"
IN_MAY = "ts >= '2024-05-01T00:00:00Z' AND ts < '2024-06-01T00:00:00Z'"


@pytest.fixture(autouse=True)
async def _without_may(world: World) -> None:
    await drop(world.services, MAY)


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten events make a month worth a partition of its own."""
    monkeypatch.setattr(partition_keeper, "BUSY_EVENTS", 10)


@pytest.fixture
def keeper(services: Services, monkeypatch: pytest.MonkeyPatch) -> PartitionKeeper:
    """One that has not looked at anything yet, nor at statistics, which PostgreSQL tells seconds late."""

    async def at_once(connection: Any) -> int:
        return int(await connection.scalar(text("SELECT count(*) FROM behaviors_default")) or 0)

    monkeypatch.setattr(queries, "inserted_into_default", at_once)
    monkeypatch.setattr(partition_keeper, "_FIRST_PAUSE_SECONDS", 0.01)
    return PartitionKeeper(services.database)


def in_may(number: int) -> dict[str, Any]:
    """One of many events of May 2024, each an instant of its own."""
    return event(ts=f"{datetime(2024, 5, 1, tzinfo=UTC) + timedelta(seconds=number):%Y-%m-%dT%H:%M:%SZ}")


async def post_may(world: World, count: int, start: int = 0) -> None:
    answer = await post_batch(world.http, *(in_may(number) for number in range(start, start + count)))
    assert answer.json()["accepted"] == count


async def complete(keeper: PartitionKeeper) -> None:
    """Work until nothing is put aside: the application's own background work may be in the way for a moment."""
    async with asyncio.timeout(30):
        while not await keeper.work_round():  # noqa: ASYNC110 - PostgreSQL tells nobody
            await asyncio.sleep(0.1)


async def test_the_present_month_and_the_next_ones_are_made_ahead(services: Services, keeper: PartitionKeeper):
    await drop(services, *(f"{month:%Y_%m}" for month in ahead()))

    await complete(keeper)

    assert await partitions(services) >= {f"behaviors_{month:%Y_%m}" for month in ahead()}


async def test_events_of_a_month_that_began_while_nobody_kept_house_move(world: World, keeper: PartitionKeeper):
    await drop(world.services, f"{now():%Y_%m}")
    await world.http.post(BEHAVIORS, json=event(ts=f"{now():%Y-%m-%dT%H:%M:%SZ}"))
    before, first = await stored(world.services), await places(world.services)

    await keeper.work_round()

    assert first == ["behaviors_default"]
    assert await places(world.services) == [f"behaviors_{now():%Y_%m}"]
    assert await stored(world.services) == before


@pytest.mark.usefixtures("busy")
async def test_a_busy_month_gets_a_partition_and_a_quiet_one_does_not(world: World, keeper: PartitionKeeper):
    await drop(world.services, "2024_06")
    await post_may(world, 10)
    await post_batch(world.http, *(event(ts=f"2024-06-01T00:00:0{second}Z") for second in range(9)))
    before = await stored(world.services)

    await complete(keeper)

    assert await places(world.services) == ["behaviors_2024_05"] * 10 + ["behaviors_default"] * 9
    assert await stored(world.services) == before


@pytest.mark.usefixtures("busy")
async def test_a_round_moves_one_busy_month(world: World, keeper: PartitionKeeper):
    await drop(world.services, "2024_06")
    await post_may(world, 10)
    await post_batch(world.http, *(event(ts=f"2024-06-01T00:00:{second}Z") for second in range(10, 20)))

    await keeper.work_round()
    first = set(await places(world.services))
    await keeper.work_round()

    assert first == {"behaviors_2024_05", "behaviors_default"}
    assert set(await places(world.services)) == {"behaviors_2024_05", "behaviors_2024_06"}


@pytest.mark.usefixtures("busy")
async def test_months_are_counted_again_only_when_one_may_be_busy_by_now(
    world: World, keeper: PartitionKeeper, monkeypatch: pytest.MonkeyPatch
):
    counted = []
    count = queries.count_in_default

    async def noted(connection: Any, month: date, limit: int, parent: str = "behaviors") -> int:
        counted.append(month)
        return await count(connection, month, limit, parent)

    monkeypatch.setattr(queries, "count_in_default", noted)
    await post_may(world, 6)
    await keeper.work_round()
    await post_may(world, 3, start=6)
    await keeper.work_round()
    before = len(counted)
    await post_may(world, 1, start=9)
    await keeper.work_round()

    assert before == 1
    assert await places(world.services) == ["behaviors_2024_05"] * 10


@pytest.mark.usefixtures("busy")
async def test_rollups_move_with_their_events(world: World, keeper: PartitionKeeper):
    await post_may(world, 12)
    await refresh_all(world.services.database)
    month = """{ usage(period: {between: {start: "2024-05-01T00:00:00Z", end: "2024-06-01T00:00:00Z"}}) {
        total { events trackedMinutes trackedSeconds sessions } } }"""
    boss = await world.super_admin()
    before = await boss.ask(month)

    await keeper.work_round()

    async with world.services.database.read() as connection:
        for parent in ("runs", "hours"):
            places_of = text(f"SELECT DISTINCT tableoid::regclass::text FROM {parent}")
            assert list(await connection.scalars(places_of)) == [f"{parent}_2024_05"]
        assert await connection.scalar(text("SELECT count(*) FROM dirty_hours")) == 0
    assert await boss.ask(month) == before
    assert [hours async for _, hours in verify(world.services.database) if hours] == []


async def test_rollups_of_the_default_partition_are_verified_like_all(world: World):
    await post_may(world, 3)
    await refresh_all(world.services.database)
    await execute(world.services, "UPDATE hours SET events = 4")

    wrong = [hours async for _, hours in verify(world.services.database) if hours]

    assert [hour.hour.date() for hours in wrong for hour in hours] == [date(2024, 5, 1)]


async def _until_moved(world: World, keeper: PartitionKeeper) -> None:
    async with asyncio.timeout(60):
        while "behaviors_2024_05" not in await partitions(world.services):
            await keeper.work_round()
            await asyncio.sleep(0.01)


async def _repeated(work: Callable[[int], Awaitable[None]], done: asyncio.Event) -> int:
    """Do something over and over until told that it is enough; how often it was done."""
    times = 0
    while not done.is_set():
        await work(times)
        times += 1
    return times


async def test_nothing_is_lost_or_doubled_for_writers_and_readers_of_a_month_that_moves(
    world: World, keeper: PartitionKeeper, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(partition_keeper, "BUSY_EVENTS", 600)
    done = asyncio.Event()
    acknowledged: set[str] = set()
    seen: list[tuple[int, int, int]] = []

    async def post(writer: int, number: int) -> None:
        first = 10_000 * writer + 15 * number  # a third of each was sent before
        events = [in_may(second) for second in range(first, first + 20)]
        answer = (await post_batch(world.http, *events)).json()
        assert answer["accepted"] + answer["duplicates"] == 20, answer
        acknowledged.update(sent["ts"] for sent in events)

    async def read(_: int) -> None:
        least = len(acknowledged)
        async with world.services.database.read() as connection:
            rows = await connection.execute(text(f"SELECT count(*), count(DISTINCT id) FROM behaviors WHERE {IN_MAY}"))
            by_person = text("SELECT count(*), count(DISTINCT id) FROM behaviors WHERE user_id = :nobody")
            everything = await connection.execute(by_person, {"nobody": "00000000-0000-0000-0000-000000000000"})
            seen.extend((least, *row) for row in (*rows, *everything))

    async def move() -> None:
        await _until_moved(world, keeper)
        await asyncio.sleep(0.2)
        done.set()

    writers = [_repeated(partial(post, writer), done) for writer in range(3)]
    await asyncio.gather(move(), *writers, *(_repeated(read, done) for _ in range(3)))

    assert set(await places(world.services)) == {"behaviors_2024_05"}
    times = [f"{row['ts']:%Y-%m-%dT%H:%M:%SZ}" for row in await stored(world.services)]
    assert len(times) > 600
    assert len(times) == len(set(times))
    assert set(times) == acknowledged
    assert all(least <= count == distinct for least, count, distinct in seen)


@pytest.mark.usefixtures("busy")
async def test_a_question_that_saw_the_old_list_of_partitions_is_waited_for(world: World, keeper: PartitionKeeper):
    await post_may(world, 10)

    async with world.services.database.read() as reader:
        await reader.execute(text("LOCK TABLE ONLY behaviors IN ACCESS SHARE MODE"))  # as one that plans has
        complete = await keeper.work_round()
        assert await reader.scalar(text("SELECT count(*) FROM behaviors")) == 10
    after = await places(world.services)

    assert not complete
    assert after == ["behaviors_default"] * 10


@pytest.mark.usefixtures("busy")
async def test_what_is_put_aside_is_not_tried_each_round(
    world: World, keeper: PartitionKeeper, monkeypatch: pytest.MonkeyPatch
):
    tried = []
    make = making.make

    async def noted(database: Any, month: date) -> None:
        tried.append(month)
        await make(database, month)

    monkeypatch.setattr(making, "make", noted)
    monkeypatch.setattr(making, "MOST_MOVED", 9)
    await drop(world.services, "2024_06")
    await post_may(world, 10)
    await post_batch(world.http, *(event(ts=f"2024-06-01T00:00:{second}Z") for second in range(10, 20)))

    rounds = [await keeper.work_round() for _ in range(4)]

    assert rounds == [False] * 4
    assert tried == [date(2024, 5, 1), date(2024, 6, 1)], "one that cannot be moved does not keep the other waiting"
    assert set(await places(world.services)) == {"behaviors_default"}


async def test_what_is_ruled_out_is_not_looked_for_while_the_default_partitions_are_locked(world: World):
    last = f"{ahead()[-1]:%Y_%m}"
    await drop(world.services, last)
    await post_may(world, 10)
    validated = []

    async with world.services.database.write() as connection:
        await connection.execute(text("SET LOCAL client_min_messages = debug1"))
        await queries.rule_out(connection, ahead()[-1])
        await queries.prove_ruled_out(connection, ahead()[-1])
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        driver.add_log_listener(lambda _, message: validated.append(message.message))
        await queries.make(connection, ahead()[-1], 0)
        await asyncio.sleep(0)

    implied = [message for message in validated if "is implied by existing constraints" in message]
    assert len(implied) == 3, "the default partitions of events, runs and hours"
    assert f"behaviors_{last}" in await partitions(world.services)
    async with world.services.database.read() as connection:
        left = "SELECT count(*) FROM pg_constraint WHERE conname LIKE 'ck_not_%'"
        assert await connection.scalar(text(left)) == 0


async def test_a_month_ahead_that_takes_too_long_to_look_for_is_ruled_out_first(
    world: World, keeper: PartitionKeeper, monkeypatch: pytest.MonkeyPatch
):
    month, attempts = ahead()[-1], []
    await drop(world.services, f"{month:%Y_%m}")
    make = queries.make

    async def slow(connection: Any, month: date, most_moved: int) -> None:
        ruled_out = await connection.scalar(text("SELECT count(*) FROM pg_constraint WHERE conname LIKE 'ck_not_%'"))
        attempts.append(ruled_out)
        if not ruled_out:  # as with millions of events to look through
            await connection.execute(text("SELECT pg_sleep(10)"))
        await make(connection, month, most_moved)

    monkeypatch.setattr(queries, "make", slow)

    await complete(keeper)

    assert attempts[:2] == [0, 3]
    assert f"behaviors_{month:%Y_%m}" in await partitions(world.services)


@pytest.mark.usefixtures("busy")
async def test_it_hears_of_events_by_the_statistics_of_postgresql(world: World):
    keeper = PartitionKeeper(world.services.database)
    await keeper.work_round()
    await post_may(world, 10)

    async with asyncio.timeout(30):
        while "behaviors_2024_05" not in await partitions(world.services):
            await asyncio.sleep(0.1)
            await keeper.work_round()

    assert await places(world.services) == ["behaviors_2024_05"] * 10
