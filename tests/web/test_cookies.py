import asyncio
import json
from collections.abc import Callable
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from tests.auth.accounts import quick_user
from tests.conftest import make_settings
from tests.servers import own_world
from tests.world import PASSWORD, World

OWN = "http://testserver"
TRUSTED = "https://admin.example"
EVIL = "https://evil.example"
LOGIN = f"""
mutation {{ login(input: {{username: "Ada", password: "{PASSWORD}", delivery: COOKIE}}) {{
  ... on LoginSuccess {{ accessToken refreshToken viewer {{ username }} }} }} }}
"""
REFRESH = """
mutation { refreshSession(input: {delivery: COOKIE}) {
  __typename ... on RefreshSessionSuccess { accessToken refreshToken viewer { username } } } }
"""
LOGOUT = "mutation { logout { ... on LogoutSuccess { username } } }"
VIEWER = "{ viewer { username } }"
ADA = {"viewer": {"username": "Ada"}}


async def post(world: World, query: str, origin: str | None = OWN, **headers: str) -> Response:
    named = {"Origin": origin} if origin else {}
    return await world.http.post("/graphql", json={"query": query}, headers=named | headers)


def code_of(response: Response) -> str:
    code: str = response.json()["errors"][0]["extensions"]["code"]
    return code


def cookies_of(response: Response) -> SimpleCookie:
    """The cookies that an answer sets."""
    cookies = SimpleCookie()
    for header in response.headers.get_list("set-cookie"):
        cookies.load(header)
    return cookies


@pytest.fixture
async def ada(world: World) -> World:
    """A world whose client, like a browser, holds the cookies of Ada's sign-in."""
    await quick_user(world, "Ada")
    assert "errors" not in (await post(world, LOGIN)).json()
    return world


@pytest.fixture
async def with_trust(data_dir: Path, database_url: str, world: World):
    """A world on https whose application trusts another origin."""
    await quick_user(world, "Ada")
    settings = make_settings(data_dir, base_url="https://api.example", cors_origins=TRUSTED)
    async with own_world(settings, database_url) as own:
        yield own


async def test_tokens_delivered_as_cookies_are_out_of_reach_of_scripts(world: World):
    await quick_user(world, "Ada")

    response = await post(world, LOGIN)

    login = response.json()["data"]["login"]
    assert login == {"accessToken": None, "refreshToken": None, "viewer": {"username": "Ada"}}
    cookies = cookies_of(response)
    assert set(cookies) == {"wb_access", "wb_refresh"}
    for cookie in cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] == "strict"
        assert cookie["path"] == "/"
        assert not cookie["domain"]
        assert not cookie["secure"]
        assert cookie.value not in response.text


async def test_cookies_are_secure_over_https(with_trust: World):
    response = await post(with_trust, LOGIN, "https://api.example")

    assert [bool(cookie["secure"]) for cookie in cookies_of(response).values()] == [True, True]


async def test_cookies_sign_a_post_from_our_own_pages_in(ada: World):
    response = await post(ada, VIEWER)

    assert response.json()["data"] == ADA


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        EVIL,
        "http://localhost:3000",
        "chrome-extension://abc",
        "http://testserver.evil.example",
        "http://testserver:81",
    ],
)
async def test_cookies_are_not_believed_from_elsewhere(ada: World, origin: str | None):
    response = await post(ada, VIEWER, origin)

    assert code_of(response) == "UNAUTHENTICATED"


@pytest.mark.parametrize("request_without_cookies", [VIEWER, REFRESH.replace("__typename", "... on Error { message }")])
async def test_a_trusted_page_that_forgot_its_cookies_is_told_how_to_send_them(
    with_trust: World, request_without_cookies: str
):
    trusted = await post(with_trust, request_without_cookies, TRUSTED)
    other = await post(with_trust, request_without_cookies, EVIL)

    assert 'credentials: \\"include\\"' in trusted.text
    assert "credentials" not in other.text


@pytest.mark.parametrize("origin", [None, OWN, EVIL])
async def test_cookies_are_not_believed_in_a_get(ada: World, origin: str | None):
    headers = {"Origin": origin} if origin else {}

    response = await ada.http.get("/graphql", params={"query": VIEWER}, headers=headers)

    assert code_of(response) == "UNAUTHENTICATED"


@pytest.mark.parametrize("mutation", [LOGOUT, REFRESH])
async def test_mutations_are_not_executed_by_a_get(ada: World, mutation: str):
    response = await ada.http.get("/graphql", params={"query": mutation}, headers={"Origin": OWN})

    assert response.status_code in {400, 405}
    assert (await post(ada, VIEWER)).json()["data"] == ADA


