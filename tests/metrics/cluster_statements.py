"""The SQL statements of a Citus cluster, on any PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from db.cluster import engine_topology
from db.topology import CLUSTER
from tests.world import World


@asynccontextmanager
async def asking(world: World, *, cluster: bool) -> AsyncIterator[AsyncConnection]:
    """A connection to ask for answers."""
    with statements_of(world, cluster=cluster):
        async with world.services.database.read() as db:
            yield db


@contextmanager
def statements_of(world: World, *, cluster: bool) -> Iterator[None]:
    """Statements are those of a cluster where so chosen, as they always are on one: any PostgreSQL answers them."""
    found = engine_topology(world.services.database.engine.sync_engine)
    before = found.topology
    found.topology = CLUSTER if cluster else before
    try:
        yield
    finally:
        found.topology = before
