import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from app.server import create_app
from core.clock import now
from core.errors import Unavailable
from db.engine import Database, DatabaseOptions
from db.event_writer import EventWriter
from db.housekeeping import REJECTED_EVENTS_AGE, REJECTED_EVENTS_KEPT, keep_house_once
from db.key_usage import KeyUsage
from db.partitions import Partitions
from db.queries.housekeeping import newest_rejected
from resolvers.services import Services
from tests.conftest import BASE_URL, StatementCounter, make_settings
from tests.wire import AUTH, BEHAVIORS, event, execute, post_batch, rejected, with_key
from tests.world import World

REJECT = """
    INSERT INTO rejected_events (received_at, code, message, payload)
    SELECT now() - make_interval(days => :days), 'invalid_event', :message, '{}' FROM generate_series(1, :count)
"""


async def keep_house(services: Services) -> None:
    await keep_house_once(services.database, Partitions(services.database), services.key_usage)


async def last_used_at(services: Services, person: UUID) -> datetime | None:
    async with services.database.read() as connection:
        query = text("SELECT last_used_at FROM extension_users WHERE id = :id")
        at: datetime | None = await connection.scalar(query, {"id": person})
        return at


@pytest.fixture
async def quiet(world: World, data_dir, database_url) -> AsyncIterator[World]:
    """The application with an event writer but without the housekeeping that would flush by itself."""
    database = world.services.database
    usage = KeyUsage(database)
    writer = EventWriter(database, Partitions(database), usage)
    writing = asyncio.create_task(writer.run())
    app = create_app(make_settings(data_dir), database_url)
    app.state.services = replace(world.services, writer=writer, key_usage=usage)
    async with AsyncClient(transport=ASGITransport(app), base_url=BASE_URL) as http:
        yield World(app.state.services, http)
    writer.close()
    await writing


def updates(statements: StatementCounter) -> int:
    return sum("UPDATE extension_users" in statement for statement in statements.statements)


async def test_uses_of_keys_are_written_by_the_flush_and_by_no_request(quiet: World, statements: StatementCounter):
    ada = await quiet.recorded(await quiet.organization())

    before = now()
    for number in range(3):
        await quiet.http.post(BEHAVIORS, json=event(eventId=str(number)), headers=with_key(ada))
    await quiet.http.get(AUTH, headers=with_key(ada))
    after = now()

    assert updates(statements) == 0
    assert await last_used_at(quiet.services, ada.id) is None

    await quiet.services.key_usage.flush()
    assert updates(statements) == 1
    used = await last_used_at(quiet.services, ada.id)
    assert used is not None
    assert before <= used <= after

    await quiet.services.key_usage.flush()
    assert updates(statements) == 1


async def test_using_a_key_in_events_alone_counts(quiet: World):
    ada, ben = [await quiet.recorded(await quiet.organization()) for _ in range(2)]

    await quiet.http.post(BEHAVIORS, json=event(), headers=with_key(ada))
    await quiet.http.post(BEHAVIORS, json=event(userId=str(ben.id)))
    await quiet.services.key_usage.flush()

    assert await last_used_at(quiet.services, ada.id) is not None
    assert await last_used_at(quiet.services, ben.id) is None


async def test_many_peoples_uses_are_one_statement(quiet: World, statements: StatementCounter):
    organization = await quiet.organization()
    people = [await quiet.recorded(organization) for _ in range(5)]
    for person in people:
        await quiet.http.post(BEHAVIORS, json=event(), headers=with_key(person))

    await quiet.services.key_usage.flush()

    assert updates(statements) == 1
    assert None not in [await last_used_at(quiet.services, person.id) for person in people]


async def test_a_use_never_moves_backwards(world: World):
    ada = await world.recorded(await world.organization())
    usage, later = KeyUsage(world.services.database), now()
    usage.touch(ada.id, later)
    await usage.flush()

    usage.touch(ada.id, later - timedelta(hours=1))
    await usage.flush()

    assert await last_used_at(world.services, ada.id) == later


async def test_uses_that_cannot_be_written_are_kept_for_the_next_time(world: World, database_url: str):
    ada = await world.recorded(await world.organization())
    broken = Database(database_url, DatabaseOptions(pool_size=1, statement_timeout=0.05))
    usage, used_at = KeyUsage(broken), now()
    usage.touch(ada.id, used_at)

    async with world.services.database.write() as connection:
        await connection.execute(text("LOCK TABLE extension_users IN EXCLUSIVE MODE"))
        with pytest.raises(Unavailable):
            await usage.flush()
    await usage.flush()

    assert await last_used_at(world.services, ada.id) == used_at
    await broken.close()


async def test_rejected_events_are_kept_for_a_while(world: World):
    for days in (REJECTED_EVENTS_AGE.days - 1, REJECTED_EVENTS_AGE.days + 1):
        await execute(world.services, REJECT, days=days, message=f"{days} days old", count=2)

    await keep_house(world.services)

    kept = [row["message"] for row in await rejected(world.services)]
    assert kept == [f"{REJECTED_EVENTS_AGE.days - 1} days old"] * 2


async def test_only_the_newest_rejected_events_are_kept(world: World):
    await execute(world.services, REJECT, days=0, message="old", count=3)
    await execute(world.services, REJECT, days=0, message="new", count=REJECTED_EVENTS_KEPT)

    await keep_house(world.services)

    kept = [row["message"] for row in await rejected(world.services)]
    assert kept == ["new"] * REJECTED_EVENTS_KEPT

    await post_batch(world.http, event(type="foo"))
    await keep_house(world.services)

    kept = [row["message"] for row in await rejected(world.services)]
    assert kept == ["new"] * (REJECTED_EVENTS_KEPT - 1) + ["invalid event type: foo"]


async def test_the_newest_rejected_events_are_at_hand_for_an_operator(world: World):
    await post_batch(world.http, event(type="one"), event(type="two"), event(type="three"))

    async with world.services.database.read() as connection:
        newest = await newest_rejected(connection, 2)

    assert [row.message for row in newest] == ["invalid event type: three", "invalid event type: two"]


async def test_ended_sign_ins_are_removed(world: World):
    asker = await world.sign_in(await world.user())
    ended = await world.sign_in(await world.user())
    assert ended.user is not None
    await execute(world.services, "UPDATE sign_ins SET expires_at = now() WHERE user_id = :id", id=ended.user.id)

    await keep_house(world.services)

    assert asker.user is not None
    async with world.services.database.read() as connection:
        left = await connection.scalars(text("SELECT user_id FROM sign_ins"))
        assert list(left) == [asker.user.id]
