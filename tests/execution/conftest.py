"""The Redis of the tests of query execution."""

from typing import Any

import pytest

from tests.servers import redis_server


@pytest.fixture(params=["in process", "in Redis"])
def redis(request: pytest.FixtureRequest) -> Any:
    """The Redis that keeps budgets; None if the process keeps them."""
    if request.param == "in process":
        yield None
    else:
        with redis_server() as server:
            yield server
