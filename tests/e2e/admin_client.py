"""An admin frontend in miniature: signs in and asks questions over HTTP, as any client of the schema would."""

from dataclasses import dataclass
from typing import Any

from httpx import AsyncClient

LOGIN = """
mutation Login($input: LoginInput!) {
  login(input: $input) { __typename ... on LoginSuccess { accessToken } ... on Error { message } }
}
"""
CREATE_ORGANIZATION = """
mutation CreateOrganization($input: CreateOrganizationInput!) {
  createOrganization(input: $input) {
    ... on CreateOrganizationSuccess { organization { id } }
    ... on Error { message }
  }
}
"""
CREATE_EXTENSION_USER = """
mutation CreateExtensionUser($input: CreateExtensionUserInput!) {
  createExtensionUser(input: $input) {
    ... on CreateExtensionUserSuccess { apiKey extensionUser { id uuid } }
    ... on Error { message }
  }
}
"""


@dataclass
class Admin:
    """Asks with the token it was given."""

    http: AsyncClient

    async def sign_in(self, username: str, password: str) -> None:
        """Get a token and use it from now on."""
        answer = await self.ask(LOGIN, input={"username": username, "password": password})
        self.http.headers["Authorization"] = f"Bearer {answer['login']['accessToken']}"

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of a query that must succeed."""
        response = await self.http.post("/graphql", json={"query": query, "variables": variables})
        answer = response.json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    async def new_person(self, organization: str, username: str) -> dict[str, Any]:
        """An extension user in a new organization: their `id` and `uuid`."""
        created = await self.ask(CREATE_ORGANIZATION, input={"name": organization})
        organization_id = created["createOrganization"]["organization"]["id"]
        wanted = {"organizationId": organization_id, "username": username}
        person = await self.ask(CREATE_EXTENSION_USER, input=wanted)
        extension_user: dict[str, Any] = person["createExtensionUser"]["extensionUser"]
        return extension_user
