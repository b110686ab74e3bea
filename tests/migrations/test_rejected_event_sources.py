"""The migration to indexed columns of whom rejected events name, on a database with rows."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from db import migrate
from db.engine import Database
from tests.servers import new_database

PERSON = UUID("0a1b2c3d-0000-4000-8000-00000000abcd")
PAYLOADS = [
    (None, f'{{"userId": "{PERSON}"}}', PERSON),
    (None, f'{{"sessionId": "s", "userId": "{str(PERSON).upper()}"}}', PERSON),
    (None, f'{{"userId": "{PERSON.hex}"}}', PERSON),
    (None, '{"userId": "42"}', None),
    (None, f'{{"userId": "{"-" * 36}"}}', None),
    (None, '{"userId": null}', None),
    (None, "[1, 2]", None),
    (UUID(int=7), f'{{"userId": "{PERSON}"}}', None),
]
INSERT = """
    INSERT INTO rejected_events (received_at, user_id, code, message, payload)
    SELECT now(), CAST(:user_id AS uuid), 'invalid_event', '', :payload FROM generate_series(1, :count)
"""


async def run(url: str, statement: str, **values: Any) -> list[Any]:
    """Run a statement; the rows that it gives."""
    database = Database(url)
    try:
        async with database.write() as connection:
            result = await connection.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        await database.close()


async def test_rows_are_filled_from_their_text_and_survive_the_way_back(server_url: str):
    async with new_database(server_url) as url:
        await migrate.upgrade(url, "0006")
        for user_id, payload, _ in PAYLOADS:
            await run(url, INSERT, user_id=user_id, payload=payload, count=1)
        before = await run(url, "SELECT * FROM rejected_events ORDER BY id")

        await migrate.upgrade(url, "0007")
        named = await run(url, "SELECT named_user_id FROM rejected_events ORDER BY id")
        await migrate.downgrade(url, "0006")

        assert [user_id for (user_id,) in named] == [user_id for _, _, user_id in PAYLOADS]
        assert await run(url, "SELECT * FROM rejected_events ORDER BY id") == before


async def test_what_a_flood_has_left_beyond_the_newest_is_not_filled_but_deleted(server_url: str):
    async with new_database(server_url) as url:
        await migrate.upgrade(url, "0006")
        await run(url, INSERT, user_id=None, payload=PAYLOADS[0][1], count=1)
        await run(url, INSERT, user_id=None, payload="{}", count=10_000)

        await migrate.upgrade(url, "0007")

        assert await run(url, "SELECT count(*), count(named_user_id) FROM rejected_events") == [(10_000, 0)]
