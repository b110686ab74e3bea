"""A person browses; an admin finds it. Real pages in a real browser, a real server, real HTTP in between."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient
from playwright.async_api import Browser, Page

from tests.e2e.admin_client import Admin
from tests.e2e.conftest import Served

pytestmark = pytest.mark.e2e

FOUND = """
query Found($id: ID!, $session: String!) {
  extensionUser(id: $id) {
    sessions(period: {last: "PT1H"}) { nodes { sessionId events seconds domains urls } }
    behaviors(where: {sessionIds: [$session]}, orderBy: OLDEST_FIRST) { nodes { type url domain x y } }
    usage(period: {last: "PT1H"}) {
      total { events activeEvents users sessions uniqueDomains trackedMinutes engagedMinutes trackedSeconds }
    }
  }
}
"""


async def test_what_a_person_does_in_the_browser_is_what_the_admin_finds(
    browser: Browser, service: Served, pages_port: int
):
    async with AsyncClient(base_url=service.url) as http:
        admin = Admin(http)
        await admin.sign_in(service.username, service.password)
        person = await admin.new_person("Readers", "reader")
        parameters = f"?api={service.url}&user={person['uuid']}&session=visit-1"

        page = await browser.new_page()
        await page.goto(f"http://localhost:{pages_port}/article.html{parameters}")
        await page.get_by_role("button", name="Like").click()
        await page.mouse.wheel(0, 800)
        await _sent(page, at_least=3)
        await page.goto(f"http://127.0.0.1:{pages_port}/editor.html{parameters}")
        await page.get_by_label("Text").click()
        await page.keyboard.press("x")
        statuses = await _sent(page, at_least=4)
        await page.close(run_before_unload=True)
        found = await _found(admin, person["id"], pagehides=2)

    assert set(statuses) == {201}
    [session] = found["sessions"]["nodes"]
    behaviors = found["behaviors"]["nodes"]
    total = found["usage"]["total"]
    types = [behavior["type"] for behavior in behaviors]
    assert session["sessionId"] == "visit-1"
    assert session["events"] == len(behaviors) == total["events"]
    assert session["domains"] == [f"127.0.0.1:{pages_port}", f"localhost:{pages_port}"]
    assert session["urls"] == [
        f"http://127.0.0.1:{pages_port}/editor.html",
        f"http://localhost:{pages_port}/article.html",
    ]
    assert types[0] == "PAGESHOW"
    assert {"CLICK", "SCROLLEND", "KEYDOWN", "KEYUP", "PAGEHIDE"} <= set(types)
    assert all(behavior["x"] > 0 and behavior["y"] > 0 for behavior in behaviors if behavior["type"] == "CLICK")
    assert total["users"] == total["sessions"] == 1
    assert total["uniqueDomains"] == 2
    assert total["activeEvents"] == sum(kind not in {"BLUR", "IDLE", "VISIBILITY_HIDDEN"} for kind in types)
    assert total["trackedMinutes"] >= total["engagedMinutes"] >= 1
    assert total["trackedSeconds"] == pytest.approx(session["seconds"])


async def _sent(page: Page, at_least: int) -> list[int]:
    """The statuses of the page's posts, once there are so many and each was answered."""
    await page.wait_for_function("count => window.sent.length >= count", arg=at_least)
    statuses: list[int] = await page.evaluate("() => Promise.all(window.sent)")
    return statuses


async def _found(admin: Admin, person_id: str, *, pagehides: int) -> dict[str, Any]:
    """Return what the admin sees once both beacons have arrived: nobody is told when a beacon does."""
    for _ in range(100):
        answer = await admin.ask(FOUND, id=person_id, session="visit-1")
        found: dict[str, Any] = answer["extensionUser"]
        if sum(node["type"] == "PAGEHIDE" for node in found["behaviors"]["nodes"]) == pagehides:
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"the beacons did not arrive: {found}")
