"""Saved queries as tabs of GraphiQL: there after signing in, run like any other, gone after signing out."""

import json
import re
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.e2e.conftest import Served
from tests.e2e.graphiql import result_text, sign_in

pytestmark = pytest.mark.e2e

LOGIN = """mutation ($input: LoginInput!) { login(input: $input) { ... on LoginSuccess { accessToken } } }"""
CREATE = """mutation { createOrganization(input: { name: "Acme" }) {
    ... on CreateOrganizationSuccess { organization { id } }
} }"""
SAVE = """mutation ($input: SaveQueryInput!) { saveQuery(input: $input) { __typename } }"""
DOCUMENT = "query Named($id: ID!) { organization(id: $id) { name } }"


async def test_saved_queries_are_tabs(browser: Browser, service: Served):
    organization = _save_question(service, "How it is called")
    page = await browser.new_page()
    await page.goto(f"{service.url}/graphql")
    tab = page.get_by_role("tab", name="How it is called")
    await expect(page.locator("input[name=username]")).to_be_visible()
    await expect(tab).to_have_count(0)

    await sign_in(page, service.username, service.password)
    await tab.click()
    await page.get_by_role("button", name=re.compile("Execute query")).click()
    await expect(page.locator('section[aria-label="Result Window"] .view-lines')).to_contain_text("Acme")
    answer = json.loads(await result_text(page))
    assert answer["data"] == {"organization": {"name": "Acme"}}, organization

    await page.locator("#graphiql-session-tab-0").click()
    await page.locator("#sign-out").click()
    await expect(page.locator("input[name=username]")).to_be_visible()
    await expect(tab).to_have_count(0)


def _save_question(service: Served, name: str) -> str:
    """Save a query of an organization, and return the organization's id."""
    with httpx.Client(base_url=service.url) as client:

        def ask(query: str, **variables: object) -> dict[str, Any]:
            answer = client.post("/graphql", json={"query": query, "variables": variables}).json()
            assert "errors" not in answer, answer
            data: dict[str, Any] = answer["data"]
            return data

        given = {"username": service.username, "password": service.password}
        token = ask(LOGIN, input=given)["login"]["accessToken"]
        client.headers["Authorization"] = f"Bearer {token}"
        organization: str = ask(CREATE)["createOrganization"]["organization"]["id"]
        saved = {"organizationId": organization, "name": name, "document": DOCUMENT, "variables": {"id": organization}}
        assert ask(SAVE, input=saved)["saveQuery"] == {"__typename": "SaveQuerySuccess"}
        return organization
