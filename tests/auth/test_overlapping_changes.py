import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from db.queries import sign_in as sign_ins
from db.queries import user as users
from db.queries.user import UserRow
from resolvers.sign_in import set_password
from tests.auth.accounts import quick_user
from tests.auth.test_login import LOGIN
from tests.auth.test_sessions import CHANGE, NEW
from tests.world import PASSWORD, World

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"


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
