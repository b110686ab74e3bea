import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from db.queries import sign_ins, users
from db.queries.users import UserRow
from resolvers.sign_ins import set_password
from tests.auth.accounts import quick_user
from tests.auth.test_login import LOGIN
from tests.auth.test_sessions import CHANGE, NEW
from tests.schema.sample_tenants import run
from tests.schema.test_extension_user_mutations import NEW_KEY, key_status
from tests.world import PASSWORD, World

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
ALL_WAITING = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"


@pytest.fixture(params=["argon2id", "bcrypt"])
async def ada(world: World, request: pytest.FixtureRequest) -> UserRow:
    """An account, its password hashed by us or by the old service."""
    make = quick_user if request.param == "bcrypt" else World.user_with_password
    return await make(world, "Ada")


@asynccontextmanager
async def being_changed(world: World, user: UserRow, password: str) -> AsyncIterator[None]:
    """A change of the user's password, committed at the end, once somebody waits for it."""
    new_hash = await world.services.passwords.hash(password)
    async with world.services.database.write() as db:
        await users.set_password_hash(db, user.id, new_hash)
        await sign_ins.end_others(db, user.id, user.id)
        yield
        async with asyncio.timeout(10):
            while not await db.scalar(text(WAITING)):  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.01)


async def _sign_ins(world: World) -> int:
    async with world.services.database.read() as db:
        return int((await db.execute(text("SELECT count(*) FROM sign_ins"))).scalar_one())


async def test_a_login_that_overlaps_a_change_of_the_password_does_not_survive_it(world: World, ada: UserRow):
    async with being_changed(world, ada, NEW):
        login = asyncio.create_task(world.stranger.ask(LOGIN, username="Ada", password=PASSWORD))

    assert (await login)["login"]["__typename"] == "InvalidCredentials"
    assert await _sign_ins(world) == 0
    again = await world.stranger.ask(LOGIN, username="Ada", password=NEW)
    assert again["login"]["__typename"] == "LoginSuccess"


async def test_a_login_with_a_password_that_was_merely_hashed_anew_succeeds(world: World, ada: UserRow):
    async with being_changed(world, ada, PASSWORD):
        login = asyncio.create_task(world.stranger.ask(LOGIN, username="Ada", password=PASSWORD))

    assert (await login)["login"]["__typename"] == "LoginSuccess"


async def test_a_change_that_overlaps_another_does_not_undo_it(world: World, ada: UserRow):
    asker = await world.sign_in(ada)

    async with being_changed(world, ada, NEW):
        change = asyncio.create_task(asker.ask(CHANGE, current=PASSWORD, new="a password of a thief"))

    assert (await change)["changePassword"]["__typename"] == "InvalidCredentials"
    login = await world.stranger.ask(LOGIN, username="Ada", password=NEW)
    assert login["login"]["__typename"] == "LoginSuccess"


async def test_a_password_that_is_set_for_somebody_ends_all_their_sign_ins_and_no_others(world: World, ada: UserRow):
    theirs, others = await world.sign_in(ada), await world.sign_in(await world.user())

    await set_password(world.services, "ADA", NEW)

    assert (await theirs.refused("{ viewer { username } }"))["extensions"]["code"] == "UNAUTHENTICATED"
    assert "errors" not in await others.post("{ viewer { username } }")
    login = await world.stranger.ask(LOGIN, username="Ada", password=NEW)
    assert login["login"]["__typename"] == "LoginSuccess"


async def test_of_two_new_keys_at_once_one_is_told_and_works(world: World):
    organization = await world.organization()
    admin, person = await world.member(organization), await world.recorded(organization)
    async with world.services.database.write() as db:
        await db.execute(text("SELECT FROM extension_users WHERE id = :id FOR UPDATE"), {"id": person.id})
        both = [asyncio.create_task(run(admin, NEW_KEY, id=str(person.id))) for _ in range(2)]
        async with asyncio.timeout(10):
            while await db.scalar(text(ALL_WAITING)) != 2:  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.01)

    answers = {answer["__typename"]: answer for answer in await asyncio.gather(*both)}

    assert set(answers) == {"RegenerateApiKeySuccess", "OutdatedVersion"}
    assert person.row.username in answers["OutdatedVersion"]["message"]
    told = answers["RegenerateApiKeySuccess"]
    assert await key_status(world.http, told["apiKey"]) == 200
    assert await key_status(world.http, person.key.text) == 401
    log = (await admin.ask("{ auditLog { nodes { action } } }"))["auditLog"]["nodes"]
    assert log == [{"action": "KEY_REPLACED"}]
    again = await run(admin, NEW_KEY, id=str(person.id))
    assert again["__typename"] == "RegenerateApiKeySuccess"
    assert await key_status(world.http, again["apiKey"]) == 200
