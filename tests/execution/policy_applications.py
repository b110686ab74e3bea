"""Applications with a request policy of their own, and requests to them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from app.secret import jwt_secret
from tests.conftest import make_settings
from tests.servers import own_world
from tests.world import World

VIEWER = "{ viewer { username } }"
INGEST = """mutation ($events: [BehaviorInput!]!) {
    ingestBehaviors(input: {events: $events}) { ... on IngestBehaviorsSuccess { accepted } ... on Error { message } }
}"""


def code(answer: dict[str, Any]) -> str:
    """Return the error code of a request that was not run."""
    [error] = answer["errors"]
    assert answer.get("data") is None
    found: str = error["extensions"]["code"]
    return found


@asynccontextmanager
async def another(data_dir: Path, database_url: str, **settings: Any) -> AsyncIterator[World]:
    """An application with settings of its own, on the tests' database, which knows the same sign-ins."""
    secret = jwt_secret(make_settings(data_dir))
    async with own_world(make_settings(data_dir, jwt_secret=secret, **settings), database_url) as other:
        yield other
