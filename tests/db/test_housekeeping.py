import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from app.server import create_app
from auth.api_tokens import PERSONAL, new_api_token
from core.clock import now
from core.errors import Unavailable
from core.observer import Job
from core.roles import Role
from core.token_scopes import TokenScope
from db.anonymous_events import AnonymousEvents
from db.background_jobs import BackgroundJob, background_options
from db.engine import Database, DatabaseOptions
from db.event_writer import EventWriter
from db.housekeeping import chores, keep_house
from db.key_usage import KeyUsage
from db.queries import api_tokens, membership_offers
from db.queries.api_tokens import NewToken
from db.queries.extension_users import LatestUse
from db.queries.housekeeping import newest_rejected, remove_ended_sign_ins, remove_expired_offers, remove_expired_tokens
from db.queries.membership_offers import NewOffer
from resolvers.services import Services
from tests.conftest import BASE_URL, StatementCounter, make_settings
from tests.rest_requests import AUTH, BEHAVIORS, event, execute, post_batch, with_key
from tests.servers import own_world
from tests.world import World, raw

EXPIRED_REJECTED = """
    INSERT INTO rejected_events (received_at, code, message, payload)
    VALUES (now() - interval '15 days', 'invalid_event', 'old', '{}')
"""
MANY_TOKENS = """
    INSERT INTO refresh_tokens (token_hash, sign_in_id, expires_at)
    SELECT sha256(CAST(number AS text)::bytea), (SELECT id FROM sign_ins ORDER BY created_at DESC LIMIT 1), now()
    FROM generate_series(1, :count) AS number
"""


async def do_chores(services: Services) -> None:
    for _, work_round in chores(services.database, services.key_usage, AnonymousEvents()):
        await work_round()


async def last_used_at(services: Services, person: UUID) -> datetime | None:
    return (await latest_use(services, person)).used_at


async def last_keyless_event_at(services: Services, person: UUID) -> datetime | None:
    return (await latest_use(services, person)).keyless_event_at


async def latest_use(services: Services, person: UUID) -> LatestUse:
    async with services.database.read() as connection:
        query = text("SELECT last_used_at, last_keyless_event_at FROM extension_users WHERE id = :id")
        return LatestUse(*(await connection.execute(query, {"id": person})).one())


@pytest.fixture
async def quiet(world: World, data_dir, database_url) -> AsyncIterator[World]:
    """The application with an event writer but without the housekeeping that would flush by itself."""
    database = world.services.database
    usage = KeyUsage(database)
    writer = EventWriter(database, usage)
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


async def test_events_without_a_key_are_noted_by_the_flush_and_by_no_request(
    quiet: World, statements: StatementCounter
):
    organization = await quiet.organization()
    keyless, keyed, both, served = [await quiet.recorded(organization) for _ in range(4)]

    before = now()
    await quiet.http.post(BEHAVIORS, json=event(userId=str(keyless.id)))
    await quiet.http.post(BEHAVIORS, json=event(), headers=with_key(keyed))
    await quiet.http.post(BEHAVIORS, json=event(), headers=with_key(both))
    await post_batch(quiet.http, event(userId=str(both.id), type="blur"), event(), event(userId=str(uuid4())))
    await quiet.browse(served, raw("09:00:00"))
    after = now()
    written = updates(statements)
    await quiet.services.key_usage.flush()

    assert (written, updates(statements)) == (0, 1)
    found = [await last_keyless_event_at(quiet.services, person.id) for person in (keyless, keyed, both, served)]
    assert found[1] is found[3] is None
    for at in (found[0], found[2]):
        assert at is not None
        assert before <= at <= after
    used = [await last_used_at(quiet.services, person.id) is not None for person in (keyless, keyed, both, served)]
    assert used == [False, True, True, False]


async def test_an_event_sent_again_without_a_key_counts_and_a_refused_one_does_not(quiet: World):
    organization = await quiet.organization()
    again, refused = [await quiet.recorded(organization) for _ in range(2)]
    await quiet.http.post(BEHAVIORS, json=event(), headers=with_key(again))

    await quiet.http.post(BEHAVIORS, json=event(userId=str(again.id)))
    await quiet.http.post(BEHAVIORS, json=event(userId=str(refused.id), type="foo"))
    await quiet.services.key_usage.flush()

    assert await last_keyless_event_at(quiet.services, again.id) is not None
    assert await last_keyless_event_at(quiet.services, refused.id) is None


async def test_what_several_processes_note_never_moves_backwards(world: World, database_url: str):
    organization, latest = await world.organization(), now()
    people = [await world.recorded(organization) for _ in range(50)]
    databases = [Database(database_url, DatabaseOptions(pool_size=1)) for _ in range(4)]
    processes = [KeyUsage(database) for database in databases]

    for minutes in (2, 0, 3, 1):  # the latest is in the middle, and everybody has another order of people
        for number, usage in enumerate(processes):
            for person in people[number:] + people[:number]:
                usage.touch_keyless(person.id, latest - timedelta(minutes=minutes + number))
                usage.touch(person.id, latest - timedelta(hours=1, minutes=minutes + number))
        await asyncio.gather(*(usage.flush() for usage in processes))

    expected = LatestUse(latest - timedelta(hours=1), latest)
    assert {await latest_use(world.services, person.id) for person in people} == {expected}
    for database in databases:
        await database.close()


