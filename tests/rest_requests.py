"""The browser extension's requests, and the rows that they leave in the database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from httpx import AsyncClient, Response
from sqlalchemy import text

from resolvers.services import Services
from tests.world import Recorded, at

BEHAVIORS = "/api/v1/inayla/behaviors"
BATCH = "/api/v1/inayla/behaviors/batch"
AUTH = "/api/v1/inayla/extension/users/auth"


def event(**members: Any) -> dict[str, Any]:
    """An event that meets every rule, except where `members` change it."""
    return {"sessionId": "s1", "ts": at("09:00:00"), "type": "focus", "url": "https://a.com/1"} | members


def with_key(person: Recorded, header: str = "X-API-Key") -> dict[str, str]:
    """The headers of a request with the person's key."""
    return {header: person.key.text}


async def post_batch(http: AsyncClient, *events: Any, **request: Any) -> Response:
    """Post events in one request."""
    return await http.post(BATCH, json={"events": events}, **request)


async def stored(services: Services) -> list[dict[str, Any]]:
    """Every stored event, in the order of time."""
    return await _rows(services, "SELECT * FROM behaviors ORDER BY ts, url, id")


async def rejected(services: Services) -> list[dict[str, Any]]:
    """Every event kept because it broke a rule, in the order of arrival."""
    return await _rows(services, "SELECT * FROM rejected_events ORDER BY id")


async def execute(services: Services, statement: str, **values: Any) -> None:
    """Do something to the database behind the service's back."""
    async with services.database.write() as connection:
        await connection.execute(text(statement), values)


@asynccontextmanager
async def unreadable(services: Services, table: str) -> AsyncIterator[None]:
    """Replace the table meanwhile, so that statements on it fail with an unexpected error."""
    await execute(services, f"ALTER TABLE {table} RENAME TO {table}_elsewhere")
    await execute(services, f"CREATE TYPE {table} AS (id uuid)")
    try:
        yield
    finally:
        await execute(services, f"DROP TYPE {table}")
        await execute(services, f"ALTER TABLE {table}_elsewhere RENAME TO {table}")


async def _rows(services: Services, query: str) -> list[dict[str, Any]]:
    async with services.database.read() as connection:
        return [dict(row) for row in (await connection.execute(text(query))).mappings()]


class Chunks:
    """A request body that says nothing of its length, and counts how much of it was asked for."""

    def __init__(self, count: int, size: int = 64 * 1024) -> None:
        self.count = count
        self.size = size
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self.count):
            self.taken += 1
            yield b" " * self.size
