"""Answers of a replica: as fresh as the primary's, whatever state it is in. Two real servers, streaming."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import event, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from core.errors import QueryTimeout, Unavailable
from db import migrate, replica
from db.engine import Database, DatabaseOptions
from db.replica import NotItsReplica, ReplicatedDatabase
from tests.conftest import make_settings
from tests.servers import Postgres15, new_database, own_world, postgres_15, replica_of
from tests.wire import BEHAVIORS, with_key
from tests.wire import event as an_event
from tests.world import at

OPTIONS = DatabaseOptions(pool_size=3, statement_timeout=0.5)
TOTAL = """
query ($id: ID!, $period: Period!) { extensionUser(id: $id) { usage(period: $period) { total { events } } } }
"""
HOUR = {"between": {"start": at("09:00:00"), "end": at("10:00:00")}}


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Postgres15, Postgres15]]:
    """A primary and its replica."""
    with postgres_15() as primary, replica_of(primary) as standby:
        yield primary, standby


@pytest.fixture(scope="module")
async def url(servers: tuple[Postgres15, Postgres15]) -> AsyncIterator[str]:
    """A migrated database of the primary."""
    async with new_database(servers[0].url) as url:
        await migrate.upgrade(url)
        yield url


@pytest.fixture(scope="module")
async def replica_url(servers: tuple[Postgres15, Postgres15], url: str) -> str:
    """The same on the replica, where it is by now: nobody can connect to a database that has not been replayed yet."""
    replica_url = at_host(servers[1], url)
    database = ReplicatedDatabase(url, replica_url)
    async with asyncio.timeout(30):
        while not await answers(database):  # noqa: ASYNC110 - a server tells nobody how far it is
            await asyncio.sleep(0.01)
    await database.close()
    return replica_url


@pytest.fixture
async def database(url: str, replica_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ReplicatedDatabase]:
    """Both, with all the patience in the world: a replica that works is always waited for."""
    monkeypatch.setattr(replica, "PATIENCE_SECONDS", 30)
    database = ReplicatedDatabase(url, replica_url, OPTIONS)
    yield database
    await database.close()


@pytest.fixture
async def standby(replica_url: str) -> AsyncIterator["Standby"]:
    """Control over the replica, in step with the primary again at the end."""
    server = Database(replica_url)
    yield Standby(server)
    await Standby(server).resume()
    await server.close()


class Standby:
    """What can be done to a replica from within."""

    def __init__(self, server: Database) -> None:
        self._server = server

    async def pause(self) -> None:
        """Have it replay nothing more of what it receives."""
        await self._run("SELECT pg_wal_replay_pause()")
        while await self._run("SELECT pg_get_wal_replay_pause_state()") != "paused":
            pass

    async def resume(self) -> None:
        """Have it replay what has come in, and what comes."""
        await self._run("SELECT pg_wal_replay_resume()")

    async def _run(self, statement: str) -> object:
        async with self._server.read() as connection:
            return await connection.scalar(text(statement))


def at_host(server: Postgres15, url: str) -> str:
    return make_url(url).update_query_dict({"host": server.folder}).render_as_string(hide_password=False)


async def answers(database: ReplicatedDatabase) -> bool:
    try:
        await database.check()
    except Unavailable:
        return False
    return True


async def is_replica(connection: AsyncConnection) -> bool:
    return bool(await connection.scalar(text("SELECT pg_is_in_recovery()")))


async def count(connection: AsyncConnection) -> int:
    return int(await connection.scalar(text("SELECT count(*) FROM organizations")) or 0)


async def add(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("INSERT INTO organizations (name) VALUES ('a')"))


async def test_questions_go_to_the_replica_and_everything_else_to_the_primary(database: ReplicatedDatabase):
    assert await database.answer(is_replica)

    async with database.read() as connection:
        assert not await is_replica(connection)
    async with database.write() as connection:
        assert not await is_replica(connection)
    assert database.answered == {"replica": 1}


async def test_a_database_without_a_replica_answers_itself(url: str):
    database = Database(url)

    assert not await database.answer(is_replica)
    await database.close()


async def test_an_answer_waits_for_what_was_committed_before_the_question(
    database: ReplicatedDatabase, standby: Standby
):
    before = await database.answer(count)
    await standby.pause()
    await add(database)

    answer = asyncio.create_task(database.answer(count))
    finished, _ = await asyncio.wait([answer], timeout=0.1)
    assert not finished
    await standby.resume()

    assert await answer == before + 1
    assert database.answered == {"replica": 2}


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


async def test_a_question_that_takes_too_long_is_not_put_to_the_primary_as_well(database: ReplicatedDatabase):
    async def question(connection: AsyncConnection) -> None:
        await connection.execute(text("SELECT pg_sleep(5)"))

    with pytest.raises(QueryTimeout):
        await database.answer(question)

    assert not database.answered
    assert await database.answer(is_replica)


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


async def test_no_privileges_are_needed(database: ReplicatedDatabase, url: str, replica_url: str):
    async with database.write() as connection:
        await connection.execute(text("CREATE ROLE plain LOGIN"))
    plain_url, plain_replica_url = (make_url(each).set(username="plain") for each in (url, replica_url))
    plain = ReplicatedDatabase(plain_url, plain_replica_url, OPTIONS)

    await database.answer(is_replica)  # so that the replica knows the role
    assert await plain.answer(is_replica)

    await plain.close()
    async with database.write() as connection:
        await connection.execute(text("DROP ROLE plain"))


async def test_commits_that_are_acknowledged_before_they_are_flushed_count_as_well(
    database: ReplicatedDatabase, url: str, replica_url: str
):
    name = make_url(url).database
    async with database.write() as connection:
        await connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    careless = ReplicatedDatabase(url, replica_url, OPTIONS)
    try:
        for _ in range(5):
            async with careless.read() as connection:
                before = await count(connection)
            await add(careless)
            assert await careless.answer(count) == before + 1
    finally:
        async with database.write() as connection:
            await connection.execute(text(f"ALTER DATABASE {name} RESET synchronous_commit"))
        await careless.close()


async def test_questions_of_the_same_moment_ask_the_primary_once_and_none_takes_an_older_answer(
    database: ReplicatedDatabase,
):
    await database.answer(count)
    statements: list[str] = []
    event.listen(
        database.engine.sync_engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2])
    )

    answers = await asyncio.gather(*(database.answer(count) for _ in range(12)))

    assert len(set(answers)) == 1
    assert len(statements) == 2  # the first did not know of the others; they share one of their own
    await add(database)
    assert await database.answer(count) == answers[0] + 1
    assert len(statements) == 4


async def test_a_question_that_gives_up_waiting_leaves_the_position_to_the_others(database: ReplicatedDatabase):
    first = asyncio.create_task(database.answer(count))
    second = asyncio.create_task(database.answer(count))
    await asyncio.sleep(0)
    first.cancel()

    assert await second >= 0
    with suppress(asyncio.CancelledError):
        await first


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
