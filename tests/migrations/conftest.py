"""A second PostgreSQL, of the oldest version that is supported."""

from collections.abc import Iterator

import pytest

from tests.servers import postgres_15


@pytest.fixture(scope="session")
def postgres_15_url() -> Iterator[str]:
    """The URL of a PostgreSQL 15 of this test process."""
    with postgres_15() as server:
        yield server.url


@pytest.fixture(params=["18, embedded", "15"])
def server_url(request: pytest.FixtureRequest) -> str:
    """A server of each end of the range of supported versions."""
    name = "postgres_15_url" if request.param == "15" else "database_url"
    url: str = request.getfixturevalue(name)
    return url
