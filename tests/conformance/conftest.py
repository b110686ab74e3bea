"""The service as it is run: a process of its own, over real HTTP, on the tests' database."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.free_ports import free_port
from tests.metrics.test_freshness import ready, serving


@pytest.fixture(scope="session")
async def served(database_url: str, data_dir: Path) -> AsyncIterator[AsyncClient]:
    """A client of `web-behavior serve`."""
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
