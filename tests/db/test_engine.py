import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from asyncpg import UniqueViolationError
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from structlog.testing import capture_logs
from structlog.typing import EventDict

from core.errors import InvalidInput, QueryTimeout, SchemaMismatch, Unavailable
from core.observer import Job
from db.anonymous_events import AnonymousEvents
from db.engine import Database, DatabaseOptions, split_url, unavailable
from db.housekeeping import keep_house
from db.key_usage import KeyUsage
from db.partition_keeper import PartitionKeeper
from tests.servers import new_database


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, DatabaseOptions(pool_size=2, statement_timeout=0.1))
    yield database
    await database.close()


@pytest.fixture
async def nowhere() -> AsyncIterator[Database]:
    database = Database("postgresql://nobody@127.0.0.1:1/nothing")
    yield database
    await database.close()


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("SELECT pg_sleep(5)", QueryTimeout),
        ("SELECT 1 / 0", InvalidInput),
        ("SELECT 'a'::int", InvalidInput),
        ("SELECT repeat('a', 3)::uuid", InvalidInput),
        ("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$", Unavailable),  # disk full
        ("DO $$ BEGIN RAISE SQLSTATE '53200'; END $$", Unavailable),  # out of memory
        ("DO $$ BEGIN RAISE SQLSTATE '25006'; END $$", Unavailable),  # read-only
        ("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$", Unavailable),  # deadlock
        ("DO $$ BEGIN RAISE SQLSTATE '57P01'; END $$", Unavailable),  # shutting down
        ("SELECT pg_terminate_backend(pg_backend_pid())", Unavailable),
        ("DO $$ BEGIN RAISE SQLSTATE '23505'; END $$", IntegrityError),
        ("SELECT nonsense", SchemaMismatch),
        ("SELECT FROM nonsense", SchemaMismatch),
        ("SELECT FROM nonsense.behaviors", SchemaMismatch),
        ("CREATE TABLE nonsense.behaviors ()", SchemaMismatch),
        ("SELECT nonsense()", ProgrammingError),
    ],
)
async def test_failures_are_told_in_our_own_words_where_a_caller_can_act(
    database: Database, statement: str, error: type[Exception]
):
    for lend in (database.read, database.write):
        with pytest.raises(error):
            async with lend() as connection:
                await connection.execute(text(statement))

    async with database.read() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("SELECT pg_sleep(5)", QueryTimeout),
        ("SELECT $1::smallint", InvalidInput),  # the driver refuses the number below
        ("SELECT 1 / 0 WHERE $1::int > 0", InvalidInput),
        ("DO $$ BEGIN RAISE SQLSTATE '25006'; END $$", Unavailable),  # read-only
        ("SELECT FROM nonsense", SchemaMismatch),
        ("SELECT pg_terminate_backend(pg_backend_pid())", Unavailable),
        ("DO $$ BEGIN RAISE SQLSTATE '23505'; END $$", UniqueViolationError),
    ],
)
async def test_failures_of_the_drivers_own_statements_are_told_alike(
    database: Database, statement: str, error: type[Exception]
):
    with pytest.raises(error):
        async with database.driver() as driver:
            await driver.fetchrow(statement, *([100_000] if "$1" in statement else []))

    async with database.driver() as driver:
        assert await driver.fetchval("SELECT 1") == 1
    assert (database.used, database.waiting) == (0, 0)


async def test_a_connection_whose_server_has_said_that_it_goes_is_given_up(database: Database):
    last_words = b"SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"

    with pytest.raises(Unavailable):  # noqa: PT012 - one use of a connection
        async with database.driver() as driver:  # before the server hangs up, the driver can begin nothing any more
            driver._protocol.data_received(b"E" + (len(last_words) + 4).to_bytes(4) + last_words)
            await driver.fetchrow("SELECT 1")

    async with database.driver() as driver:
        assert await driver.fetchval("SELECT 1") == 1


async def test_the_drivers_own_statements_are_committed_one_by_one(database: Database):
    insert = "INSERT INTO rejected_events (received_at, code, message, payload) VALUES (now(), 'a', 'b', 'c')"

    async with database.driver() as driver:
        await driver.execute(insert)

    async with database.write() as connection:
        assert (await connection.execute(text("DELETE FROM rejected_events"))).rowcount == 1


