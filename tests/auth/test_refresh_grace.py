"""For ten seconds the refresh token used last gives the same successor again; any other use of an old one is theft."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from asgi_lifespan import LifespanManager
from httpx import AsyncClient
from sqlalchemy import text

from app.server import create_app
from auth.tokens import hash_of, successor_of
from resolvers.sign_ins import set_password
from tests.auth.accounts import quick_user
from tests.auth.test_sessions import CHANGE, LOGOUT, NEW, REFRESH, VIEWER, grace_passes, is_signed_in, login, refresh
from tests.conftest import make_settings
from tests.servers import served
from tests.world import PASSWORD, Asker, World

SUCCESS, INVALID = "RefreshSessionSuccess", "InvalidRefreshToken"


@pytest.fixture
async def session(world: World) -> dict[str, Any]:
    """The answer to Ada's login."""
    await quick_user(world, "Ada")
    return await login(world)


@pytest.fixture
async def instances(data_dir: Path, database_url: str) -> AsyncIterator[list[AsyncClient]]:
    """Clients of two applications on the tests' database, each behind a socket. Their JWT_SECRETs differ."""
    async with AsyncExitStack() as stack:
        clients = []
        for letter in "ab":
            application = create_app(make_settings(data_dir, jwt_secret=letter * 32), database_url)
            await stack.enter_async_context(LifespanManager(application))
            port = await stack.enter_async_context(served(application))
            clients.append(await stack.enter_async_context(AsyncClient(base_url=f"http://127.0.0.1:{port}")))
        yield clients


async def test_parallel_refreshes_on_two_instances_get_one_successor(
    world: World, session: dict[str, Any], instances: list[AsyncClient]
):
    clients = instances * 4

    answers = await asyncio.gather(*(Asker(client).ask(REFRESH, token=session["refreshToken"]) for client in clients))

    sessions = [answer["refreshSession"] for answer in answers]
    assert {each["__typename"] for each in sessions} == {SUCCESS}
    [successor] = {each["refreshToken"] for each in sessions}
    assert successor != session["refreshToken"]
    for client, each in zip(clients, sessions, strict=True):
        assert (await Asker(client, token=each["accessToken"]).ask(VIEWER))["viewer"] == {"username": "Ada"}
    assert await _tokens(world) == 2
    assert (await refresh(world, successor))["__typename"] == SUCCESS


async def test_a_refresh_whose_answer_was_lost_is_tried_again(
    world: World, session: dict[str, Any], instances: list[AsyncClient]
):
    await _lose_the_answer(world, instances[0], session["refreshToken"])

    retried = (await Asker(instances[1]).ask(REFRESH, token=session["refreshToken"]))["refreshSession"]

    assert retried["__typename"] == SUCCESS
    assert (await refresh(world, retried["refreshToken"]))["__typename"] == SUCCESS


async def test_within_the_grace_the_successor_expires_when_it_would_have(world: World, session: dict[str, Any]):
    await refresh(world, session["refreshToken"])
    before = await _expiries(world)

    again = await refresh(world, session["refreshToken"])

    assert again["__typename"] == SUCCESS
    assert await _expiries(world) == before


async def test_reuse_after_the_grace_ends_the_sign_in(world: World, session: dict[str, Any]):
    second = await refresh(world, session["refreshToken"])
    await grace_passes(world)

    reused = await refresh(world, session["refreshToken"])

    assert reused["__typename"] == INVALID
    assert not await is_signed_in(world, second["accessToken"])
    assert (await refresh(world, second["refreshToken"]))["__typename"] == INVALID


async def test_an_older_token_than_the_previous_one_has_no_grace(world: World, session: dict[str, Any]):
    second = await refresh(world, session["refreshToken"])
    third = await refresh(world, second["refreshToken"])

    reused = await refresh(world, session["refreshToken"])

    assert reused["__typename"] == INVALID
    for token in (session["accessToken"], second["accessToken"], third["accessToken"]):
        assert not await is_signed_in(world, token)
    for token in (second["refreshToken"], third["refreshToken"]):
        assert (await refresh(world, token))["__typename"] == INVALID