async def test_many_peoples_uses_are_one_statement(quiet: World, statements: StatementCounter):
    organization = await quiet.organization()
    people = [await quiet.recorded(organization) for _ in range(5)]
    for person in people:
        await quiet.http.post(BEHAVIORS, json=event(), headers=with_key(person))

    await quiet.services.key_usage.flush()

    assert updates(statements) == 1
    assert None not in [await last_used_at(quiet.services, person.id) for person in people]


async def test_uses_are_written_in_portions_of_which_none_is_lost(world: World):
    people = [await world.recorded(await world.organization()) for _ in range(5)]
    usage, used_at = KeyUsage(world.services.database), now()
    for person in people:
        usage.touch(person.id, used_at)
    job = BackgroundJob(Job.KEY_USAGE, world.services.database, largest=2)

    await usage.flush_in_portions(job)

    assert job.finished == 3  # of one person, then of two each
    assert [await last_used_at(world.services, person.id) for person in people] == [used_at] * 5


async def test_the_last_uses_are_written_when_the_service_stops(world: World, data_dir: Path, database_url: str):
    ada = await world.recorded(await world.organization())

    async with own_world(make_settings(data_dir), database_url) as own:
        await asyncio.sleep(0.2)  # its first round is over, the next comes in half a minute
        await own.http.get(AUTH, headers=with_key(ada))
        before = await last_used_at(world.services, ada.id)

    assert before is None
    assert await last_used_at(world.services, ada.id) is not None


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
    broken = Database(database_url, DatabaseOptions(pool_size=1, statement_timeout=0.5))
    usage, used_at = KeyUsage(broken), now()
    usage.touch(ada.id, used_at)

    async with world.services.database.write() as connection:
        await connection.execute(text("LOCK TABLE extension_users IN EXCLUSIVE MODE"))
        with pytest.raises(Unavailable):
            await usage.flush()
    await usage.flush()

    assert await last_used_at(world.services, ada.id) == used_at
    await broken.close()


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

    await do_chores(world.services)

    assert asker.user is not None
    async with world.services.database.read() as connection:
        left = await connection.scalars(text("SELECT user_id FROM sign_ins"))
        assert list(left) == [asker.user.id]


async def test_expired_offers_of_membership_are_removed(world: World):
    organization, admin = await world.organization(), await world.user()
    async with world.services.database.write() as db:
        for number in range(9):
            new = NewOffer(organization.id, f"name-{number}", None, Role.MEMBER, admin.id)
            await membership_offers.add(db, new, timedelta(days=1))
        await db.execute(
            text("UPDATE membership_offers SET expires_at = now() - interval '1 day' WHERE username > 'name-0'")
        )
        removed = [await remove_expired_offers(db, 3) for _ in range(2)]

    await do_chores(world.services)

    assert removed == [3, 3]
    async with world.services.database.read() as connection:
        assert list(await connection.scalars(text("SELECT username FROM membership_offers"))) == ["name-0"]


async def test_a_chore_that_waits_delays_no_other(world: World, database_url: str):
    ended = await world.sign_in(await world.user())
    assert ended.user is not None
    await execute(world.services, "UPDATE sign_ins SET expires_at = now()")
    await execute(world.services, EXPIRED_REJECTED)
    database = Database(database_url, background_options())

    async with world.services.database.write() as connection:
        await connection.execute(text("LOCK TABLE rejected_events IN ACCESS EXCLUSIVE MODE"))
        keeping = asyncio.create_task(keep_house(database, KeyUsage(database), AnonymousEvents()))
        async with asyncio.timeout(2):
            while await connection.scalar(text("SELECT count(*) FROM sign_ins")):  # noqa: ASYNC110 - PostgreSQL tells nobody
                await asyncio.sleep(0.01)

    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await database.close()


async def test_sign_ins_go_in_small_portions_however_many_tokens_they_have(world: World):
    asker = await world.sign_in(await world.user())
    assert asker.user is not None
    await world.sign_in(await world.user())
    await execute(world.services, MANY_TOKENS, count=50_000)
    await execute(world.services, "UPDATE sign_ins SET expires_at = now() WHERE user_id <> :id", id=asker.user.id)
    database = world.services.database
    job = BackgroundJob(Job.SIGN_INS, database, largest=2_000, limit_seconds=3)

    await job.work_through(remove_ended_sign_ins)

    async with database.read() as connection:
        assert list(await connection.scalars(text("SELECT user_id FROM sign_ins"))) == [asker.user.id]
        assert await connection.scalar(text("SELECT count(*) FROM refresh_tokens")) == 1
    assert job.finished >= 25


async def test_tokens_that_expired_a_month_ago_are_removed(world: World):
    user = await world.user()
    async with world.services.database.write() as db:
        for number in range(5):
            token, expires_at = new_api_token(PERSONAL), now() - timedelta(days=29 + number % 2, hours=1)
            scopes = frozenset({TokenScope.EXPORT})
            new = NewToken(token.hash, token.prefix, None, user.id, f"name-{number}", scopes, user.id, expires_at)
            await api_tokens.add(db, new)

        removed = [await remove_expired_tokens(db, 1) for _ in range(3)]

        assert removed == [1, 1, 0]
        assert sorted(token.name for token in await api_tokens.of_user(db, user.id)) == ["name-0", "name-2", "name-4"]
