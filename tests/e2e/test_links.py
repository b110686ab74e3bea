"""Invited, accepted, signed in; forgotten, reset, signed in: in a browser, by links from mails that were received."""

import pytest
from httpx import AsyncClient
from playwright.async_api import Browser, Page, expect

from tests.e2e.admin_client import CREATE_ORGANIZATION, Admin
from tests.e2e.conftest import Served
from tests.e2e.graphiql import sign_in
from tests.mail_server import MailServer, link_in

pytestmark = pytest.mark.e2e

INVITE = """
mutation Invite($input: InviteMemberInput!) {
  inviteMember(input: $input) { __typename ... on InviteMemberSuccess { link mail } ... on Error { message } }
}
"""
PASSWORD = "first horse battery"
NEW_PASSWORD = "second horse battery"


async def test_an_invitation_leads_to_an_account_and_a_forgotten_password_to_a_new_one(
    browser: Browser, service: Served, mails: MailServer
):
    async with AsyncClient(base_url=service.url) as http:
        admin = Admin(http)
        await admin.sign_in(service.username, service.password)
        organization = (await admin.ask(CREATE_ORGANIZATION, input={"name": "Acme"}))["createOrganization"]
        wanted = {"organizationId": organization["organization"]["id"], "role": "MEMBER", "email": "nora@example.com"}
        invited = (await admin.ask(INVITE, input=wanted))["inviteMember"]
    page = await (await browser.new_context()).new_page()
    problems, asked = _listen(page)

    link = link_in(await mails.mail_to("nora@example.com"))
    await page.goto(link)
    await expect(page.locator("#invited")).to_contain_text("become a member of Acme")
    await _fill(page, "#new-account", username="nora", password=PASSWORD)
    await expect(page.locator("#done")).to_contain_text("You are a member of Acme now.")
    username = await page.locator("#username").inner_text()
    after_use = page.url

    await page.goto(link_in(await mails.mail_to("nora@example.com", 2)))
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.locator("#done")).to_contain_text(f"The account {username} has the mail address nora@example.com")

    await page.goto(f"{service.url}/graphql")
    await page.get_by_role("link", name="Forgot password?").click()
    await _fill(page, "#request", username=username)
    await expect(page.locator("#requested")).to_be_visible()
    reset = link_in(await mails.mail_to("nora@example.com", 3))
    await page.goto(reset)
    await _fill(page, "#reset", password=NEW_PASSWORD, again=NEW_PASSWORD)
    await expect(page.locator("#done")).to_contain_text(f"The password of {username} is set.")
    await page.get_by_role("link", name="Sign in").click()
    await sign_in(page, username, NEW_PASSWORD)

    assert invited == {"__typename": "InviteMemberSuccess", "link": link, "mail": "SENT"}
    assert after_use == f"{service.url}/invitation"
    assert problems == []
    tokens = [each.partition("#")[2] for each in (link, reset)]
    assert not [url for url in asked for token in tokens if token in url.partition("#")[0]]

    for used, problem in ((link, "This link was used before"), (reset, "This link was used before")):
        again = await browser.new_page()
        await again.goto(used)
        if used == reset:
            await _fill(again, "#reset", password=NEW_PASSWORD, again=NEW_PASSWORD)
        await expect(again.locator("#problem")).to_contain_text(problem)


async def test_whoever_has_an_account_signs_in_to_accept(browser: Browser, service: Served):
    async with AsyncClient(base_url=service.url) as http:
        admin = Admin(http)
        await admin.sign_in(service.username, service.password)
        organization = (await admin.ask(CREATE_ORGANIZATION, input={"name": "Bolt"}))["createOrganization"]
        wanted = {"organizationId": organization["organization"]["id"], "role": "VIEWER", "email": "ada@example.com"}
        link = (await admin.ask(INVITE, input=wanted))["inviteMember"]["link"]
    page = await (await browser.new_context()).new_page()
    problems, _ = _listen(page)

    await page.goto(link)
    await _fill(page, "#sign-in", username=service.username, password="a wrong password")
    await expect(page.locator("#problem")).to_contain_text("The username or the password is wrong.")
    await _fill(page, "#sign-in", username=service.username, password=service.password)

    await expect(page.locator("#done")).to_contain_text("You are a viewer of Bolt now.")
    assert problems == []


async def _fill(page: Page, form: str, **values: str) -> None:
    """Fill a form in and send it."""
    for name, value in values.items():
        await page.locator(f"{form} input[name={name}]").fill(value)
    await page.locator(f"{form} button").click()


def _listen(page: Page) -> tuple[list[str], list[str]]:
    """Return lists to which the page's errors, and the addresses that it asks for, are added as they come."""
    problems: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    return problems, asked
