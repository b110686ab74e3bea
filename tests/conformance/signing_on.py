"""A service with single sign-on, and the browser of somebody who uses it."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from httpx import Response

from tests.conformance.oidc_provider import CLIENT_ID, CLIENT_SECRET, OidcProvider
from tests.conftest import BASE_URL, make_settings
from tests.servers import own_world
from tests.world import World

LOGIN_PATH, CALLBACK_PATH, LOGOUT_PATH = "/auth/sso/login", "/auth/sso/callback", "/auth/sso/logout"
NAME = "Example ID"
ME = """{
  viewer { username isSuperAdmin memberships { role bySso organization { name } } signIns { client current } }
}"""
OWN = {"Origin": BASE_URL}


@asynccontextmanager
async def service(provider: OidcProvider, data_dir: Path, database_url: str, **changes: Any) -> AsyncIterator[World]:
    """A service whose people are those of the provider; its client is a browser of one person."""
    settings = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": CLIENT_SECRET,
        "oidc_name": NAME,
        "oidc_groups": {"staff": "Acme/member", "chiefs": "Acme/admin", "lost": "Nowhere/member"},
        "oidc_group_prefix": "wb:",
        "jwt_secret": "s" * 32,
    }
    async with own_world(make_settings(data_dir, **(settings | changes)), database_url) as world:
        yield world


async def begun(world: World, **parameters: str) -> str:
    """The provider's address that a browser is led to."""
    response = await world.http.get(LOGIN_PATH, params=parameters)
    assert response.status_code == 303, response.text
    return response.headers["location"]


async def signed_in(world: World, provider: OidcProvider, name: str) -> Response:
    """The answer to somebody who comes back from the provider."""
    return await world.http.get(provider.sign_in(await begun(world), name))


def changed(address: str, **parameters: str) -> str:
    """The address with other parameters."""
    parts = urlsplit(address)
    return parts._replace(query=urlencode(dict(parse_qsl(parts.query)) | parameters)).geturl()


def problem(response: Response) -> str:
    """What the page tells; nobody was signed in."""
    assert "wb_access" not in response.cookies
    found = re.search(r'id="problem">(.*?)</p>', response.text)
    assert found, response.text
    return html.unescape(found[1])


async def ask(world: World, query: str, **variables: Any) -> dict[str, Any]:
    """The data that a page of the browser is answered."""
    body = {"query": query, "variables": variables}
    response = await world.http.post("/graphql", json=body, headers=OWN)
    answer: dict[str, Any] = response.json()
    return answer.get("data") or answer


async def accounts(world: World) -> list[str]:
    """The usernames of all accounts."""
    async with world.services.database.read() as db:
        return list((await db.exec_driver_sql("SELECT username FROM users ORDER BY username")).scalars())