async def test_each_rotation_has_a_grace_of_its_own(world: World, session: dict[str, Any]):
    second = await refresh(world, session["refreshToken"])
    await grace_passes(world)
    third = await refresh(world, second["refreshToken"])

    again = await refresh(world, second["refreshToken"])

    assert again["refreshToken"] == third["refreshToken"]


async def test_a_sign_in_that_has_ended_has_no_grace(world: World, session: dict[str, Any]):
    second = await refresh(world, session["refreshToken"])
    await Asker(world.http, token=second["accessToken"]).ask(LOGOUT)

    assert (await refresh(world, session["refreshToken"]))["__typename"] == INVALID


@pytest.mark.parametrize("by", ["another sign-in", "the command line"])
async def test_a_changed_password_ends_the_grace_with_the_sign_in(world: World, session: dict[str, Any], by: str):
    await refresh(world, session["refreshToken"])
    if by == "another sign-in":
        other = await login(world)
        await Asker(world.http, token=other["accessToken"]).ask(CHANGE, current=PASSWORD, new=NEW)
    else:
        await set_password(world.services, "Ada", NEW)

    assert (await refresh(world, session["refreshToken"]))["__typename"] == INVALID


@pytest.mark.parametrize("end", ["DELETE FROM users WHERE username = 'Ada'", "UPDATE sign_ins SET expires_at = now()"])
async def test_a_deleted_account_and_an_expired_sign_in_have_no_grace(world: World, session: dict[str, Any], end: str):
    await refresh(world, session["refreshToken"])
    async with world.services.database.write() as db:
        await db.execute(text(end))

    answer = await world.stranger.post(REFRESH, token=session["refreshToken"])

    told = (answer["data"] or {}).get("refreshSession") or {"__typename": answer["errors"][0]["extensions"]["code"]}
    assert told["__typename"] in {INVALID, "UNAUTHENTICATED"}


async def test_a_token_of_the_version_before_that_is_used_twice_ends_its_sign_in(world: World, session: dict[str, Any]):
    async with world.services.database.write() as db:
        await db.execute(text("UPDATE refresh_tokens SET used_at = now()"))  # and no seed: it gave a random successor

    reused = await refresh(world, session["refreshToken"])

    assert reused["__typename"] == INVALID
    assert not await is_signed_in(world, session["accessToken"])


async def test_what_the_database_holds_makes_no_token(world: World, session: dict[str, Any]):
    second = await refresh(world, session["refreshToken"])

    async with world.services.database.read() as db:
        seed = await db.scalar(text("SELECT successor_seed FROM sign_ins"))
        hashes = list(await db.scalars(text("SELECT token_hash FROM refresh_tokens")))

    assert second["refreshToken"] == successor_of(session["refreshToken"], seed)
    guesses = [seed.hex(), *(each.hex() for each in hashes), *(successor_of(each.hex(), seed) for each in hashes)]
    assert not {hash_of(guess) for guess in guesses} & set(hashes)


async def _lose_the_answer(world: World, client: AsyncClient, token: str) -> None:
    """Ask for a refresh over a connection that breaks once the token is used, before the answer was read."""
    body = json.dumps({"query": REFRESH, "variables": {"token": token}}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    _reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    writer.write(head.encode() + body)
    async with asyncio.timeout(20):
        while await _tokens(world) != 2:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)
    writer.transport.abort()


async def _tokens(world: World) -> int:
    async with world.services.database.read() as db:
        return int((await db.execute(text("SELECT count(*) FROM refresh_tokens"))).scalar_one())


async def _expiries(world: World) -> list[Any]:
    statement = "SELECT expires_at FROM refresh_tokens UNION ALL SELECT expires_at FROM sign_ins ORDER BY 1"
    async with world.services.database.read() as db:
        return list(await db.scalars(text(statement)))
