"""Single sign-on in a browser, at a real provider of another site: in, out, refused, in two tabs."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from httpx import AsyncClient
from playwright.async_api import Browser, Page, expect

from tests.conformance.oidc_provider import CLIENT_ID, CLIENT_SECRET, OidcProvider, oidc_provider
from tests.e2e.graphiql import result_text, run_example
from tests.free_ports import free_port
from tests.links.requests import invited, token_in
from tests.metrics.test_freshness import ready, serving
from tests.world import World

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def url() -> str:
    """The address of the service: for browsers another site than that of the provider, which is 127.0.0.1."""
    return f"http://localhost:{free_port()}"


@pytest.fixture(scope="module")
def provider(url: str) -> Iterator[OidcProvider]:
    """The provider of a module's tests."""
    people = {
        "ada": {"preferred_username": "Ada", "groups": ["staff"]},
        "stranger": {"preferred_username": "stranger", "groups": []},
    }
    with oidc_provider(url, people) as running:
        yield running


@asynccontextmanager
async def served(
    url: str, provider: OidcProvider, data_dir: Path, database_url: str, **more: str
) -> AsyncIterator[str]:
    """The address of `web-behavior serve` with single sign-on."""
    settings = {
        "ENV": "test",
        "PORT": url.rpartition(":")[2],
        "DATABASE_URL": database_url,
        "DATA_DIR": str(data_dir),
        "OIDC_ISSUER": provider.issuer,
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "OIDC_NAME": "Example ID",
        "OIDC_GROUPS": '{"staff": "Acme/member"}',
    }
    process = serving(os.environ | settings | more)
    try:
        async with AsyncClient(base_url=url) as client:
            await ready(client)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture
async def service(
    world: World, url: str, provider: OidcProvider, data_dir: Path, database_url: str
) -> AsyncIterator[str]:
    """The address of the service, where the organization Acme is. (`world` empties the database afterwards.)"""
    await world.organization("Acme")
    async with served(url, provider, data_dir, database_url) as address:
        yield address


async def test_somebody_signs_in_at_the_provider_works_and_signs_out_of_both(
    browser: Browser, service: str, provider: OidcProvider
):
    page = await (await browser.new_context()).new_page()
    problems = _violations(page)

    await page.goto(f"{service}/graphql")
    await expect(page.locator("input[name=password]")).to_be_visible()
    await page.get_by_role("link", name="Sign in by Example ID").click()
    await _sign_in_at_the_provider(page, "ada")
    await expect(page.locator("#signed-in")).to_contain_text("Ada")
    came_to = page.url
    await run_example(page, 0, "username")
    answer = await result_text(page)

    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("button", name="Yes, sign me out").click()
    await expect(page.get_by_role("link", name="Sign in by Example ID")).to_be_visible()
    left_to = page.url
    await page.get_by_role("link", name="Sign in by Example ID").click()
    await expect(page.locator("input[name=login]")).to_be_visible()  # signed out there, too

    assert came_to == left_to == f"{service}/graphql"
    assert '"Ada"' in answer
    assert problems == []
    assert provider.issuer in page.url


async def test_two_tabs_sign_in_at_once(browser: Browser, service: str):
    context = await browser.new_context()
    tabs = [await context.new_page(), await context.new_page()]
    for tab in tabs:
        await tab.goto(f"{service}/auth/sso/login")
    for tab in reversed(tabs):
        await _sign_in_at_the_provider(tab, "ada")

    for tab in tabs:
        await expect(tab.locator("#signed-in")).to_contain_text("Ada")


async def test_who_is_refused_reads_why_and_may_be_somebody_else(browser: Browser, service: str):
    page = await (await browser.new_context()).new_page()
    problems = _violations(page)

    await page.goto(f"{service}/auth/sso/login")
    await _sign_in_at_the_provider(page, "stranger")
    await expect(page.locator("#problem")).to_contain_text("you are in none of the groups")
    await page.get_by_role("link", name="Begin again").click()
    await _sign_in_at_the_provider(page, "ada")

    await expect(page.locator("#signed-in")).to_contain_text("Ada")
    assert problems == []


async def test_where_it_is_the_only_way_an_invitation_is_accepted_by_it(
    browser: Browser, world: World, url: str, provider: OidcProvider, data_dir: Path, database_url: str
):
    await world.organization("Acme")
    bolt = await world.organization("Bolt")
    token = token_in((await invited(await world.member(bolt), bolt))["link"])
    page = await (await browser.new_context()).new_page()
    problems = _violations(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    async with served(url, provider, data_dir, database_url, SSO_ONLY="true") as service:
        await page.goto(f"{service}/graphql")
        await expect(page.get_by_role("link", name="Sign in by Example ID")).to_be_visible()
        assert await page.locator("input[name=password]").count() == 0
        await page.goto(f"{service}/password-reset")
        await expect(page.locator("main")).to_contain_text("Passwords are not accepted here.")
        await page.goto(f"{service}/invitation#{token}")
        await expect(page.locator("#invited")).to_contain_text("become a member of Bolt")
        await page.get_by_role("link", name="Sign in by Example ID").click()
        await _sign_in_at_the_provider(page, "ada")
        await expect(page.locator("#as-viewer")).to_contain_text("You are signed in as Ada.")
        await page.get_by_role("button", name="Accept the invitation").click()
        await expect(page.locator("#done")).to_contain_text("You are a member of Bolt now.")

    assert problems == []
    assert not [address for address in asked if token in address.partition("#")[0]]
    assert await page.evaluate("sessionStorage.length") == 0


async def _sign_in_at_the_provider(page: Page, name: str) -> None:
    await page.locator("input[name=login]").fill(name)
    await page.locator("input[name=password]").fill("any")
    await page.get_by_role("button", name="Sign-in").click()


def _violations(page: Page) -> list[str]:
    """Return a list to which violations of the Content-Security-Policy and exceptions of scripts are added."""
    problems: list[str] = []
    page.on(
        "console",
        lambda message: problems.append(message.text) if "Content Security Policy" in message.text else None,
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    return problems
