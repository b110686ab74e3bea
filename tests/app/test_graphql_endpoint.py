import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from starlette.types import Message

from db import migrate
from tests.conftest import make_settings
from tests.servers import drop_database, new_database, own_world

PING = "{ __typename }"


async def test_websockets_are_turned_away(app: FastAPI):
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app({"type": "websocket", "path": "/graphql", "headers": [], "query_string": b""}, receive, send)

    assert [message["type"] for message in sent] == ["websocket.close"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"7",
        b'"{ __typename }"',
        b"{}",
        b'{"query": 7}',
        b'{"query": "{ __typename }", "variables": 7}',
        b'{"query": "{ __typename } # \\ud800"}',
        b'{"query": "\xff"}',
        b'{"query": NaN}',
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:40]),
)
async def test_a_body_that_is_no_request_is_refused_with_a_code(http: AsyncClient, body: bytes):
    response = await http.post("/graphql", content=body, headers={"Content-Type": "application/json"})

    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] in {"BAD_REQUEST", "BAD_USER_INPUT"}


async def test_requests_are_not_taken_by_the_dozen(http: AsyncClient):
    response = await http.post("/graphql", json=[{"query": PING}, {"query": PING}])

    assert response.status_code == 400
    assert "data" not in response.text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_refused(http: AsyncClient, method: str):
    response = await http.request(method, "/graphql", json={"query": PING})

    assert response.status_code == 405


async def test_a_body_of_unknown_length_is_bounded_too(http: AsyncClient):
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65536

    response = await http.post("/graphql", content=endless(), headers={"Content-Type": "application/json"})

    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"]["code"] == "PAYLOAD_TOO_LARGE"
    assert response.json()["errors"][0]["message"] == "request body too large, maximum is 1024 KiB"


async def test_a_query_works_by_get(http: AsyncClient):
    response = await http.get("/graphql", params={"query": PING})

    assert response.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(("variables", "status"), [("null", 200), ("{}", 200), ("7", 400), ("{", 400)])
async def test_variables_of_a_get_are_an_object_or_null(http: AsyncClient, variables: str, status: int):
    response = await http.get("/graphql", params={"query": PING, "variables": variables})

    assert response.status_code == status


@pytest.mark.parametrize("name", ["variables", "extensions"])
async def test_an_empty_parameter_of_a_get_is_none(http: AsyncClient, name: str):
    response = await http.get("/graphql", params={"query": PING, name: ""})

    assert (response.status_code, response.json()["data"]) == (200, {"__typename": "Query"})


@pytest.mark.parametrize("content_type", ["APPLICATION/JSON", "Application/Json; Charset=UTF-8"])
async def test_a_media_type_is_the_same_in_any_case(http: AsyncClient, content_type: str):
    response = await http.post("/graphql", json={"query": PING}, headers={"Content-Type": content_type})

    assert (response.status_code, response.json()["data"]) == (200, {"__typename": "Query"})


async def test_health_and_readiness_tell_a_live_process_from_a_useful_one(data_dir: Path, database_url: str):
    async with new_database(database_url) as url:
        await migrate.upgrade(url)
        async with own_world(make_settings(data_dir), url) as world:
            before = await world.http.get("/ready")
            await drop_database(url)

            health, ready = await world.http.get("/health"), await world.http.get("/ready")

    assert (before.status_code, before.json()["status"]) == (200, "ok")
    assert (health.status_code, health.json()["service"]) == (200, "web-behavior")
    assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")


async def test_a_token_cannot_be_judged_without_the_database(data_dir: Path, database_url: str):
    async with new_database(database_url) as url:
        await migrate.upgrade(url)
        async with own_world(make_settings(data_dir), url) as world:
            asker = await world.sign_in(await world.user())
            await drop_database(url)

            error = await asker.refused("{ viewer { username } }")

    assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE"
    assert error["extensions"]["retryAfterSeconds"] >= 1


_PERSISTED = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}


@pytest.mark.parametrize(("accept", "status"), [("application/json", 200), ("application/graphql-response+json", 400)])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_hash_alone_is_answered_as_clients_of_automatic_persisted_queries_expect(
    http: AsyncClient, method: str, accept: str, status: int
):
    by_hash = (
        {"json": {"operationName": "Ping", "variables": {}, "extensions": _PERSISTED}}
        if method == "POST"
        else {"params": {"extensions": json.dumps(_PERSISTED)}}
    )

    response = await http.request(method, "/graphql", headers={"Accept": accept}, **by_hash)
    with_text = await http.post("/graphql", json={"query": PING, "extensions": _PERSISTED})

    [error] = response.json()["errors"]
    assert response.status_code == status
    assert error == {
        "message": "PersistedQueryNotSupported",
        "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"},
    }
    assert with_text.json()["data"] == {"__typename": "Query"}
