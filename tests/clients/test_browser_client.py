"""Apollo Client on a page of another origin, in a real browser: cookies, two tabs, the cache, trusted documents."""

import asyncio
import json
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route

from tests.clients.conftest import BUDGET, Acme, Frontend
from tests.world import PASSWORD

pytestmark = pytest.mark.e2e

SIGN_IN = "([name, password]) => example.signIn(example.client, name, password)"
EVERYBODY = "variables => example.everybody(example.client, variables)"
CREATE = "([organization, name]) => example.createPerson(example.client, organization, name)"
WITHOUT_CREDENTIALS = """async ([url, query, credentials]) => {
  const headers = {'Content-Type': 'application/json'};
  const answer = await fetch(url, {method: 'POST', headers, credentials, body: JSON.stringify({query})});
  return answer.json();
}"""
VIEWER = "{ viewer { username } }"


def question(acme: Acme) -> dict[str, Any]:
    return {"organization": str(acme.organization.id), "period": {"last": "P7D"}, "first": 2}


async def tab(context: BrowserContext, frontend: Frontend, host: str = "localhost") -> Page:
    page = await context.new_page()
    await page.goto(frontend.page(host))
    await page.wait_for_function("window.example")
    return page


async def sign_in(page: Page, acme: Acme) -> None:
    assert await page.evaluate(SIGN_IN, [acme.admin.username, PASSWORD]) is None


async def after_an_hour(context: BrowserContext) -> None:
    """Browsers drop the cookie of the access token when it expires."""
    await context.clear_cookies(name="wb_access")


def counts(people: list[dict[str, Any]]) -> dict[str, int]:
    return {person["username"]: person["events"] for person in people}


async def test_apollo_client_from_another_origin(browser: Browser, frontend: Frontend, acme: Acme):
    context = await browser.new_context()
    page = await tab(context, frontend)
    sent: list[dict[str, Any]] = []
    page.on("request", lambda request: sent.append(json.loads(request.post_data)) if request.post_data else None)

    wrong = await page.evaluate(SIGN_IN, [acme.admin.username, "wrong password"])
    await sign_in(page, acme)
    people = await page.evaluate(EVERYBODY, question(acme))

    assert wrong == "The username or the password is wrong."
    assert counts(people) == acme.events
    assert [person["activeMinutes"] for person in people] == [0, 1, 2, 3, 4]
    assert await page.evaluate("document.cookie") == "", "no script reads the sign-in"

    created = await page.evaluate(CREATE, [str(acme.organization.id), "dora"])
    again = await page.evaluate(CREATE, [str(acme.organization.id), "DORA"])
    long = await page.evaluate(CREATE, [str(acme.organization.id), "x" * 300])
    assert created["apiKey"].startswith("wb_")
    assert "DORA" in again["nameTaken"]
    assert "255" in long["problem"]

    pages = [body["variables"].get("after") for body in sent if body["operationName"] == "PeoplePage"]
    assert len(pages) == 3
    assert pages[0] is None
    assert all("query" not in body for body in sent), "the service knows the documents by their hashes"
    costs = await page.evaluate("example.state.costs")
    assert costs[-1]["remaining"] < costs[-1]["limit"]

    # Its hour over, the session is renewed beneath whatever is asked next, once for all that is asked at once.
    sent.clear()
    await after_an_hour(context)
    both = await page.evaluate(
        "v => Promise.all([example.dashboard(example.client, v), example.everybody(example.client, {...v, first: 3})])",
        question(acme),
    )
    assert counts(both[1]) == acme.events | {"dora": 0}
    assert [body["operationName"] for body in sent].count("Renew") == 1

    # Signed out elsewhere, the page is told, and shows its form.
    assert await page.evaluate("example.state.signedOut") is False
    await context.clear_cookies()
    refused = await page.evaluate("v => example.dashboard(example.client, v).catch(e => e.errors[0].extensions)",
                                  question(acme) | {"period": {"last": "P6D"}})  # fmt: skip
    assert refused["code"] == "UNAUTHENTICATED"
    assert await page.evaluate("example.state.signedOut") is True


async def test_two_tabs_that_find_their_session_expired_at_once_stay_signed_in(
    browser: Browser, frontend: Frontend, acme: Acme
):
    context = await browser.new_context()
    tabs = [await tab(context, frontend), await tab(context, frontend)]
    await sign_in(tabs[0], acme)
    await after_an_hour(context)
    both_renew, renewals = asyncio.Barrier(2), 0

    async def renew_together(route: Route) -> None:
        nonlocal renewals
        if '"Renew"' in (route.request.post_data or "") and renewals < 2:
            renewals += 1
            await both_renew.wait()
        await route.continue_()

    for each in tabs:
        await each.route("**/graphql", renew_together)
    people = await asyncio.gather(*(each.evaluate(EVERYBODY, question(acme)) for each in tabs))

    assert [counts(each) for each in people] == [acme.events] * 2
    assert renewals == 2
    await after_an_hour(context)
    later = await tabs[1].evaluate(EVERYBODY, question(acme) | {"period": {"last": "P3D"}})
    assert counts(later) == acme.events
    assert [await each.evaluate("example.state.signedOut") for each in tabs] == [False, False]


