"""Two tabs of one browser, whose cookies they share, go on with the session at the same moment."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route

from tests.e2e.conftest import Served
from tests.e2e.graphiql import sign_in

pytestmark = pytest.mark.e2e

ASK = """async query => {
  const body = JSON.stringify({query});
  const answer = await fetch('/graphql', {method: 'POST', headers: {'content-type': 'application/json'}, body});
  return answer.json();
}"""
REFRESH = "mutation { refreshSession(input: {delivery: COOKIE}) { __typename } }"
VIEWER = "{ viewer { username } }"


async def test_two_tabs_that_refresh_at_once_stay_signed_in(browser: Browser, service: Served):
    context = await browser.new_context()
    tabs = [await context.new_page(), await context.new_page()]
    await tabs[0].goto(f"{service.url}/graphql")
    await sign_in(tabs[0], service.username, service.password)
    await tabs[1].goto(f"{service.url}/graphql")
    before = await _refresh_cookie(tabs[0])

    both_sent = asyncio.Barrier(2)

    async def send_together(route: Route) -> None:
        await both_sent.wait()
        await route.continue_()

    for tab in tabs:
        await tab.route("**/graphql", send_together)
    refreshed: list[dict[str, Any]] = await asyncio.gather(*(tab.evaluate(ASK, REFRESH) for tab in tabs))
    viewers = await asyncio.gather(*(tab.evaluate(ASK, VIEWER) for tab in tabs))
    again = await asyncio.gather(*(tab.evaluate(ASK, REFRESH) for tab in tabs))

    outcomes = [answer["data"]["refreshSession"]["__typename"] for answer in (*refreshed, *again)]
    assert outcomes == ["RefreshSessionSuccess"] * 4
    assert [answer["data"]["viewer"] for answer in viewers] == [{"username": service.username}] * 2
    assert await _refresh_cookie(tabs[1]) != before


async def _refresh_cookie(page: Page) -> str:
    return next(cookie["value"] for cookie in await page.context.cookies() if cookie["name"] == "wb_refresh")
