"""A primary and its replica, two real servers, and the means to hold the replica up."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Unavailable
from db import migrate, replica
from db.engine import Database, DatabaseOptions
from db.replica import ReplicatedDatabase
from tests.servers import Postgres15, new_database, postgres_15, replica_of

OPTIONS = DatabaseOptions(pool_size=3, statement_timeout=0.5)


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
    """The same database on the replica, once it has been replayed there: nobody can connect before."""
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
    """Control over a replica by its own SQL functions."""

    def __init__(self, server: Database) -> None:
        self._server = server

    async def pause(self) -> None:
        """Have it replay nothing more of what it receives."""
        await self._run("SELECT pg_wal_replay_pause()")
        while await self._run("SELECT pg_get_wal_replay_pause_state()") != "paused":
            pass

    async def resume(self) -> None:
        """Have it replay again."""
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