async def test_what_a_failed_transaction_wrote_is_gone(database: Database):
    insert = text("INSERT INTO rejected_events (received_at, code, message, payload) VALUES (now(), 'a', 'b', 'c')")

    with pytest.raises(InvalidInput):  # noqa: PT012 - one transaction
        async with database.write() as connection:
            await connection.execute(insert)
            await connection.execute(text("SELECT 1 / 0"))

    async with database.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM rejected_events")) == 0


async def test_reading_commits_nothing(database: Database):
    async with database.read() as connection:
        await connection.execute(text("CREATE TABLE passing ()"))

    async with database.read() as connection:
        assert await connection.scalar(text("SELECT to_regclass('passing')")) is None


async def test_a_server_that_is_not_there_is_unavailable(nowhere: Database):
    for lend in (nowhere.read, nowhere.write, nowhere.driver):
        with pytest.raises(Unavailable, match="cannot be reached"):
            await lend().__aenter__()


def test_clients_are_not_sent_back_all_at_once():
    assert {unavailable().retry_after for _ in range(200)} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    ("url", "expected", "arguments"),
    [
        ("postgresql://me@db/x", "postgresql+asyncpg://me@db/x", {}),
        ("postgres://me@db/x?sslmode=require", "postgresql+asyncpg://me@db/x", {"ssl": "require"}),
        ("postgresql://me@/x?host=/run&sslmode=disable", "postgresql+asyncpg://me@/x?host=%2Frun", {"ssl": "disable"}),
    ],
)
def test_addresses_are_taken_as_libpq_writes_them(url: str, expected: str, arguments: dict[str, str]):
    address, connect_args = split_url(url)

    assert address.render_as_string() == expected
    assert connect_args == arguments


@pytest.fixture
async def unmigrated(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url.replace("/web_behavior", "/postgres"))
    yield database
    await database.close()


@pytest.fixture
async def strange(database_url: str) -> AsyncIterator[Database]:
    """A database in which two tables' names are those of something else."""
    async with new_database(database_url) as url:
        database = Database(url)
        async with database.write() as connection:
            for name in ("behaviors", "sign_ins"):
                await connection.execute(text(f"CREATE TYPE {name} AS (id uuid)"))
        yield database
        await database.close()


async def test_every_chore_outlives_an_outage_and_its_own_failure(
    nowhere: Database, unmigrated: Database, strange: Database
):
    with capture_logs() as logs:
        keepers = [
            asyncio.create_task(keeping)
            for database in (nowhere, unmigrated, strange)
            for keeping in (
                keep_house(database, KeyUsage(database), AnonymousEvents()),
                PartitionKeeper(database).run(),
            )
        ]
        async with asyncio.timeout(30):
            while len(_rounds(logs)) < 8 * 3:  # noqa: ASYNC110 - a log entry tells nobody
                await asyncio.sleep(0.01)

    put_off, failed = ("background job put off", "warning"), ("background job failed", "error")
    jobs = (Job.PARTITIONS, Job.SIGN_INS, Job.REJECTED_EVENTS)
    assert Counter((entry["event"], entry["log_level"], entry["job"]) for entry in _rounds(logs)) == {
        **{(*put_off, job): 2 for job in jobs},
        (*put_off, Job.REJECTED_EVENTS): 3,
        (*put_off, Job.ANONYMOUS_EVENTS): 3,
        (*put_off, Job.MEMBERSHIP_OFFERS): 3,
        (*put_off, Job.API_TOKENS): 3,
        (*put_off, Job.INVITATIONS): 3,
        (*put_off, Job.ACCOUNT_LINKS): 3,
        (*put_off, Job.WEBHOOK_HISTORY): 3,
        (*failed, Job.PARTITIONS): 1,
        (*failed, Job.SIGN_INS): 1,
    }
    assert not any(keeper.done() for keeper in keepers)
    for keeper in keepers:
        keeper.cancel()
    await asyncio.gather(*keepers, return_exceptions=True)


def _rounds(logs: list[EventDict]) -> list[EventDict]:
    return [entry for entry in logs if "job" in entry]
