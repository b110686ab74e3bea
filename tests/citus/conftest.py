"""On a real Citus cluster: collected only where CITUS_URL names a database of one that has the extension."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db import migrate
from resolvers.services import Services
from tests.conftest import empty, make_settings
from tests.servers import own_world
from tests.world import World

collect_ignore_glob = [] if os.environ.get("CITUS_URL") else ["test_*.py"]


@pytest.fixture(scope="session")
async def application(data_dir: Path) -> AsyncIterator[World]:
    """An application on the cluster, whose database is left without tables."""
    url = os.environ["CITUS_URL"]
    await migrate.upgrade(url)
    async with own_world(make_settings(data_dir), url) as world:
        yield world
    await migrate.downgrade(url, "base")


@pytest.fixture
async def world(application: World) -> AsyncIterator[World]:
    """A world on the cluster, in place of the shared one; emptied again afterwards."""
    yield application
    await empty(application.services)


@pytest.fixture
def services(world: World) -> Services:
    """The parts of the application on the cluster."""
    return world.services
