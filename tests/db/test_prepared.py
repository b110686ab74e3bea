"""Statements that are built once, and how the driver keeps them."""

import os
import signal
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Integer, Text, func, select, text

from core.errors import Unavailable
from core.timeouts import Timeout
from db.engine import Database, unavailable
from db.prepared import fetch, parameter, prepared


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


async def test_a_long_statement_is_parsed_once_by_a_connection(database: Database):
    word = parameter("word", Text())
    statement = prepared(select(*(word.label(f"column_{number}") for number in range(1500))))
    assert len(statement.sql) > 15 * 1024  # what the driver would keep by itself

    async with database.alone() as connection:
        for said in ("one", "two"):
            [row] = await fetch(connection, statement, {"word": said})
            assert (row.column_0, row["column_1499"]) == (said, said)
        kept = await connection.scalar(
            text("SELECT count(*) FROM pg_prepared_statements WHERE statement = :sql"), {"sql": statement.sql}
        )

    assert kept == 1


async def test_a_connection_is_not_used_again_when_its_statement_was_cancelled(database: Database):
    asleep = prepared(select(func.pg_sleep(parameter("seconds", Integer()))))
    async with database.alone() as connection:
        backend = await connection.scalar(text("SELECT pg_backend_pid()"))

    os.kill(backend, signal.SIGSTOP)  # it will not hear that its statement is cancelled
    try:
        with pytest.raises(Unavailable), Timeout(0.1, unavailable):
            async with database.alone() as connection:
                await fetch(connection, asleep, {"seconds": 0})
        async with database.alone() as connection:
            assert await connection.scalar(text("SELECT pg_backend_pid()")) != backend
    finally:
        os.kill(backend, signal.SIGCONT)
