from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.auth.accounts import quick_user
from tests.auth.test_login import LOGIN
from tests.rest_requests import AUTH, BEHAVIORS, event
from tests.world import PASSWORD, Asker, Recorded, World

REFRESH = """
mutation Refresh($token: String) {
  refreshSession(input: {refreshToken: $token}) {
    __typename
    ... on RefreshSessionSuccess { accessToken refreshToken viewer { username } }
    ... on Error { message }
  }
}
"""
CHANGE = """
mutation Change($current: String!, $new: String!) {
  changePassword(input: {currentPassword: $current, newPassword: $new}) {
    __typename
    ... on ChangePasswordSuccess { viewer { username } }
    ... on InvalidInput { field }
    ... on Error { message }
  }
}
"""
CREATE = """mutation { createExtensionUser(input: {organizationId: "%s", username: "otto"}) {
    ... on CreateExtensionUserSuccess { apiKey extensionUser { uuid } }
} }"""
REGENERATE = """mutation { regenerateApiKey(input: {id: "%s"}) { ... on RegenerateApiKeySuccess { apiKey } } }"""
LOGOUT = "mutation { logout { ... on LogoutSuccess { username } } }"
VIEWER = "{ viewer { username } }"
NEW = "another battery staple"


async def login(world: World, username: str = "Ada", password: str = PASSWORD) -> dict[str, Any]:
    answer: dict[str, Any] = (await world.stranger.ask(LOGIN, username=username, password=password))["login"]
    return answer


async def refresh(world: World, token: str | None) -> dict[str, Any]:
    answer: dict[str, Any] = (await world.stranger.ask(REFRESH, token=token))["refreshSession"]
    return answer


async def grace_passes(world: World) -> None:
    """Let ten seconds and a little pass since refresh tokens were used."""
    async with world.services.database.write() as db:
        await db.execute(text("UPDATE refresh_tokens SET used_at = used_at - interval '10.1 seconds'"))


async def is_signed_in(world: World, access_token: str) -> bool:
    answer = await Asker(world.http, token=access_token).post(VIEWER)
    return "errors" not in answer


@pytest.fixture
async def session(world: World) -> dict[str, Any]:
    """The answer to Ada's login."""
    await quick_user(world, "Ada")
    return await login(world)


async def test_a_session_goes_on_with_new_tokens(world: World, session: dict[str, Any]):
    next_session = await refresh(world, session["refreshToken"])

    assert next_session["viewer"] == {"username": "Ada"}
    assert next_session["refreshToken"] != session["refreshToken"]
    assert await is_signed_in(world, next_session["accessToken"])
    assert (await refresh(world, next_session["refreshToken"]))["__typename"] == "RefreshSessionSuccess"


async def test_a_refresh_token_used_twice_ends_the_whole_sign_in(world: World, session: dict[str, Any]):
    second = await refresh(world, session["refreshToken"])
    third = await refresh(world, second["refreshToken"])

    replayed = await refresh(world, session["refreshToken"])

    assert replayed["__typename"] == "InvalidRefreshToken"
    for access_token in (session["accessToken"], second["accessToken"], third["accessToken"]):
        assert not await is_signed_in(world, access_token)
    assert (await refresh(world, third["refreshToken"]))["__typename"] == "InvalidRefreshToken"


async def test_a_reused_token_leaves_the_users_other_sign_ins_alone(world: World, session: dict[str, Any]):
    other = await login(world)
    await refresh(world, session["refreshToken"])
    await grace_passes(world)

    await refresh(world, session["refreshToken"])

    assert not await is_signed_in(world, session["accessToken"])
    assert await is_signed_in(world, other["accessToken"])


async def test_an_expired_refresh_token_is_refused(world: World, session: dict[str, Any]):
    async with world.services.database.write() as db:
        await db.execute(text("UPDATE refresh_tokens SET expires_at = now()"))

    refused = await refresh(world, session["refreshToken"])

    assert refused["__typename"] == "InvalidRefreshToken"
    assert "Sign in again" in refused["message"]


@pytest.mark.parametrize("token", ["", "nonsense", "x" * 100_000, None])
async def test_an_unknown_refresh_token_is_refused(world: World, token: str | None):
    assert (await refresh(world, token))["__typename"] == "InvalidRefreshToken"


async def test_a_refresh_prolongs_the_sign_in(world: World, session: dict[str, Any]):
    async with world.services.database.write() as db:
        await db.execute(text("UPDATE sign_ins SET expires_at = now() + interval '1 hour'"))

    await refresh(world, session["refreshToken"])

    async with world.services.database.read() as db:
        left = (await db.execute(text("SELECT expires_at - now() FROM sign_ins"))).scalar_one()
    assert left.days == 29


async def test_logout_ends_this_sign_in_at_once_and_no_other(world: World, session: dict[str, Any]):
    other = await login(world)
    asker = Asker(world.http, token=session["accessToken"])

    answer = await asker.ask(LOGOUT)

    assert answer == {"logout": {"username": "Ada"}}
    assert not await is_signed_in(world, session["accessToken"])
    assert (await refresh(world, session["refreshToken"]))["__typename"] == "InvalidRefreshToken"
    assert await is_signed_in(world, other["accessToken"])


