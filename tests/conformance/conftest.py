"""The service as it is run: a process of its own, over real HTTP, on the tests' database."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.conformance.oidc_provider import OidcProvider, oidc_provider
from tests.conformance.signing_on import service
from tests.conftest import BASE_URL
from tests.free_ports import free_port
from tests.metrics.test_freshness import ready, serving
from tests.world import World


@pytest.fixture(scope="module")
async def served(database_url: str, data_dir: Path) -> AsyncIterator[AsyncClient]:
    """A client of `web-behavior serve`, which stops with the module: its background jobs would meddle with others."""
    address = f"http://127.0.0.1:{free_port()}"
    own = {"ENV": "test", "DATABASE_URL": database_url, "DATA_DIR": str(data_dir), "RATE_LIMIT_ENABLED": "false"}
    process = serving(os.environ | own | {"PORT": address.rpartition(":")[2]})
    try:
        async with AsyncClient(base_url=address) as client:
            await ready(client)
            yield client
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcProvider]:
    """The provider of a module's tests, at which nobody is yet."""
    with oidc_provider(BASE_URL, {}) as running:
        yield running


@pytest.fixture
async def sso(world: World, provider: OidcProvider, data_dir: Path, database_url: str) -> AsyncIterator[World]:
    """The service with single sign-on, and the organization Acme. (`world` empties the database afterwards.)"""
    await world.organization("Acme")
    async with service(provider, data_dir, database_url) as own:
        yield own