async def test_a_page_whose_cookies_do_not_arrive_is_told_why(browser: Browser, frontend: Frontend, acme: Acme):
    context = await browser.new_context()
    page, other_site = await tab(context, frontend), await tab(context, frontend, "127.0.0.1")
    await sign_in(page, acme)

    included = await page.evaluate(WITHOUT_CREDENTIALS, [frontend.graphql, VIEWER, "include"])
    omitted = await page.evaluate(WITHOUT_CREDENTIALS, [frontend.graphql, VIEWER, "same-origin"])
    elsewhere = await other_site.evaluate(WITHOUT_CREDENTIALS, [frontend.graphql, VIEWER, "include"])

    assert included["data"] == {"viewer": {"username": acme.admin.username}}
    for answer in (omitted, elsewhere):
        assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert '`credentials: "include"`' in answer["errors"][0]["message"]
        assert "of the same site" in answer["errors"][0]["message"]


async def test_what_two_parts_of_a_page_ask_of_one_usage_adds_up_in_the_cache(
    browser: Browser, frontend: Frontend, acme: Acme
):
    page = await tab(await browser.new_context(), frontend)
    await sign_in(page, acme)

    kept, lost = [
        await page.evaluate(f"variables => example.dashboard(example.{client}, variables)", question(acme))
        for client in ("client", "forgetful")
    ]

    assert kept["cards"]["total"] == {"__typename": "UsageMeasures", "events": 15, "activeSeconds": 600}
    assert kept["cards"]["asOf"]
    assert kept["chart"]["total"] == {"__typename": "UsageMeasures", "users": 5}
    assert sum(bucket["measures"]["activeSeconds"] for bucket in kept["chart"]["series"]) == 600
    assert lost["cards"] is None, "without typePolicies the second answer takes the place of the first"
    assert lost["chart"] is not None


async def test_what_is_answered_beside_a_refused_part_is_shown(browser: Browser, frontend: Frontend, acme: Acme):
    page = await tab(await browser.new_context(), frontend)
    await sign_in(page, acme)
    ask = "variables => example.overview(example.client, variables)"

    whole = await page.evaluate(ask, question(acme) | {"by": ["DOMAIN"]})
    part = await page.evaluate(ask, question(acme) | {"by": []})

    assert (whole["total"], whole["groups"], whole.get("problem")) == (15, 1, None)
    assert part["total"] == 15
    assert part.get("groups") is None
    assert "1 to 3" in part["problem"]


async def test_cards_are_polled_while_the_page_is_seen(browser: Browser, frontend: Frontend, acme: Acme):
    page = await tab(await browser.new_context(), frontend)
    await page.clock.install()
    await sign_in(page, acme)
    asked = 0

    def count(request: Any) -> None:
        nonlocal asked
        asked += '"Cards"' in (request.post_data or "")

    page.on("request", count)
    await page.evaluate(
        "v => { example.shown = []; example.watchCards(example.client, v, n => example.shown.push(n)) }", question(acme)
    )
    await page.wait_for_function("example.shown.length")
    async with page.expect_response(lambda response: '"Cards"' in (response.request.post_data or "")):
        await page.clock.run_for(30_000)

    assert asked == 2
    assert set(await page.evaluate("example.shown")) == {15}


async def test_a_client_whose_budget_is_spent_waits_as_long_as_it_is_told(
    browser: Browser, frontend: Frontend, acme: Acme
):
    page = await tab(await browser.new_context(), frontend)
    await sign_in(page, acme)
    refusals: list[float] = []

    async def note(response: Any) -> None:
        for error in (await response.json()).get("errors", ()) if response.request.method == "POST" else ():
            assert error["extensions"]["code"] == "TOO_MANY_REQUESTS"
            refusals.append(error["extensions"]["retryAfterSeconds"])

    page.on("response", note)
    for seconds in range(1, BUDGET):
        period = {"last": f"P90DT{seconds}S"}
        answer = await page.evaluate(EVERYBODY, question(acme) | {"period": period, "first": 10})
        assert counts(answer) == acme.events
        if refusals:
            break

    assert len(refusals) == 1
    assert 0 < refusals[0] <= 10
