"""The database of the service before this one, as its Go code made it, to be filled by tests."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from tests.servers import new_database

TABLES = """
CREATE TABLE users (
    id uuid PRIMARY KEY, username varchar NOT NULL, password varchar, is_super_admin boolean DEFAULT false,
    created_at timestamp DEFAULT now(), updated_at timestamp DEFAULT now()
);
CREATE TABLE organizations (
    id uuid PRIMARY KEY, name varchar, description text,
    created_at timestamp DEFAULT now(), updated_at timestamp DEFAULT now()
);
CREATE TABLE user_organization_access (
    user_id uuid, organization_id uuid, role varchar, created_at timestamp DEFAULT now()
);
CREATE TABLE extension_users (
    id uuid PRIMARY KEY, username varchar UNIQUE NOT NULL, api_key varchar UNIQUE, is_active boolean DEFAULT true,
    created_at timestamp DEFAULT now(), updated_at timestamp DEFAULT now(), last_used_at timestamp,
    organization_id uuid
);
CREATE TABLE user_behaviors (
    id uuid, session_id varchar, timestamp timestamptz, event_type varchar, url text, user_id uuid, user_name varchar,
    x bigint, y bigint, key varchar, created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now()
);
"""
_EVENT: dict[str, Any] = {
    "session_id": "s1",
    "timestamp": "2026-08-03T09:00:00Z",
    "event_type": "focus",
    "url": "https://a.com/1",
    "created_at": "2026-08-03T09:00:05Z",
}


START = datetime(2026, 8, 3, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class OldService:
    """An old database. Rows are given as strings and the like, and cast by PostgreSQL."""

    url: str
    connection: Any

    async def begin_anew(self) -> None:
        """Make the tables, empty and as they were, whatever was done to them."""
        await self.connection.execute(f"DROP SCHEMA public CASCADE; CREATE SCHEMA public; {TABLES}")

    async def add(self, table: str, **values: Any) -> UUID:
        """Add a row; its id, drawn unless given."""
        row_id = uuid4()
        own = {} if table == "user_organization_access" else {"id": str(row_id)}
        await self.execute(
            f"INSERT INTO {table} SELECT * FROM json_populate_record(NULL::{table}, $1)", json.dumps(own | values)
        )
        return UUID(values.get("id") or str(row_id))

    async def organization(self, name: str | None = "Acme", **values: Any) -> UUID:
        """A tenant."""
        return await self.add("organizations", name=name, **_times() | values)

    async def account(self, username: str, **values: Any) -> UUID:
        """Add an account that signs in."""
        return await self.add("users", username=username, **{"is_super_admin": False} | _times() | values)

    async def member(self, user_id: UUID, organization_id: UUID, role: str | None = "admin") -> None:
        """A membership."""
        ids = {"user_id": str(user_id), "organization_id": str(organization_id)}
        await self.add("user_organization_access", **ids, role=role, created_at="2025-01-03T00:00:00")

    async def person(self, username: str, organization_id: UUID | None = None, **values: Any) -> UUID:
        """Add a person whose browsing is recorded, with a key of their own."""
        home = None if organization_id is None else str(organization_id)
        own = {"organization_id": home, "api_key": api_key(), "is_active": True}
        return await self.add("extension_users", username=username, **own | _times() | values)

    async def event(self, person: UUID | None = None, **values: Any) -> UUID:
        """Add an event: of a person, or an anonymous one."""
        user_id = None if person is None else str(person)
        return await self.add("user_behaviors", **_EVENT | {"user_id": user_id} | values)

    async def execute(self, statement: str, *values: Any) -> None:
        """Do something to the old database."""
        await self.connection.execute(statement, *values)


@asynccontextmanager
async def old_service(server_url: str) -> AsyncIterator[OldService]:
    """An empty old database on a server."""
    async with new_database(server_url) as url:
        connection = await asyncpg.connect(url)
        try:
            service = OldService(url, connection)
            await service.begin_anew()
            yield service
        finally:
            await connection.close()


async def fill(old: OldService, count: int) -> None:
    """So many events of one person, every few minutes; one in fifty breaks a rule; the first percent was sent twice."""
    person = await old.person("ada", await old.organization())
    await old.execute(
        """
        INSERT INTO user_behaviors (id, session_id, timestamp, event_type, url, user_id, created_at)
        SELECT gen_random_uuid(), 's' || n / 20, $2::timestamptz + n * interval '7 minutes',
               CASE WHEN n % 50 = 7 THEN 'hover' ELSE 'focus' END, 'https://a.com/' || n % 9, $1, $2
        FROM generate_series(1, $3::int) AS n
        """,
        person,
        START,
        count,
    )
    await old.execute(
        "INSERT INTO user_behaviors SELECT * FROM json_populate_recordset(NULL::user_behaviors, (SELECT json_agg(b) "
        "FROM (SELECT gen_random_uuid() AS id, session_id, timestamp, event_type, url, user_id, now() AS created_at "
        "FROM user_behaviors WHERE user_id = $1 ORDER BY timestamp LIMIT $2) AS b))",
        person,
        count // 100,
    )


def api_key() -> str:
    """A key as the old service made them."""
    return f"wb_{uuid4().hex}{uuid4().hex}"


def _times() -> dict[str, str]:
    return {"created_at": "2025-01-02T03:04:05", "updated_at": "2025-01-02T03:04:05"}