FORMS: dict[str, Callable[[str], dict[str, Any]]] = {
    "form": lambda query: {"data": {"query": query}},
    "form named multipart": lambda query: {"files": {"query": (None, query)}},
    "multipart request": lambda query: {
        "files": {"operations": (None, json.dumps({"query": query})), "map": (None, "{}")}
    },
    "plain text": lambda query: typed("text/plain", query),
    "plain text that says JSON, too": lambda query: typed("text/plain; application/json", query),
    "JSON in a form's type": lambda query: typed("application/x-www-form-urlencoded", query),
    "no type": lambda query: {"content": json.dumps({"query": query})},
    "GraphQL": lambda query: {"content": query, "headers": {"Content-Type": "application/graphql"}},
    "a parameter": lambda query: {"params": {"query": query}},
    "a parameter and no JSON": lambda query: {"params": {"query": query}} | typed("text/plain", "{}"),
}
"""What a page of any origin can let a browser post without asking us first (and what is like it)."""
SITES = [
    {"Origin": EVIL, "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://other.testserver", "Sec-Fetch-Site": "same-site"},
    {},
    {"Origin": OWN},  # not even our own pages
]


def typed(media_type: str, query: str) -> dict[str, Any]:
    return {"headers": {"Content-Type": media_type}, "json": {"query": query}}


@pytest.mark.parametrize("form", FORMS)
async def test_what_a_form_can_post_executes_nothing(ada: World, form: str):
    for site in SITES:
        for mutation in (LOGOUT, REFRESH, LOGIN):
            sent = FORMS[form](mutation)

            response = await ada.http.post("/graphql", **sent | {"headers": sent.get("headers", {}) | site})

            assert response.status_code in {400, 415}
            assert "data" not in response.json()
            assert "set-cookie" not in response.headers
    assert (await post(ada, VIEWER)).json()["data"] == ADA


async def test_a_post_in_json_from_elsewhere_speaks_for_nobody(ada: World):
    before = await _sign_ins(ada)

    for site in SITES[:-1]:
        response = await ada.http.post("/graphql", json={"query": LOGOUT}, headers=site)

        assert code_of(response) == "UNAUTHENTICATED"
    assert (await post(ada, VIEWER)).json()["data"] == ADA
    assert await _sign_ins(ada) == before


async def test_cookies_open_no_route_but_graphql(ada: World):
    for path in (
        "/api/v1/exports/behaviors.ndjson",
        "/api/v1/exports/behaviors.csv",
        "/api/v1/inayla/extension/users/auth",
    ):
        response = await ada.http.get(path, headers={"Origin": OWN})

        assert response.status_code == 401


@pytest.mark.parametrize("origin", [None, "null", EVIL, "http://localhost:3000", "chrome-extension://abc"])
async def test_cookies_are_not_set_for_pages_from_elsewhere(world: World, origin: str | None):
    await quick_user(world, "Ada")

    response = await post(world, LOGIN, origin)

    assert code_of(response) == "FORBIDDEN"
    assert "CORS_ORIGINS" in response.json()["errors"][0]["message"]
    assert "set-cookie" not in response.headers


async def test_trusted_origins_use_cookies_like_our_own_pages(with_trust: World):
    login = await post(with_trust, LOGIN, TRUSTED)
    answer = await post(with_trust, VIEWER, TRUSTED)

    assert "errors" not in login.json()
    assert answer.json()["data"] == ADA
    for response in (login, answer):
        assert response.headers["access-control-allow-origin"] == TRUSTED
        assert response.headers["access-control-allow-credentials"] == "true"


async def test_our_own_pages_are_known_however_the_service_was_reached(ada: World):
    cookies = "; ".join(f"{name}={value}" for name, value in ada.http.cookies.items())

    response = await post(ada, VIEWER, "http://10.0.0.7:8080", Host="10.0.0.7:8080", Cookie=cookies)

    assert response.json()["data"] == ADA


async def test_a_session_in_cookies_is_refreshed_by_cookie(ada: World):
    before = dict(ada.http.cookies)

    response = await post(ada, REFRESH)

    assert response.json()["data"]["refreshSession"] == {
        "__typename": "RefreshSessionSuccess",
        "accessToken": None,
        "refreshToken": None,
        "viewer": {"username": "Ada"},
    }
    after = {name: cookie.value for name, cookie in cookies_of(response).items()}
    assert after["wb_access"] != before["wb_access"]
    assert after["wb_refresh"] != before["wb_refresh"]
    assert (await post(ada, VIEWER)).json()["data"] == ADA


