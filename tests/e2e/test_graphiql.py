"""GraphiQL and Swagger UI in a browser that reaches nothing but this machine."""

import json

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import Served
from tests.e2e.graphiql import result_text, run_example, sign_in

pytestmark = pytest.mark.e2e


async def test_graphiql_signs_in_and_runs_a_ready_made_example(browser: Browser, service: Served):
    page = await browser.new_page()
    problems = _listen(page, service)

    await page.goto(f"{service.url}/graphql")
    await expect(page).to_have_title("GraphiQL · web-behavior")
    await sign_in(page, service.username, service.password)
    await run_example(page, 1, "trackedSeconds")
    answer = json.loads(await result_text(page))

    assert set(answer["data"]["usage"]["total"]) == {
        "events",
        "activeEvents",
        "users",
        "sessions",
        "uniqueDomains",
        "trackedMinutes",
        "engagedMinutes",
        "trackedSeconds",
        "activeSeconds",
    }
    assert problems == []
    assert await page.evaluate("Object.keys(localStorage).filter(key => key !== 'graphiql:theme')") == []
    assert "wb_access" not in await page.evaluate("document.cookie")


async def test_swagger_shows_the_three_routes(browser: Browser, service: Served):
    page = await browser.new_page()
    problems = _listen(page, service)

    await page.goto(f"{service.url}/swagger")

    for path in ("/api/v1/inayla/behaviors/batch", "/api/v1/inayla/extension/users/auth"):
        await expect(page.get_by_text(path, exact=True)).to_be_visible()
    assert problems == []


def _listen(page: Page, service: Served) -> list[str]:
    """Return a list to which the errors of the page, and its requests to other hosts, are added as they come."""
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: problems.append(request.url) if not _is_local(request.url, service) else None)
    return problems


def _is_local(url: str, service: Served) -> bool:
    return url.startswith((service.url, "data:", "blob:"))
