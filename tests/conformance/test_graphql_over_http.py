"""GraphQL over HTTP: the reference audits, and what they leave open."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient, Response

from tests.world import World
from web.media_types import JSON, RESPONSE_JSON, is_json, preferred_media_type

HERE = Path(__file__).parent
PING = "{ __typename }"
TWO = "query A { a: __typename } query B { b: __typename }"
NEW = {"Accept": RESPONSE_JSON}
OLD = {"Accept": JSON}


def outcome(response: Response) -> tuple[int, str]:
    """The status, and the code of the error."""
    body = response.json()
    assert "data" not in body
    [error] = body["errors"]
    return response.status_code, error["extensions"]["code"]


def test_every_audit_passes(served: AsyncClient):
    assert (HERE / "node_modules").exists(), "`make tests/conformance/node_modules` installs the audits"
    node = Path(sys.executable).with_name("node")
    audits = subprocess.run(
        [node, HERE / "audit.mjs", f"{served.base_url}/graphql"], stdout=subprocess.PIPE, check=True
    )
    outcomes: list[dict[str, Any]] = json.loads(audits.stdout)

    assert [each for each in outcomes if each["status"] != "ok"] == []
    assert len(outcomes) == 61


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("application/json; charset=utf-8", JSON),
        ("application/graphql-response+json", RESPONSE_JSON),
        ("Application/GraphQL-Response+JSON;charset=utf-8", RESPONSE_JSON),
        ("application/graphql-response+json, application/json", RESPONSE_JSON),
        ("application/json, application/graphql-response+json", JSON),
        ("application/json;q=0.9, application/graphql-response+json", RESPONSE_JSON),
        ("application/graphql-response+json;q=0.8, application/json;q=0.9", JSON),
        ("application/graphql-response+json, */*", RESPONSE_JSON),
        ("*/*, application/graphql-response+json;q=0.1", JSON),
        ("application/json;q=0, */*", RESPONSE_JSON),
        ("application/json;q=nonsense", JSON),
        ("text/html, */*;q=0.1", JSON),
        ("text/html", None),
        ("application/json;q=0", None),
        ("*/*;q=0", None),
        (",;=,", None),
    ],
)
def test_the_answer_is_of_the_type_that_is_most_welcome(accept: str | None, media_type: str | None):
    assert preferred_media_type(accept) == media_type


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json", True),
        ("Application/JSON; charset=UTF-8", True),
        ('application/json;charset="utf-8"', True),
        ("application/json; profile=x", True),
        ("application/json; charset=iso-8859-1", False),
        ("application/json; charset=utf-8; charset=utf-16", False),
        ("application/jsonp", False),
        ("text/plain; application/json", False),
        ("text/plain;x=application/json", False),
        ("application/graphql", False),
        ("", False),
        (None, False),
    ],
)
def test_a_request_is_json_in_utf_8(content_type: str | None, expected: bool):
    assert is_json(content_type) is expected


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nonsense }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query ($n: Int!) { __typename }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "mutation ($i: LoginInput!) { login(input: $i) { __typename } }"}, "BAD_USER_INPUT"),
        ({"query": "{ organizations { totalCount } }"}, "UNAUTHENTICATED"),
        ({"query": TWO}, "BAD_USER_INPUT"),
        ({"query": TWO, "operationName": None}, "BAD_USER_INPUT"),
        ({"query": TWO, "operationName": "C"}, "BAD_USER_INPUT"),
        ({"query": TWO, "operationName": ""}, "BAD_USER_INPUT"),
        ({"query": PING, "operationName": "A"}, "BAD_USER_INPUT"),
        ({"query": "fragment F on Query { __typename }"}, "BAD_USER_INPUT"),
    ],
    ids=str,
)
async def test_what_graphql_refuses_has_no_data_and_is_400_for_those_who_know(
    http: AsyncClient, request_: dict[str, Any], code: str
):
    new = await http.post("/graphql", json=request_, headers=NEW)
    old = await http.post("/graphql", json=request_, headers=OLD)

    assert outcome(new) == (400, code)
    assert outcome(old) == (200, code)
    assert new.headers["content-type"] == f"{RESPONSE_JSON}; charset=utf-8"
    assert old.headers["content-type"] == JSON


@pytest.mark.parametrize("headers", [NEW, OLD], ids=["new", "old"])
async def test_what_was_executed_is_200_even_if_every_field_failed(world: World, headers: dict[str, str]):
    member = await world.member(await world.organization())
    headers = headers | {"Authorization": f"Bearer {member.token}"}

    response = await world.http.post("/graphql", json={"query": "{ users { totalCount } }"}, headers=headers)

    assert response.status_code == 200
    assert response.json()["data"] == {"users": None}
    assert response.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_of_several_operations_the_named_one_is_run(http: AsyncClient):
    response = await http.post("/graphql", json={"query": TWO, "operationName": "B"})

    assert response.json()["data"] == {"b": "Query"}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"headers": {"Accept": "text/html"}}, 406),
        ({"headers": {"Content-Type": "text/plain"}}, 415),
        ({"headers": {"Content-Type": "application/json; charset=iso-8859-1"}}, 415),
        ({"headers": {"Content-Type": ""}}, 415),
        ({"content": b'[{"query": "{ __typename }"}]'}, 400),
        ({"content": b'{"query": "{ __typename }", "operationName": 7}'}, 400),
        ({"content": b'{"query": "{ __typename }", "operationName": ["A"]}'}, 400),
        ({"content": b'{"query": "{ __typename }", "variables": []}'}, 400),
        ({"content": b'{"query": "{ __typename }", "extensions": "x"}'}, 400),
        ({"content": b'{"query": null}'}, 400),
        ({"content": b'{"query"'}, 400),
    ],
    ids=str,
)
@pytest.mark.parametrize("accept", [NEW, OLD], ids=["new", "old"])
async def test_what_is_no_graphql_request_is_refused_whatever_is_accepted(
    http: AsyncClient, accept: dict[str, str], changes: dict[str, Any], status: int
):
    headers = {"Content-Type": "application/json"} | accept | changes.get("headers", {})

    response = await http.post(
        "/graphql", content=changes.get("content", b'{"query": "{ __typename }"}'), headers=headers
    )

    assert outcome(response) == (status, "BAD_REQUEST")
    assert response.headers["content-type"].startswith(RESPONSE_JSON if headers["Accept"] == RESPONSE_JSON else JSON)


async def test_get_is_for_queries_only(http: AsyncClient):
    response = await http.get("/graphql", params={"query": "mutation { logout { __typename } }"}, headers=NEW)

    assert outcome(response) == (405, "BAD_REQUEST")
    assert response.headers["allow"] == "POST"


async def test_another_method_is_told_which_there_are(http: AsyncClient):
    response = await http.put("/graphql", json={"query": PING})

    assert outcome(response) == (405, "BAD_REQUEST")
    assert response.headers["allow"] == "GET, POST"
