"""Errors as clients see them: always a code, never what went wrong inside."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text
from structlog.testing import capture_logs

from app.graphql import GraphQLEndpoint
from app.request_policy import request_policy_of
from db.engine import Database, DatabaseOptions
from execution.client_errors import MASK
from execution.operation_choice import OperationChoice
from pages.sign_in_ways import SignInWays
from resolvers.services import Services
from tests.conftest import BASE_URL, make_settings
from tests.rest_requests import unreadable
from tests.world import Asker, World
from web.media_types import RESPONSE_JSON
from web.origins import Origins

USAGE = "query ($period: Period!) { usage(period: $period) { start } }"


@pytest.fixture
async def hurried(services: Services, database_url: str, tmp_path: Path) -> AsyncIterator[AsyncClient]:
    """A client of a GraphQL endpoint whose database statements may take 0.3 seconds."""
    database = Database(database_url, DatabaseOptions(statement_timeout=0.3))
    origins = Origins(BASE_URL, frozenset())
    policy = request_policy_of(make_settings(tmp_path))
    endpoint = GraphQLEndpoint(replace(services, database=database), policy, origins, None, SignInWays(), secure=False)
    async with AsyncClient(transport=ASGITransport(endpoint), base_url=BASE_URL) as client:
        yield client
    await database.close()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ viewer {", "GRAPHQL_PARSE_FAILED"),
        ("{ viewer { username } } }", "GRAPHQL_PARSE_FAILED"),
        ("{" * 3000, "GRAPHQL_PARSE_FAILED"),
        ("{ a" * 3000 + "}" * 3000, "GRAPHQL_PARSE_FAILED"),
        ('{ organizations(search: "\\ud800") { totalCount } }', "GRAPHQL_PARSE_FAILED"),
        ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ organization { name } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ organization(id: 1.5) { name } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ organizations(first: null) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ('{ usage(period: {last: "P1D", preset: TODAY}) { start } }', "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { viewer { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ('{ usage(period: {last: "soon"}) { start } }', "BAD_USER_INPUT"),
        ('{ periodPresets(timezone: "Mars/Olympus") { start } }', "BAD_USER_INPUT"),
        ('{ organizations(search: "\\u0000") { totalCount } }', "BAD_USER_INPUT"),
        ('{ behaviors(where: {url: {eq: "\\u0000"}}) { nodes { id } } }', "BAD_USER_INPUT"),
        ('{ behaviors(where: {domain: {in: ["\\u0000"]}}) { nodes { id } } }', "BAD_USER_INPUT"),
        ('{ behaviors(where: {sessionIds: ["\\u0000"]}) { nodes { id } } }', "BAD_USER_INPUT"),
        ("{ users { totalCount } }", "FORBIDDEN"),
        ("", "BAD_REQUEST"),
    ],
    ids=lambda value: value[:60],
)
async def test_every_refusal_has_a_code_and_a_sentence(world: World, query: str, code: str):
    asker = await world.sign_in(await world.user())

    error = await asker.refused(query)

    assert error["extensions"]["code"] == code
    assert error["message"]


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"period": None},
        {"period": 5},
        {"period": {}},
        {"period": {"last": None}},
        {"period": {"last": "P1D", "preset": "TODAY"}},
        {"period": {"last": "P1D", "preset": None}},
        {"period": {"preset": "SOON"}},
        {"period": {"last": 5}},
        {"period": {"unknown": 1}},
    ],
    ids=str,
)
async def test_variables_that_do_not_fit_are_bad_input(world: World, variables: dict[str, Any]):
    asker = await world.sign_in(await world.user())

    error = await asker.refused(USAGE, **variables)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_refused_document_is_refused_again_from_the_caches(world: World):
    asker = await world.sign_in(await world.user())

    for query, code in (("{ viewer {", "GRAPHQL_PARSE_FAILED"), ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED")):
        codes = [(await asker.refused(query))["extensions"]["code"] for _ in range(3)]

        assert codes == [code] * 3


async def test_an_error_tells_where_it_happened(world: World):
    asker = await world.sign_in(await world.user())

    error = await asker.refused("{ viewer { id } accounts: users { totalCount } }")

    assert error["path"] == ["accounts"]
    assert error["locations"] == [{"line": 1, "column": 17}]


async def test_an_input_error_names_the_argument(world: World):
    asker = await world.sign_in(await world.user())

    error = await asker.refused("{ organizations(first: 101) { totalCount } }")

    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "first"}


async def test_an_unexpected_error_is_masked_and_logged(world: World):
    asker = await world.super_admin()
    await world.organization()

    async with unreadable(world.services, "organizations"):
        with capture_logs() as logs:
            answer = await asker.post("{ organizations { nodes { name } } }")

    [error] = answer["errors"]
    assert answer["data"] == {"organizations": None}
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
    assert error["path"] == ["organizations"]
    assert error["message"] == "Something went wrong on our side. It has been logged."
    assert not any(word in json.dumps(answer) for word in ("SELECT", "asyncpg", "description"))
    assert [entry["path"] for entry in logs if entry["log_level"] == "error"] == [["organizations"]]
    assert "description" in str(logs[0]["exc_info"])


async def test_an_unexpected_error_outside_any_resolver_is_masked_too(world: World, monkeypatch: pytest.MonkeyPatch):
    def broken(_extension: OperationChoice) -> Iterator[None]:
        yield
        raise RuntimeError("SELECT password FROM users")

    monkeypatch.setattr(OperationChoice, "on_parse", broken)
    with capture_logs() as logs:
        response = await world.http.post(
            "/graphql", json={"query": "{ __typename }"}, headers={"Accept": RESPONSE_JSON}
        )

    assert response.status_code == 500
    assert response.json() == {"errors": [{"message": MASK, "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}
    assert [entry["log_level"] for entry in logs] == ["error"]


async def test_an_expected_error_is_not_logged(world: World):
    asker = await world.sign_in(await world.user())

    with capture_logs() as logs:
        await asker.refused("{ users { totalCount } }")
        await asker.refused("{ nonsense }")
        await asker.refused("{ viewer {")
        await asker.refused('{ periodPresets(timezone: "?") { start } }')

    assert [entry for entry in logs if entry["log_level"] in {"error", "critical"}] == []


async def test_a_slow_statement_is_a_timeout_that_says_when_to_come_back(world: World, hurried: AsyncClient):
    signed_in = await world.super_admin()
    asker = Asker(hurried, token=signed_in.token)

    async with world.services.database.write() as db:
        await db.execute(text("LOCK TABLE organizations IN ACCESS EXCLUSIVE MODE"))
        error = await asker.refused("{ organizations { nodes { name } } }")

    assert error["extensions"] == {"code": "QUERY_TIMEOUT", "retryAfterSeconds": 1}
    assert "shorter period" in error["message"]
    assert (await asker.ask("{ organizations { totalCount } }")) == {"organizations": {"totalCount": 0}}


async def test_a_document_that_is_too_long_is_refused_before_it_is_read(world: World):
    fields = " ".join(f"a{number}: __typename" for number in range(700))

    error = await world.stranger.refused("{" + fields + "}")

    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert "2000 tokens" in error["message"]


@pytest.mark.parametrize(
    ("query", "value", "told"),
    [
        (
            "mutation ($v: LoginInput!) { login(input: $v) { __typename } }",
            {"username": "x", "delivery": None},
            'field \'password\', found: {"username":"x","delivery":null}.',
        ),
        ("query ($v: ID!) { organization(id: $v) { name } }", True, "ID cannot represent value: true"),
        ("query ($v: String) { organizations(search: $v) { totalCount } }", ["a", False], '["a",false]'),
        ("query ($v: Int) { organizations(first: $v) { totalCount } }", {"a": "b" * 300}, '{"a":"bbb'),
    ],
    ids=["object", "boolean", "list", "long"],
)
async def test_values_in_messages_are_written_as_json(world: World, query: str, value: object, told: str):
    asker = await world.sign_in(await world.user())

    error = await asker.refused(query, v=value)

    assert told in error["message"]
    assert len(error["message"]) < 500
