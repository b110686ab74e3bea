"""What comes back from a real provider of single sign-on and must sign nobody in: forged, replayed, late."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from auth.sso import attempts
from tests.conformance.oidc_provider import OidcProvider, oidc_provider
from tests.conformance.signing_on import (
    CALLBACK_PATH,
    LOGIN_PATH,
    ME,
    accounts,
    ask,
    begun,
    changed,
    problem,
    service,
    signed_in,
)
from tests.conftest import BASE_URL
from tests.world import World


async def test_a_replayed_answer_is_refused(sso: World, provider: OidcProvider):
    provider.change("ada", preferred_username="ada", groups=["staff"])
    address = provider.sign_in(await begun(sso), "ada")
    kept = dict(sso.http.cookies)
    await sso.http.get(address)

    again = await sso.http.get(address)
    sso.http.cookies.clear()
    sso.http.cookies.update(kept)  # by somebody who keeps the attempt's cookie
    replayed = await sso.http.get(address)

    assert "was completed before" in problem(again)
    assert "was completed before, or took too long" in problem(replayed)
    assert (again.status_code, replayed.status_code) == (401, 401)


async def test_an_answer_for_another_browser_is_refused(
    sso: World, provider: OidcProvider, data_dir: Path, database_url: str
):
    provider.change("mallory", preferred_username="mallory", groups=["staff"])
    address = provider.sign_in(await begun(sso), "mallory")

    async with service(provider, data_dir, database_url) as victim:
        response = await victim.http.get(address)

    assert "begun in another browser" in problem(response)


async def test_a_wrong_nonce_is_refused(sso: World, provider: OidcProvider):
    provider.change("ada", preferred_username="ada", groups=["staff"])
    address = changed(await begun(sso), nonce="of-another-attempt")

    response = await sso.http.get(provider.sign_in(address, "ada"))

    assert response.status_code == 401
    assert "was made for another attempt" in problem(response)


async def test_a_code_without_its_verifier_is_refused(sso: World, provider: OidcProvider):
    provider.change("ada", preferred_username="ada", groups=["staff"])
    theirs, own = await begun(sso), await begun(sso)
    stolen = parse_qs(urlsplit(provider.sign_in(theirs, "ada")).query)["code"][0]

    response = await sso.http.get(changed(provider.sign_in(own, "ada"), code=stolen))

    assert response.status_code == 401
    assert await accounts(sso) == []


async def test_an_answer_that_names_another_issuer_is_refused(sso: World, provider: OidcProvider):
    provider.change("ada", preferred_username="ada", groups=["staff"])
    address = provider.sign_in(await begun(sso), "ada")

    response = await sso.http.get(changed(address, iss="https://evil.example"))

    assert "not from the provider that was asked" in problem(response)


async def test_an_expired_token_is_refused(sso: World, provider: OidcProvider):
    provider.change("ada", preferred_username="ada", groups=["staff"])
    address = provider.sign_in(await begun(sso), "ada")
    provider.set_clock(-2 * 3600)
    try:
        response = await sso.http.get(address)
    finally:
        provider.set_clock(0)

    assert response.status_code == 401
    assert "has expired" in problem(response)


async def test_an_expired_attempt_is_refused(sso: World, provider: OidcProvider, monkeypatch: pytest.MonkeyPatch):
    provider.change("ada", preferred_username="ada", groups=["staff"])
    with monkeypatch.context() as patch:
        patch.setattr(attempts, "ATTEMPT_LIFETIME", -attempts.ATTEMPT_LIFETIME)
        address = await begun(sso)

    response = await sso.http.get(provider.sign_in(address, "ada"))

    assert "took longer than ten minutes" in problem(response)


async def test_new_keys_are_looked_for_once_a_token_is_signed_by_one(sso: World, provider: OidcProvider):
    provider.change("ada", preferred_username="ada", groups=["staff"])
    await signed_in(sso, provider, "ada")
    provider.stop()
    provider.start()

    response = await signed_in(sso, provider, "ada")

    assert response.status_code == 303
    assert await accounts(sso) == ["ada"]


async def test_a_provider_that_is_away_is_told_and_asked_again_once_it_is_back(
    world: World, data_dir: Path, database_url: str
):
    await world.organization("Acme")
    with oidc_provider(BASE_URL, {"ada": {"groups": ["staff"]}}) as provider:
        async with service(provider, data_dir, database_url) as own:
            provider.stop()
            away = await own.http.get(LOGIN_PATH)
            provider.start()
            address = provider.sign_in(await begun(own), "ada")
            provider.stop()
            gone = await own.http.get(address)
            provider.start()
            back = await signed_in(own, provider, "ada")
            viewer = (await ask(own, ME))["viewer"]

    assert [response.status_code for response in (away, gone, back)] == [503, 503, 303]
    assert "does not answer as it should" in problem(away)
    assert problem(gone) == problem(away)
    assert away.headers["retry-after"] == "5"
    assert re.fullmatch(r"sso-[0-9a-f]{8}", viewer["username"])


async def test_somebody_else_in_the_issuers_place_is_not_asked(
    provider: OidcProvider, data_dir: Path, database_url: str
):
    async with service(provider, data_dir, database_url, oidc_issuer=f"{provider.issuer}/") as own:
        response = await own.http.get(LOGIN_PATH)

    assert response.status_code == 503


async def test_a_secret_that_the_provider_refuses_is_the_operators_business(
    world: World, provider: OidcProvider, data_dir: Path, database_url: str
):
    await world.organization("Acme")
    provider.change("ada", preferred_username="ada", groups=["staff"])
    async with service(provider, data_dir, database_url, oidc_client_secret="wrong") as own:
        response = await signed_in(own, provider, "ada")

    assert response.status_code == 503
    assert await accounts(world) == []


async def test_who_declines_at_the_provider_is_told_so(sso: World):
    state = parse_qs(urlsplit(await begun(sso)).query)["state"][0]

    response = await sso.http.get(CALLBACK_PATH, params={"state": state, "error": "<script>"})

    assert problem(response).startswith("Example ID has not signed you in.")
    assert "<script>" not in response.text


@pytest.mark.parametrize("query", ["", "?code=x", "?state=x", f"?state={'s' * 43}&code=x", "?state=%00&state=y"])
async def test_what_is_no_answer_is_refused(sso: World, query: str):
    response = await sso.http.get(CALLBACK_PATH + query)

    assert response.status_code == 401
    assert "Begin again" in problem(response)
    assert "script" not in response.headers["content-security-policy"].replace("script-src 'none'", "")


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/ok\nx",
        "javascript:alert(1)",
        "graphql",
        "",
        "http://testserver.evil.example/",
        "http://[",
        "/" + "x" * 2000,
    ],
)
async def test_nobody_is_led_elsewhere_afterwards(sso: World, address: str):
    response = await sso.http.get(LOGIN_PATH, params={"returnTo": address})

    assert response.status_code == 400
    assert "`returnTo` must be a path of this service" in problem(response)