@pytest.mark.parametrize("mutation", [LOGOUT, CHANGE])
async def test_strangers_have_no_session_to_change(world: World, mutation: str):
    variables = {"current": PASSWORD, "new": NEW} if mutation is CHANGE else {}

    error = await world.stranger.refused(mutation, **variables)

    assert error["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_changed_password_is_the_one_that_counts(world: World, session: dict[str, Any]):
    asker = Asker(world.http, token=session["accessToken"])

    changed = await asker.ask(CHANGE, current=PASSWORD, new=NEW)

    assert changed["changePassword"]["viewer"] == {"username": "Ada"}
    assert (await login(world, password=PASSWORD))["__typename"] == "InvalidCredentials"
    assert (await login(world, password=NEW))["__typename"] == "LoginSuccess"


async def test_changing_the_password_ends_every_other_session_of_the_account(world: World, session: dict[str, Any]):
    other = await login(world)
    await quick_user(world, "Grace")
    stranger = await login(world, "Grace")

    await Asker(world.http, token=session["accessToken"]).ask(CHANGE, current=PASSWORD, new=NEW)

    assert await is_signed_in(world, session["accessToken"])
    assert (await refresh(world, session["refreshToken"]))["__typename"] == "RefreshSessionSuccess"
    assert not await is_signed_in(world, other["accessToken"])
    assert (await refresh(world, other["refreshToken"]))["__typename"] == "InvalidRefreshToken"
    assert await is_signed_in(world, stranger["accessToken"])


@pytest.mark.parametrize(
    ("current", "new", "expected"),
    [
        ("wrong password", NEW, {"__typename": "InvalidCredentials"}),
        (PASSWORD, "x" * 11, {"__typename": "InvalidInput", "field": "newPassword"}),
        (PASSWORD, "x" * 257, {"__typename": "InvalidInput", "field": "newPassword"}),
    ],
)
async def test_a_refused_change_changes_nothing(
    world: World, session: dict[str, Any], current: str, new: str, expected: dict[str, str]
):
    other = await login(world)

    refused = await Asker(world.http, token=session["accessToken"]).ask(CHANGE, current=current, new=new)

    assert expected.items() <= refused["changePassword"].items()
    assert await is_signed_in(world, other["accessToken"])
    assert (await login(world))["__typename"] == "LoginSuccess"


@pytest.mark.parametrize("length", [12, 256])
async def test_passwords_of_the_shortest_and_longest_allowed_length_work(
    world: World, session: dict[str, Any], length: int
):
    await Asker(world.http, token=session["accessToken"]).ask(CHANGE, current=PASSWORD, new="é" * length)

    assert (await login(world, password="é" * length))["__typename"] == "LoginSuccess"


async def test_tokens_keys_and_passwords_are_in_the_database_only_as_hashes(world: World, session: dict[str, Any]):
    person = await world.recorded(await world.organization())
    next_session = await refresh(world, session["refreshToken"])
    secrets = [
        PASSWORD,
        *(key.removeprefix("wb_") for key in (person.key.text, *await _used(world, person))),
        *(each[name] for each in (session, next_session) for name in ("accessToken", "refreshToken")),
    ]

    stored = await _everything_stored(world)

    assert person.key.hash in stored
    assert [value for value in stored if person.key.prefix.encode() in value]
    for secret in secrets:
        assert not [value for value in stored if secret.encode() in value]


async def _used(world: World, person: Recorded) -> list[str]:
    """Let a key be used, well and badly; the keys of somebody else, who was given another one."""
    headers = {"X-API-Key": person.key.text}
    for body in (event(), event(type="tap"), event(type="tap", userId=str(UUID(int=1)))):
        await world.http.post(BEHAVIORS, json=body, headers=headers)
    await world.http.get(AUTH, headers=headers)
    await world.services.key_usage.flush()
    boss, organization = await world.super_admin(), person.row.organization_id
    created = (await boss.ask(CREATE % organization))["createExtensionUser"]
    changed = (await boss.ask(REGENERATE % created["extensionUser"]["uuid"]))["regenerateApiKey"]
    return [created["apiKey"], changed["apiKey"]]


async def _everything_stored(world: World) -> list[bytes]:
    """Every row of every table as text, and every value of a bytea column."""
    async with world.services.database.read() as db:
        columns = await db.execute(
            text(
                "SELECT table_name, column_name FROM information_schema.columns "
                "WHERE table_schema = 'public' AND data_type = 'bytea'"
            )
        )
        tables = await db.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        queries = [f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL' for table, column in columns]
        queries += [f'SELECT each::text FROM "{table}" AS each' for (table,) in tables]
        values: list[Any] = []
        for query in queries:
            values += (await db.execute(text(query))).scalars()
    return [value.encode() if isinstance(value, str) else bytes(value) for value in values]
