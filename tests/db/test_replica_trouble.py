"""Answers while a replica is behind, away, failing, promoted or no replica at all. Two real servers, streaming."""

import asyncio
import random
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from core.errors import Unavailable
from db import replica
from db.engine import Database
from db.replica import NotItsReplica, ReplicatedDatabase
from tests.conftest import make_settings
from tests.db.replica_servers import OPTIONS, Standby, add, at_host, count, is_replica
from tests.db.replica_servers import database as database  # noqa: PLC0414 - a fixture
from tests.db.replica_servers import replica_url as replica_url  # noqa: PLC0414 - a fixture
from tests.db.replica_servers import servers as servers  # noqa: PLC0414 - a fixture
from tests.db.replica_servers import standby as standby  # noqa: PLC0414 - a fixture
from tests.db.replica_servers import url as url  # noqa: PLC0414 - a fixture
from tests.rest_requests import BEHAVIORS, with_key
from tests.rest_requests import event as an_event
from tests.servers import Postgres15, own_world, replica_of
from tests.world import at

TOTAL = """
query ($id: ID!, $period: Period!) { extensionUser(id: $id) { usage(period: $period) { total { events } } } }
"""
HOUR = {"between": {"start": at("09:00:00"), "end": at("10:00:00")}}


async def test_a_replica_that_stays_behind_is_not_waited_for_and_then_left_alone(
    database: ReplicatedDatabase, standby: Standby, monkeypatch: pytest.MonkeyPatch
):
    before = await database.answer(count)
    await standby.pause()
    await add(database)
    monkeypatch.setattr(replica, "PATIENCE_SECONDS", 0.05)

    with capture_logs() as logs:
        late = [await database.answer(count) for _ in range(3)]
    await standby.resume()
    monkeypatch.setattr(replica, "PATIENCE_SECONDS", 30)
    database._leave_alone_until = 0.001  # as after a while
    again = await database.answer(is_replica)

    assert late == [before + 1] * 3
    assert again
    assert database.answered == {"replica": 2, "primary": 3}
    assert [(entry["event"], entry["reason"]) for entry in logs] == [
        ("the primary answers for the replica", "TimeoutError")
    ]


async def test_while_one_question_tries_a_replica_that_was_not_ready_others_do_not(
    database: ReplicatedDatabase, standby: Standby
):
    await standby.pause()
    await add(database)
    database._leave_alone_until = 0.001  # it was not ready a while ago

    trying = asyncio.create_task(database.answer(is_replica))
    await asyncio.wait([trying], timeout=0.1)
    others = [await database.answer(is_replica) for _ in range(2)]
    await standby.resume()

    assert (others, await trying) == ([False, False], True)
    assert await database.answer(is_replica)


async def test_a_replica_that_is_away_makes_no_difference_but_in_work(
    database: ReplicatedDatabase, servers: tuple[Postgres15, Postgres15], url: str, replica_url: str
):
    _, server = servers
    before = await database.answer(count)

    await asyncio.to_thread(server.stop)
    try:
        await add(database)
        during = await database.answer(count)
        newcomer = ReplicatedDatabase(url, replica_url, OPTIONS)
        assert await newcomer.answer(count) == during
        with pytest.raises(Unavailable):
            await newcomer.check()
        await newcomer.close()
    finally:
        await asyncio.to_thread(server.start)
    database._leave_alone_until = 0.001  # as after a while

    assert during == before + 1
    assert await database.answer(is_replica)


@pytest.mark.parametrize(
    "failure",
    [
        "SELECT pg_terminate_backend(pg_backend_pid())",
        "DO $$ BEGIN RAISE SQLSTATE '40001'; END $$",  # a conflict with recovery: replay needs what is being read
    ],
)
async def test_a_replica_that_fails_in_the_middle_of_a_question_is_stood_in_for(
    database: ReplicatedDatabase, failure: str
):
    asked = []

    async def question(connection: AsyncConnection) -> int:
        asked.append(await is_replica(connection))
        if asked[-1]:
            await connection.execute(text(failure))
        return await count(connection)

    async with database.read() as connection:
        expected = await count(connection)
    assert await database.answer(question) == expected
    assert asked == [True, False]


