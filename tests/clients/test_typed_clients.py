"""Clients made from the schema by their own tools: they type-check, and ask the running service."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from auth.tokens import hash_of
from core.clock import now
from db.queries import sign_ins
from resolvers.services import Services
from tests.clients.conftest import ARIADNE, BIN, ROOT, Acme, Frontend, printed, run
from tests.world import PASSWORD, Asker, World

LOGIN = """
mutation ($username: String!, $password: String!) { login(input: { username: $username, password: $password }) {
  ... on LoginSuccess { accessToken refreshToken } } }"""
TOKEN = """
mutation ($organization: ID!, $scopes: [TokenScope!]!) {
  createServiceAccount(input: { organizationId: $organization, name: "Report", scopes: $scopes }) {
    ... on CreateServiceAccountSuccess { token }
  }
}"""
PEOPLE = ["METRICS_READ", "ORGANIZATION_READ", "PEOPLE_READ", "PEOPLE_WRITE"]


async def signed_in(acme: Acme, frontend: Frontend) -> dict[str, str]:
    """The tokens of Acme's admin."""
    answer = await Asker(frontend.http).ask(LOGIN, username=acme.admin.username, password=PASSWORD)
    tokens: dict[str, str] = answer["login"]
    return tokens


async def service_account(acme: Acme, frontend: Frontend, scopes: list[str]) -> str:
    """A new API token of the organization."""
    admin = Asker(frontend.http, token=(await signed_in(acme, frontend))["accessToken"])
    answer = await admin.ask(TOKEN, organization=str(acme.organization.id), scopes=scopes)
    token: str = answer["createServiceAccount"]["token"]
    return token


def expired(services: Services, token: str) -> str:
    """The same access token as it is when its hour is over."""
    claims = services.tokens.read(token)
    return services.tokens._sign(claims, "access", timedelta(hours=-1)).text


def counts(people: list[dict[str, Any]]) -> dict[str, int]:
    return {person["username"]: person["events"] for person in people}


def scalars() -> set[str]:
    return set(re.findall(r"^scalar (\w+)", (ROOT / "schema.graphql").read_text(), re.MULTILINE))


def test_typescript_has_nothing_to_say(examples: Path):
    run(examples, "npm", "run", "--silent", "check")


def test_mypy_has_nothing_to_say_of_the_python_client(examples: Path, tmp_path: Path):
    python = f"--python-executable={ARIADNE / 'python'}"
    mypy: list[str | Path] = [BIN / "mypy", "--strict", f"--cache-dir={tmp_path}", "--config-file=", python]

    run(examples / "ariadne-codegen", *mypy, "report.py")


def test_no_value_is_of_an_unknown_type(examples: Path):
    generated = (examples / "codegen-apollo/src/gql/graphql.ts").read_text()
    artifacts = "".join(path.read_text() for path in (examples / "relay/src/__generated__").glob("*.ts"))
    python = "".join(path.read_text() for path in (examples / "ariadne-codegen/web_behavior_client").glob("*s.py"))

    assert re.findall(r"\w+\??: (?:unknown|any)\b", generated + artifacts) == []
    assert "activeSeconds: number" in generated
    assert "events: number" in generated
    assert re.findall(r"^    \w+: .*\bAny\b.*$", python, re.MULTILINE) == []


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("codegen-apollo/codegen.ts", r"(\w+): '(?:number|string|object)'"),
        ("gql-tada-urql/src/graphql.ts", r"(\w+): (?:number|string|object)"),
        ("relay/relay.config.json", r'"(\w+)": "(?:number|string|object)"'),
        ("ariadne-codegen/pyproject.toml", r"scalars\.(\w+)"),
    ],
)
def test_each_configuration_names_every_scalar(file: str, pattern: str):
    assert set(re.findall(pattern, (ROOT / "examples" / file).read_text())) == scalars()


async def test_urql_pages_meets_unions_and_renews_tokens_in_two_tabs(
    examples: Path, frontend: Frontend, acme: Acme, world: World
):
    tokens = await signed_in(acme, frontend)
    old = expired(world.services, tokens["accessToken"])
    program = ["node", "dist/urql.cjs", frontend.graphql, str(acme.organization.id), old, tokens["refreshToken"]]

    output = printed(run(examples, *program))

    for people in output["lists"]:
        assert counts(people) == acme.events
        assert {person["id"] for person in people} == {str(person.id) for person in acme.people.values()}
        assert {person["zone"] for person in people} == {"Europe/Berlin"}
    assert output["created"]["apiKey"].startswith("wb_")
    assert output["again"]["failure"] == "NameTaken"
    assert "DORA" in output["again"]["message"]
    newer = {each["refresh"] for each in output["tokens"]}
    assert len(newer) == 1, "both tabs have the same new refresh token"
    assert newer != {tokens["refreshToken"]}
    async with world.services.database.read() as db:
        assert await sign_ins.unused_token_expiry(db, hash_of(newer.pop()))


async def test_relay_appends_pages_to_its_connection(examples: Path, frontend: Frontend, acme: Acme):
    token = await service_account(acme, frontend, PEOPLE)

    output = printed(run(examples, "node", "dist/relay.cjs", frontend.graphql, str(acme.organization.id), token))

    assert counts(output["people"]) == acme.events
    assert all(person["createdAt"][:4] == str(now().year) for person in output["people"])
    assert output["created"]["apiKey"].startswith("wb_")
    assert output["again"]["failure"] == "NameTaken"


async def test_a_script_in_python_asks_with_a_token(examples: Path, frontend: Frontend, acme: Acme):
    token = await service_account(acme, frontend, PEOPLE)
    program: list[str | Path] = [ARIADNE / "python", "report.py", frontend.graphql, str(acme.organization.id)]

    output = printed(run(examples / "ariadne-codegen", *program, TOKEN=token))

    assert counts(output["people"]) == acme.events
    assert {person["id"] for person in output["people"]} == {str(person.id) for person in acme.people.values()}
    created, again = output["made"]
    assert created["apiKey"].startswith("wb_")
    assert again["failure"] == "NameTaken"
