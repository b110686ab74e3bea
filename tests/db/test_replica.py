"""Answers of a replica that works: as fresh as the primary's. Two real servers, streaming."""

import asyncio
from contextlib import suppress
from uuid import uuid4

import pytest
from sqlalchemy import event, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

from auth.viewer import Viewer
from core.errors import QueryTimeout
from core.roles import Role
from db.engine import Database
from db.replica import ReplicatedDatabase
from resolvers.concurrency import ConcurrencyLimit
from resolvers.viewer_database import ViewerDatabase
from tests.db.replica_servers import OPTIONS, Standby, add, count, is_replica
from tests.db.replica_servers import database as database  # noqa: PLC0414 - a fixture
from tests.db.replica_servers import replica_url as replica_url  # noqa: PLC0414 - a fixture
from tests.db.replica_servers import servers as servers  # noqa: PLC0414 - a fixture
from tests.db.replica_servers import standby as standby  # noqa: PLC0414 - a fixture
from tests.db.replica_servers import url as url  # noqa: PLC0414 - a fixture


async def test_questions_go_to_the_replica_and_everything_else_to_the_primary(database: ReplicatedDatabase):
    assert await database.answer(is_replica)

    async with database.read() as connection:
        assert not await is_replica(connection)
    async with database.write() as connection:
        assert not await is_replica(connection)
    assert database.answered == {"replica": 1}


async def test_statements_at_the_replica_are_limited_like_all_others(database: ReplicatedDatabase):
    limit, used = ConcurrencyLimit(database.size), []
    organization_id = uuid4()
    members = [Viewer(uuid4(), uuid4(), is_super_admin=False, roles={organization_id: Role.VIEWER}) for _ in range(2)]

    async def look(connection: AsyncConnection) -> bool:
        await connection.execute(text("SELECT pg_sleep(0.02)"))
        used.append(database.replica.used)
        return await is_replica(connection)

    answers = [ViewerDatabase(database, limit, member, None).answer(look) for member in members * 3]

    assert all(await asyncio.gather(*answers))
    assert used == [limit.per_organization] * 6 == [1] * 6


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


async def test_a_question_that_takes_too_long_is_not_put_to_the_primary_as_well(database: ReplicatedDatabase):
    async def question(connection: AsyncConnection) -> None:
        await connection.execute(text("SELECT pg_sleep(5)"))

    with pytest.raises(QueryTimeout):
        await database.answer(question)

    assert not database.answered
    assert await database.answer(is_replica)


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
