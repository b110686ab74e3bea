import asyncio
from typing import Any

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

from auth.passwords import _DECOYS, _OLD_ROUNDS, Passwords
from db.queries import users
from tests.auth.accounts import quick_user
from tests.conftest import StatementCounter
from tests.world import PASSWORD, World

LOGIN = """
mutation Login($username: String!, $password: String!) {
  login(input: {username: $username, password: $password}) {
    __typename
    ... on LoginSuccess { accessToken refreshToken expiresAt viewer { username } }
    ... on Error { message }
  }
}
"""


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords()


async def test_login_gives_a_token_that_speaks_for_the_user(world: World):
    await world.user_with_password("Ada")

    login = (await world.stranger.ask(LOGIN, username="Ada", password=PASSWORD))["login"]

    asker = world.stranger
    asker.token = login["accessToken"]
    assert login["__typename"] == "LoginSuccess"
    assert login["viewer"] == {"username": "Ada"}
    assert (await asker.ask("{ viewer { username } }"))["viewer"] == {"username": "Ada"}


@pytest.mark.parametrize("typed", ["grace", "GRACE", "gRaCe"])
async def test_usernames_are_taken_in_any_case(world: World, typed: str):
    await quick_user(world, "Grace")

    login = (await world.stranger.ask(LOGIN, username=typed, password=PASSWORD))["login"]

    assert login["viewer"] == {"username": "Grace"}


@pytest.mark.parametrize("hasher", [Argon2Hasher(), BcryptHasher(rounds=_OLD_ROUNDS)])
def test_a_decoy_costs_what_a_hash_made_today_costs(hasher: Argon2Hasher | BcryptHasher):
    decoy = _DECOYS[type(hasher)]

    assert hasher.identify(decoy)
    assert not hasher.check_needs_rehash(decoy)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kinds of hashes that were computed to check a password, in alphabetical order for each attempt."""
    kinds: list[str] = []
    for kind in (Argon2Hasher, BcryptHasher):

        def verify(self: Any, password: Any, stored: Any, *, real: Any = kind.verify) -> bool:
            checked: bool = real(self, password, stored)
            kinds.append(type(self).__name__)
            return checked

        monkeypatch.setattr(kind, "verify", verify)
    return kinds


async def test_unknown_users_and_wrong_passwords_get_the_same_answer_for_the_same_work(
    world: World, statements: StatementCounter, hashed: list[str]
):
    await world.user_with_password("Ada")
    await quick_user(world, "veteran")
    await world.user("locked")
    attempts = [
        ("Ada", "correct horse batterz"),
        ("Nobody", PASSWORD),
        ("veteran", "correct horse batterz"),
        ("veteran", "x" * 73),  # more than an old hash can tell
        ("locked", PASSWORD),
    ]

    answers, costs = [], []
    for username, password in attempts:
        statements.clear()
        hashed.clear()
        answers.append((await world.stranger.post(LOGIN, username=username, password=password))["data"])
        costs.append((sorted(hashed), list(statements.statements)))

    assert answers[0]["login"]["__typename"] == "InvalidCredentials"
    assert answers == answers[:1] * len(attempts)
    assert costs[0][0] == ["Argon2Hasher", "BcryptHasher"]
    assert costs == costs[:1] * len(attempts)


async def test_a_failed_login_begins_no_session(world: World):
    await quick_user(world, "Ada")

    await world.stranger.ask(LOGIN, username="Ada", password="wrong password!")

    async with world.services.database.read() as db:
        assert (await db.exec_driver_sql("SELECT count(*) FROM sign_ins")).scalar_one() == 0


@pytest.mark.parametrize("password_hash", [None, "!", "", "$argon2id$broken", "$2b$04$broken"])
async def test_accounts_without_a_usable_hash_cannot_sign_in(world: World, password_hash: str | None):
    async with world.services.database.write() as db:
        user = await users.create(db, "locked", "!", is_super_admin=False)
        await db.exec_driver_sql("UPDATE users SET password_hash = $1 WHERE id = $2", (password_hash, user.id))

    login = (await world.stranger.ask(LOGIN, username="locked", password=PASSWORD))["login"]

    assert login["__typename"] == "InvalidCredentials"


async def test_hashes_of_the_old_service_verify(world: World):
    await quick_user(world, "veteran")

    right = (await world.stranger.ask(LOGIN, username="veteran", password=PASSWORD))["login"]
    wrong = (await world.stranger.ask(LOGIN, username="veteran", password=PASSWORD + "!"))["login"]

    assert right["__typename"] == "LoginSuccess"
    assert wrong["__typename"] == "InvalidCredentials"


async def test_a_hash_of_the_old_service_becomes_ours_at_the_first_right_password(world: World):
    user = await quick_user(world, "veteran")

    await world.stranger.ask(LOGIN, username="veteran", password=PASSWORD + "!")
    async with world.services.database.read() as db:
        before = await users.password_hash(db, user.id)
    logins = [await world.stranger.ask(LOGIN, username="veteran", password=PASSWORD) for _ in range(2)]

    async with world.services.database.read() as db:
        after = await users.password_hash(db, user.id)
    assert before
    assert before.startswith("$2a$")
    assert after
    assert after.startswith("$argon2id$")
    assert [login["login"]["__typename"] for login in logins] == ["LoginSuccess"] * 2


async def test_concurrent_logins_with_an_old_hash_all_succeed(world: World):
    await quick_user(world, "veteran")

    answers = await asyncio.gather(
        *(world.stranger.ask(LOGIN, username="veteran", password=PASSWORD) for _ in range(4))
    )

    assert [answer["login"]["__typename"] for answer in answers] == ["LoginSuccess"] * 4


@pytest.mark.parametrize("password", ["x" * 73, "é" * 200, "", "a\x7fb"])
async def test_no_password_upsets_an_old_hash(world: World, password: str):
    await quick_user(world, "veteran")

    login = (await world.stranger.ask(LOGIN, username="veteran", password=password))["login"]

    assert login["__typename"] == "InvalidCredentials"


@pytest.mark.parametrize("username", ["a\u0000b", "%", "' OR 1=1 --", "x" * 10_000])
async def test_strange_usernames_are_merely_refused(world: World, username: str):
    answer = await world.stranger.post(LOGIN, username=username, password=PASSWORD)

    if answer.get("errors"):
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    else:
        assert answer["data"]["login"]["__typename"] == "InvalidCredentials"


async def test_passwords_are_hashed_with_argon2id_and_salted(passwords: Passwords):
    first, second = await passwords.hash(PASSWORD), await passwords.hash(PASSWORD)

    assert first.startswith("$argon2id$")
    assert first != second
    assert await passwords.check(PASSWORD, first)
    assert not await passwords.check(PASSWORD.upper(), first)


async def test_decoys_are_of_the_usual_strength_and_let_nobody_in(passwords: Passwords):
    usual = await passwords.hash(PASSWORD)
    ours, old = (decoy for _, decoy in passwords._decoys)

    assert ours.split("$")[:4] == usual.split("$")[:4]
    assert old.startswith("$2b$10$")
    for password in ("a password that nobody has", PASSWORD, ""):
        for stored in (None, ""):
            assert not await passwords.check(password, stored)
