"""Somebody to record, and somebody to ask, made over GraphQL as an administrator would."""

from typing import Any

from tests.auth.test_login import LOGIN
from torture.http import client
from torture.service import ADMIN, PASSWORD

_CREATE_ORGANIZATION = """
mutation ($name: String!) {
  createOrganization(input: {name: $name}) { ... on CreateOrganizationSuccess { organization { id } } }
}
"""
_CREATE_PERSON = """
mutation ($organization: ID!) {
  createExtensionUser(input: {organizationId: $organization, username: "ada"}) {
    ... on CreateExtensionUserSuccess { apiKey }
  }
}
"""


async def ask(url: str, query: str, token: str | None = None, **variables: Any) -> Any:
    """The data of a request that must succeed."""
    async with client(url, token, timeout=30) as http:
        answer = (await http.post("/graphql", json={"query": query, "variables": variables})).json()
    if "errors" in answer:
        raise RuntimeError(str(answer["errors"]))
    return answer["data"]


async def signed_in(url: str) -> str:
    """An administrator's access token."""
    token: str = (await ask(url, LOGIN, username=ADMIN, password=PASSWORD))["login"]["accessToken"]
    return token


async def recorded_person(url: str) -> str:
    """The API key of somebody whose browsing is recorded."""
    token = await signed_in(url)
    made = await ask(url, _CREATE_ORGANIZATION, token, name="Torture")
    organization = made["createOrganization"]["organization"]["id"]
    key: str = (await ask(url, _CREATE_PERSON, token, organization=organization))["createExtensionUser"]["apiKey"]
    return key
