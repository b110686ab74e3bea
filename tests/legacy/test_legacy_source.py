from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from core.clock import now
from core.errors import InvalidInput, Unavailable
from legacy import reader
from tests.legacy.conftest import TakeOver
from tests.legacy.old_service import OldService, fill
from tests.rest_requests import rejected
from tests.world import World


@pytest.mark.usefixtures("world")
async def test_the_source_is_only_read(old: OldService, take_over: TakeOver):
    await fill(old, 100)
    reader = f"reader_{uuid4().hex}"
    await old.execute(f"CREATE ROLE {reader} LOGIN")
    await old.execute(f"GRANT USAGE ON SCHEMA public TO {reader}")
    await old.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader}")
    before = await _contents(old)
    try:
        report = await take_over(_as(reader, old.url))
    finally:
        await old.execute(f"DROP OWNED BY {reader}")
        await old.execute(f"DROP ROLE {reader}")

    assert report.events.imported == 98
    assert await _contents(old) == before


async def test_postgresql_itself_refuses_writes_to_the_source(old: OldService):
    async with reader.snapshot(old.url) as source:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await source._connection.execute("DELETE FROM users")


async def test_a_role_that_may_not_read_is_told_what_it_needs(old: OldService, take_over: TakeOver):
    stranger = f"stranger_{uuid4().hex}"
    await old.execute(f"CREATE ROLE {stranger} LOGIN")
    await old.execute(f"GRANT USAGE ON SCHEMA public TO {stranger}")
    try:
        with pytest.raises(InvalidInput, match="GRANT SELECT on its tables users, organizations"):
            await take_over(_as(stranger, old.url))
    finally:
        await old.execute(f"DROP OWNED BY {stranger}")
        await old.execute(f"DROP ROLE {stranger}")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://root:hunter2@127.0.0.1:1/old", "cannot be reached"),
        ("mysql://root:hunter2@127.0.0.1/old", "address cannot be read"),
        ("postgresql://root:hunter2@127.0.0.1:port/old", "address cannot be read"),
    ],
)
async def test_a_wrong_address_is_told_without_the_password(take_over: TakeOver, url: str, message: str):
    with pytest.raises(InvalidInput, match=message) as told:
        await take_over(url)

    assert "hunter2" not in str(told.value)


async def test_another_database_is_recognised_as_such(database_url: str, take_over: TakeOver):
    with pytest.raises(InvalidInput, match=r"not the old service's database: it lacks users\.password, "):
        await take_over(database_url)


@pytest.mark.usefixtures("world")
async def test_a_source_that_goes_away_is_told_and_what_was_taken_stays(
    old: OldService, take_over: TakeOver, monkeypatch: pytest.MonkeyPatch
):
    await fill(old, 30)
    read = reader.LegacySource.days

    async def and_then_gone(source: reader.LegacySource) -> AsyncIterator[Any]:
        async for page in read(source):
            await old.execute("SELECT pg_terminate_backend($1)", source._connection.get_server_pid())
            yield page

    monkeypatch.setattr(reader.LegacySource, "days", and_then_gone)
    with pytest.raises(Unavailable, match=r"stopped answering.*run the same command again"):
        await take_over()
    monkeypatch.undo()

    assert (await take_over()).people.already_here == 1


async def test_memory_does_not_grow_with_long_texts(world: World, old: OldService, take_over: TakeOver):
    await old.execute(
        "INSERT INTO user_behaviors (id, session_id, timestamp, event_type, url) "
        "SELECT gen_random_uuid(), repeat('s', 1000000), now(), repeat('t', 1000000), repeat('u', 1000000) "
        "FROM generate_series(1, 3)"
    )

    async with reader.snapshot(old.url) as source:
        [page] = [page async for page in source.events(now().date(), now().date())]
        assert max(len(str(value)) for row in page for value in row) == 8193
    assert (await take_over()).events.rejected == {"invalid_event": 3}
    assert len(await rejected(world.services)) == 3


def _as(role: str, url: str) -> str:
    return make_url(url).set(username=role).render_as_string(hide_password=False)


async def _contents(old: OldService) -> list[Any]:
    tables = ("users", "organizations", "user_organization_access", "extension_users", "user_behaviors")
    return [await old.connection.fetch(f"SELECT t.*, t.xmin::text FROM {table} t ORDER BY 1, 2") for table in tables]
