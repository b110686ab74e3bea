"""People to record and accounts to ask, made over GraphQL as an administrator would."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.auth.test_login import LOGIN
from torture.http import client
from torture.service import ADMIN, PASSWORD

_CREATE_ORGANIZATION = """
mutation ($name: String!) {
  createOrganization(input: {name: $name}) { ... on CreateOrganizationSuccess { organization { id } } }
}
"""
_CREATE_PERSON = """
mutation ($organization: ID!, $name: String!) {
  createExtensionUser(input: {organizationId: $organization, username: $name}) {
    ... on CreateExtensionUserSuccess { apiKey extensionUser { id uuid } }
  }
}
"""
_CREATE_USER = """
mutation ($name: String!, $password: String!) {
  createUser(input: {username: $name, password: $password}) { ... on CreateUserSuccess { user { id } } }
}
"""
_ADD_ADMIN = """
mutation ($organization: ID!, $name: String!) {
  addMember(input: {organizationId: $organization, username: $name, role: ADMIN}) {
    ... on AddMemberSuccess { offer { id } }
  }
}
"""
_ACCEPT = """
mutation ($offer: ID!) { acceptMembership(input: {id: $offer}) { ... on AcceptMembershipSuccess { role } } }
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whose browsing is recorded: their node id, their id, and the key that their browser sends."""

    node_id: str
    user_id: UUID
    key: str


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


async def organization_of(url: str, token: str, name: str, people: int) -> tuple[str, list[Person]]:
    """A new organization's node id, and so many people of it."""
    made = await ask(url, _CREATE_ORGANIZATION, token, name=name)
    organization: str = made["createOrganization"]["organization"]["id"]
    answers = [
        (await ask(url, _CREATE_PERSON, token, organization=organization, name=f"person-{number}"))
        for number in range(people)
    ]
    created = [answer["createExtensionUser"] for answer in answers]
    found = [(each["extensionUser"]["id"], UUID(each["extensionUser"]["uuid"]), each["apiKey"]) for each in created]
    return organization, [Person(*each) for each in found]


async def admin_of(url: str, token: str, organization: str, name: str) -> str:
    """The access token of a new admin of an organization alone."""
    await ask(url, _CREATE_USER, token, name=name, password=PASSWORD)
    offered = await ask(url, _ADD_ADMIN, token, organization=organization, name=name)
    signed: str = (await ask(url, LOGIN, username=name, password=PASSWORD))["login"]["accessToken"]
    await ask(url, _ACCEPT, signed, offer=offered["addMember"]["offer"]["id"])
    return signed


async def recorded_person(url: str) -> str:
    """The API key of somebody whose browsing is recorded."""
    _, [person] = await organization_of(url, await signed_in(url), "Torture", 1)
    return person.key