async def test_two_tabs_that_refresh_with_one_cookie_end_with_one_that_holds(ada: World):
    held = "; ".join(f"{name}={value}" for name, value in ada.http.cookies.items())

    answers = await asyncio.gather(*(post(ada, REFRESH, Cookie=held) for _ in range(2)))

    told = [answer.json()["data"]["refreshSession"]["__typename"] for answer in answers]
    assert told == ["RefreshSessionSuccess"] * 2
    [token] = {cookies_of(answer)["wb_refresh"].value for answer in answers}
    assert token not in held
    assert (await post(ada, VIEWER)).json()["data"] == ADA
    assert (await post(ada, REFRESH)).json()["data"]["refreshSession"]["__typename"] == "RefreshSessionSuccess"


@pytest.mark.parametrize("origin", [None, EVIL])
async def test_a_session_in_cookies_is_not_refreshed_from_elsewhere(ada: World, origin: str | None):
    response = await post(ada, REFRESH, origin)

    assert response.json()["data"]["refreshSession"]["__typename"] == "InvalidRefreshToken"
    assert (await post(ada, REFRESH)).json()["data"]["refreshSession"]["__typename"] == "RefreshSessionSuccess"


async def test_logout_takes_the_cookies_away(ada: World):
    held = dict(ada.http.cookies)

    response = await post(ada, LOGOUT)

    assert response.json()["data"] == {"logout": {"username": "Ada"}}
    assert not ada.http.cookies
    cleared = cookies_of(response)
    assert set(cleared) == set(held)
    assert all(cookie.value == "" and cookie["max-age"] == "0" for cookie in cleared.values())
    replayed = "; ".join(f"{name}={value}" for name, value in held.items())
    assert code_of(await post(ada, VIEWER, Cookie=replayed)) == "UNAUTHENTICATED"


async def test_logout_ends_a_session_whose_access_token_has_expired(ada: World):
    refresh_token = ada.http.cookies["wb_refresh"]
    ada.http.cookies.delete("wb_access")  # as browsers do after an hour

    response = await post(ada, LOGOUT)

    assert response.json()["data"] == {"logout": {"username": "Ada"}}
    assert set(cookies_of(response)) == {"wb_access", "wb_refresh"}
    assert not ada.http.cookies
    replayed = await post(ada, REFRESH, Cookie=f"wb_refresh={refresh_token}")
    assert replayed.json()["data"]["refreshSession"]["__typename"] == "InvalidRefreshToken"
    assert await _sign_ins(ada) == 0


async def test_logout_takes_cookies_away_that_do_not_hold_any_more(world: World):
    response = await post(world, LOGOUT, Cookie="wb_access=old; wb_refresh=older")

    assert code_of(response) == "UNAUTHENTICATED"
    assert {name: cookie.value for name, cookie in cookies_of(response).items()} == {"wb_access": "", "wb_refresh": ""}


@pytest.mark.parametrize("origin", [None, EVIL])
async def test_pages_from_elsewhere_sign_nobody_out(ada: World, origin: str | None):
    ada.http.cookies.delete("wb_access")

    response = await post(ada, LOGOUT, origin)

    assert code_of(response) == "UNAUTHENTICATED"
    assert "set-cookie" not in response.headers
    assert (await post(ada, REFRESH)).json()["data"]["refreshSession"]["__typename"] == "RefreshSessionSuccess"


async def test_a_session_that_cannot_be_delivered_does_not_begin(world: World):
    await quick_user(world, "Ada")

    response = await post(world, LOGIN, EVIL)

    assert code_of(response) == "FORBIDDEN"
    assert await _sign_ins(world) == 0


async def test_a_refresh_token_whose_successor_cannot_be_delivered_is_not_used_up(ada: World):
    token = ada.http.cookies["wb_refresh"]
    mutation = REFRESH.replace("{delivery", f'{{refreshToken: "{token}", delivery')

    refused = await post(ada, mutation, EVIL)

    assert code_of(refused) == "FORBIDDEN"
    assert (await post(ada, REFRESH)).json()["data"]["refreshSession"]["__typename"] == "RefreshSessionSuccess"


async def test_a_service_on_https_does_not_believe_its_host_on_http(with_trust: World):
    response = await post(with_trust, LOGIN, "http://api.example")

    assert code_of(response) == "FORBIDDEN"
    assert "errors" not in (await post(with_trust, LOGIN, "https://10.0.0.7", Host="10.0.0.7")).json()


async def test_a_bearer_token_wins_over_cookies(ada: World):
    grace = await ada.sign_in(await ada.user("Grace"))

    good = await post(ada, VIEWER, Authorization=f"Bearer {grace.token}")
    bad = await post(ada, VIEWER, Authorization="Bearer nonsense")

    assert good.json()["data"] == {"viewer": {"username": "Grace"}}
    assert code_of(bad) == "UNAUTHENTICATED"


async def _sign_ins(world: World) -> int:
    async with world.services.database.read() as db:
        return int((await db.exec_driver_sql("SELECT count(*) FROM sign_ins")).scalar_one())
