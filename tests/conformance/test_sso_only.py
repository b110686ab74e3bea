"""SSO_ONLY: no password is read, set or reset, whoever asks; what somebody with a shell can do all the same."""

import html
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from resolvers.sign_ins import set_password
from tests.auth.accounts import quick_user
from tests.auth.test_login import LOGIN
from tests.conformance.oidc_provider import OidcProvider
from tests.conformance.signing_on import ask, service, signed_in
from tests.links.requests import (
    ACCEPT,
    CHANGE_EMAIL,
    NEW_PASSWORD,
    REQUEST_RESET,
    RESET,
    invited,
    token_in,
)
from tests.world import PASSWORD, Asker, World

REFUSED = {
    "__typename": "PasswordsNotAccepted",
    "message": "Passwords are not accepted here. Sign in by Example ID, at /auth/sso/login.",
}
REFRESH = """mutation ($token: String!) { refreshSession(input: {refreshToken: $token}) {
    __typename ... on RefreshSessionSuccess { accessToken } ... on Error { message }
} }"""
CHANGE_PASSWORD = """mutation ($input: ChangePasswordInput!) { changePassword(input: $input) {
    __typename ... on Error { message }
} }"""


@pytest.fixture
async def only(world: World, provider: OidcProvider, data_dir: Path, database_url: str) -> AsyncIterator[World]:
    """The service where single sign-on is the only way in, and the organization Acme."""
    await world.organization("Acme")
    provider.change("ada", preferred_username="ada", groups=["staff"])
    async with service(provider, data_dir, database_url, sso_only=True) as own:
        yield own


@pytest.mark.parametrize(
    ("mutation", "name", "arguments"),
    [
        (REQUEST_RESET, "requestPasswordReset", {"username": "ada"}),
        (RESET, "resetPassword", {"token": "x", "newPassword": NEW_PASSWORD}),
        (ACCEPT, "acceptInvitation", {"token": "x", "newAccount": {"username": "nora", "password": PASSWORD}}),
        (CHANGE_PASSWORD, "changePassword", {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}),
        (CHANGE_EMAIL, "changeEmail", {"email": "ada@example.com", "currentPassword": PASSWORD}),
    ],
)
async def test_whatever_takes_a_password_is_refused(
    only: World, provider: OidcProvider, mutation: str, name: str, arguments: dict[str, Any]
):
    await signed_in(only, provider, "ada")

    answer = await ask(only, mutation, input=arguments)

    assert answer == {name: REFUSED}


@pytest.mark.parametrize("username", ["veteran", "nobody"])
@pytest.mark.parametrize("password", [PASSWORD, "a wrong password"])
async def test_a_password_is_refused_whosever_it_is(only: World, username: str, password: str):
    await quick_user(only, "veteran", is_super_admin=True)

    answer = await only.stranger.ask(LOGIN, username=username, password=password)

    assert answer["login"]["__typename"] == REFUSED["__typename"]
    assert answer["login"]["message"] == REFUSED["message"]


async def test_a_sign_in_with_a_password_from_before_ends_with_its_access_token(
    only: World, world: World, provider: OidcProvider, data_dir: Path, database_url: str
):
    await quick_user(world, "veteran")
    async with service(provider, data_dir, database_url) as before:
        tokens = (await before.stranger.ask(LOGIN, username="veteran", password=PASSWORD))["login"]
    veteran = Asker(only.http, None, tokens["accessToken"])

    renewed = (await only.stranger.ask(REFRESH, token=tokens["refreshToken"]))["refreshSession"]
    viewer = (await veteran.ask("{ viewer { username } }"))["viewer"]
    cookies = {"wb_refresh": tokens["refreshToken"]}
    for name, value in cookies.items():
        only.http.cookies.set(name, value)
    signed_out = await ask(only, "mutation { logout { __typename } }")
    afterwards = await veteran.refused("{ viewer { username } }")

    assert renewed == REFUSED
    assert viewer == {"username": "veteran"}
    assert signed_out == {"logout": {"__typename": "LogoutSuccess"}}
    assert afterwards["extensions"]["code"] == "UNAUTHENTICATED"


async def test_an_invitation_is_accepted_by_whoever_signed_in_at_the_provider(only: World, provider: OidcProvider):
    bolt = await only.organization("Bolt")
    invitation = await invited(await only.member(bolt), bolt)
    await signed_in(only, provider, "ada")

    accepted = (await ask(only, ACCEPT, input={"token": token_in(invitation["link"])}))["acceptInvitation"]

    assert (accepted["__typename"], accepted["organizationName"]) == ("AcceptInvitationSuccess", "Bolt")


async def test_the_pages_offer_no_password(only: World):
    graphiql = await only.http.get("/graphql", headers={"Accept": "text/html"})
    pages = [await only.http.get(path) for path in ("/password-reset", "/invitation")]

    ways = re.search(r'data-sign-in="([^"]+)"', graphiql.text)
    assert ways, graphiql.text
    told = json.loads(html.unescape(ways[1]))
    assert (told["provider"], told["passwords"], told["passwordReset"]) == ("Example ID", False, None)
    for page in pages:
        assert 'type="password"' not in page.text
        assert "Sign in by Example ID" in page.text


async def test_somebody_with_a_shell_gets_in_by_a_process_of_their_own(
    only: World, world: World, provider: OidcProvider, data_dir: Path, database_url: str
):
    """As docs/single-sign-on.md says: the provider is away, and passwords are accepted by that process alone."""
    await quick_user(world, "root", is_super_admin=True)
    async with service(provider, data_dir, database_url, sso_only=False) as own_process:
        await set_password(own_process.services, "root", NEW_PASSWORD)
        login = (await own_process.stranger.ask(LOGIN, username="root", password=NEW_PASSWORD))["login"]

    elsewhere = Asker(only.http, None, login["accessToken"])
    assert (await elsewhere.ask("{ viewer { isSuperAdmin } }"))["viewer"] == {"isSuperAdmin": True}
    assert (await only.stranger.ask(REFRESH, token=login["refreshToken"]))["refreshSession"] == REFUSED
