"""One's own sign-ins: listed, ended one by one or all others at once."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

from tests.auth.accounts import quick_user
from tests.auth.test_login import LOGIN
from tests.auth.test_sessions import is_signed_in, login, refresh
from tests.world import PASSWORD, Asker, World

LIST = "{ viewer { signIns { id client createdAt lastUsedAt expiresAt current } } }"
END = """mutation ($id: ID!) { endSignIn(input: {signInId: $id}) {
    __typename ... on EndSignInSuccess { signInId } ... on Error { message }
} }"""
END_OTHERS = "mutation { endOtherSignIns { ... on EndOtherSignInsSuccess { ended } } }"
LOG = "{ auditLog { nodes { action actorId subjectId details { name value } } } }"


async def with_client(world: World, client: str, username: str = "Ada") -> Asker:
    """Somebody who signed in with a client of this User-Agent."""
    stranger = Asker(world.http, headers={"User-Agent": client})
    session = (await stranger.ask(LOGIN, username=username, password=PASSWORD))["login"]
    return Asker(world.http, token=session["accessToken"], headers={"User-Agent": client})


async def sign_ins(asker: Asker) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await asker.ask(LIST))["viewer"]["signIns"]
    return found


@pytest.fixture
async def laptop(world: World) -> Asker:
    await quick_user(world, "Ada")
    return await with_client(world, "Laptop/1.0 (" + "x" * 300)


async def test_the_newest_comes_first_and_the_one_in_use_is_marked(world: World, laptop: Asker):
    await with_client(world, "Telephone/2.0")

    [telephone, first] = await sign_ins(laptop)

    assert (telephone["client"], telephone["current"]) == ("Telephone/2.0", False)
    assert (first["client"], first["current"]) == (("Laptop/1.0 (" + "x" * 300)[:256], True)
    assert first["createdAt"] == first["lastUsedAt"] < first["expiresAt"]


async def test_a_refresh_counts_as_use(world: World, laptop: Asker):
    other = await login(world)
    async with world.services.database.write() as db:
        await db.execute(text("UPDATE sign_ins SET last_used_at = now() - interval '2 days'"))

    await refresh(world, other["refreshToken"])

    [newest, older] = await sign_ins(laptop)
    age = datetime.fromisoformat(newest["lastUsedAt"]) - datetime.fromisoformat(older["lastUsedAt"])
    assert age.total_seconds() >= 2 * 86_400
    assert (newest["current"], older["current"]) == (False, True)


async def test_ending_one_leaves_the_others(world: World, laptop: Asker):
    telephone = await with_client(world, "Telephone/2.0")
    tablet = await with_client(world, "Tablet/3.0")
    identifier = next(each["id"] for each in await sign_ins(laptop) if each["client"] == "Telephone/2.0")

    ended = (await laptop.ask(END, id=identifier))["endSignIn"]
    again = (await laptop.ask(END, id=identifier))["endSignIn"]

    assert ended == {"__typename": "EndSignInSuccess", "signInId": identifier}
    assert again["__typename"] == "NotFound"
    assert telephone.token
    assert tablet.token
    assert not await is_signed_in(world, telephone.token)
    assert await is_signed_in(world, tablet.token)


async def test_one_may_end_the_sign_in_in_use(world: World, laptop: Asker):
    [only] = await sign_ins(laptop)

    await laptop.ask(END, id=only["id"])

    assert laptop.token
    assert not await is_signed_in(world, laptop.token)


async def test_ending_all_others_keeps_the_one_in_use_and_is_logged(world: World, laptop: Asker):
    boss = await world.super_admin()
    ended = [(await with_client(world, name)).token for name in ("Telephone/2.0", "Tablet/3.0")]

    answer = await laptop.ask(END_OTHERS)
    nothing_left = await laptop.ask(END_OTHERS)

    assert answer["endOtherSignIns"] == {"ended": 2}
    assert nothing_left["endOtherSignIns"] == {"ended": 0}
    assert [await is_signed_in(world, token or "") for token in ended] == [False, False]
    [entry] = (await boss.ask(LOG))["auditLog"]["nodes"]
    assert (entry["action"], entry["details"]) == ("SIGN_INS_ENDED", [{"name": "count", "value": "2"}])
    assert entry["actorId"] == entry["subjectId"]


async def test_nobody_sees_or_ends_those_of_others(world: World, laptop: Asker):
    [ada] = await sign_ins(laptop)
    boss = await world.super_admin()

    seen = (await boss.ask("{ users { nodes { username signIns { id } } } }"))["users"]["nodes"]
    refused = (await boss.ask(END, id=ada["id"]))["endSignIn"]

    assert {user["username"]: user["signIns"] is None for user in seen}["Ada"]
    assert refused["__typename"] == "NotFound"
    assert laptop.token
    assert await is_signed_in(world, laptop.token)


@pytest.mark.parametrize("identifier", ["", "nonsense", "U2lnbklu", "x" * 10_000])
async def test_an_unknown_id_is_no_sign_in(laptop: Asker, identifier: str):
    assert (await laptop.ask(END, id=identifier))["endSignIn"]["__typename"] == "NotFound"