async def test_without_the_primary_nobody_knows_whether_the_replica_has_everything(replica_url: str):
    database = ReplicatedDatabase("postgresql://nobody@127.0.0.1:1/nothing", replica_url, OPTIONS)

    outcomes = await asyncio.gather(*(database.answer(count) for _ in range(3)), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 3
    await database.close()


async def test_a_server_that_is_no_replica_of_the_primary_is_not_asked(
    servers: tuple[Postgres15, Postgres15], url: str, database_url: str
):
    primary, standby = servers
    others = [url, at_host(standby, primary.url), database_url]  # the primary; another database; another server

    for other in others:
        database = ReplicatedDatabase(url, other, OPTIONS)
        with pytest.raises(NotItsReplica):
            await database.check()
        assert await database.answer(count) >= 0
        assert database.answered == {"primary": 1}
        await database.close()


async def test_after_a_failover_whoever_is_configured_as_primary_answers(
    servers: tuple[Postgres15, Postgres15], url: str, replica_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(replica, "PATIENCE_SECONDS", 30)
    with replica_of(servers[0]) as other:
        other_url = at_host(other, url)
        promoted = ReplicatedDatabase(url, other_url, OPTIONS)
        assert await promoted.answer(is_replica)
        promotion = Database(other_url)
        async with promotion.read() as connection:
            assert await connection.scalar(text("SELECT pg_promote()"))
        assert not await promoted.answer(is_replica)
        assert promoted.answered == {"replica": 1, "primary": 1}

        monkeypatch.setattr(replica, "PATIENCE_SECONDS", 0.05)
        demoted = ReplicatedDatabase(replica_url, replica_url, OPTIONS)
        assert await demoted.answer(is_replica)
        assert demoted.answered == {"primary": 1}

        for database in (promoted, promotion, demoted):
            await database.close()


async def test_a_server_that_takes_connections_and_never_answers_is_not_waited_for_long(
    url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(replica, "PATIENCE_SECONDS", 0.05)
    connected = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1")
    port = silent.sockets[0].getsockname()[1]
    database = ReplicatedDatabase(url, f"postgresql://nobody@127.0.0.1:{port}/x?sslmode=disable", OPTIONS)

    assert not await database.answer(is_replica)
    assert not await database.answer(is_replica)

    await connected.wait()
    assert database.answered == {"primary": 2}
    await database.close()
    silent.close()
    await silent.wait_closed()


async def test_every_acknowledged_event_is_in_the_next_answer_however_the_replica_stumbles(
    url: str, replica_url: str, standby: Standby, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(replica, "PAUSE_SECONDS", 0)
    settings = make_settings(tmp_path, database_url=url, database_replica_url=replica_url)
    async with own_world(make_settings(tmp_path), url) as stores, own_world(settings, url) as asks:
        admin = await asks.super_admin()
        person = await stores.recorded(await stores.organization())
        chance = random.Random(5)
        paused = False
        for number in range(24):
            stumbles = chance.random() < 0.4
            if stumbles != paused:
                await (standby.pause() if stumbles else standby.resume())
            paused = stumbles
            monkeypatch.setattr(replica, "PATIENCE_SECONDS", 0.05 if paused else 30)
            sent = an_event(ts=at(f"09:{number:02}:00"))
            assert (await stores.http.post(BEHAVIORS, json=sent, headers=with_key(person))).status_code == 201

            found = await admin.ask(TOTAL, id=str(person.id), period=HOUR)

            assert found["extensionUser"]["usage"]["total"]["events"] == number + 1
        database = asks.services.database
        assert isinstance(database, ReplicatedDatabase)
        assert database.answered["replica"] >= 10
        assert database.answered["primary"] >= 5
