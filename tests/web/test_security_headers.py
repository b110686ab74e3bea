"""Every answer makes browsers careful: each route by each method, and each status there is."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from db import migrate
from tests.access.access_table import routes
from tests.auth.test_login import LOGIN
from tests.conftest import make_settings
from tests.rest_requests import AUTH, BATCH, BEHAVIORS, event, unreadable
from tests.servers import drop_database, new_database, own_world
from tests.world import World

CAREFUL = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "x-frame-options": "DENY"}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
EXPORT = "/api/v1/exports/behaviors.ndjson"
KINDS: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "not found": ("GET", "/nowhere", {}, 404),
    "bad request": ("POST", BEHAVIORS, {"content": b"{"}, 400),
    "unknown key": ("GET", AUTH, {"headers": {"X-API-Key": "wb_x"}}, 401),
    "too large": ("POST", BEHAVIORS, {"content": b" " * (5 * 1024 * 1024 + 1)}, 413),
    "too large for GraphQL": ("POST", "/graphql", {"content": b" " * (2 * 1024 * 1024 + 1)}, 413),
    "stored": ("POST", BATCH, {"json": {"events": [event()]}}, 201),
    "GraphQL": ("POST", "/graphql", {"json": {"query": "{ __typename }"}}, 200),
    "GraphQL refused": ("POST", "/graphql", {"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415),
    "GraphQL not acceptable": ("POST", "/graphql", {"json": {}, "headers": {"Accept": "image/png"}}, 406),
    "GraphiQL": ("GET", "/graphql", {"headers": {"Accept": "text/html"}}, 200),
    "static file": ("GET", "/static/swagger.js", {}, 200),
    "no static file": ("GET", "/static/nothing.js", {}, 404),
    "preflight": (
        "OPTIONS",
        "/graphql",
        {"headers": {"Origin": "http://localhost", "Access-Control-Request-Method": "POST"}},
        204,
    ),
}


def is_careful(response: Response, *, https: bool = False) -> bool:
    """True if an answer has the headers that make browsers careful."""
    headers = response.headers
    policy = headers.get("content-security-policy", "")
    return (
        CAREFUL.items() <= dict(headers).items()
        and "default-src 'none'" in policy
        and "frame-ancestors 'none'" in policy
        and headers.get("strict-transport-security") == ("max-age=31536000" if https else None)
        and bool(headers.get("cache-control"))
        and "server" not in headers
    )


@pytest.fixture(scope="module")
async def encrypted(data_dir: Path, database_url: str):
    """The client of an application on https."""
    async with own_world(make_settings(data_dir, base_url="https://api.example"), database_url) as own:
        yield own.http


async def test_every_route_by_every_method(world: World, app: FastAPI, encrypted: AsyncClient):
    paths = {str(route.path) for route in routes(app)} | {"/static/swagger.js"}  # type: ignore[attr-defined]
    statuses = set()

    for path in paths:
        for method in METHODS:
            plain, secure = await world.http.request(method, path), await encrypted.request(method, path)

            assert is_careful(plain), (method, path, plain.headers)
            assert is_careful(secure, https=True), (method, path, secure.headers)
            statuses |= {plain.status_code, secure.status_code}

    assert statuses >= {200, 307, 400, 401, 404, 405}


@pytest.mark.parametrize(("method", "path", "request_", "status"), KINDS.values(), ids=list(KINDS))
async def test_every_kind_of_answer(
    world: World, encrypted: AsyncClient, method: str, path: str, request_: dict[str, Any], status: int
):
    plain = await world.http.request(method, path, **request_)
    secure = await encrypted.request(method, path, **request_)

    assert (plain.status_code, secure.status_code) == (status, status)
    assert is_careful(plain)
    assert is_careful(secure, https=True)


async def test_downloads(world: World):
    admin = await world.member(await world.organization())

    response = await world.http.get(EXPORT, headers={"Authorization": f"Bearer {admin.token}"})

    assert response.status_code == 200
    assert is_careful(response)


async def test_failures_of_our_own(data_dir: Path, database_url: str):
    settings = make_settings(data_dir, rate_limit_enabled=True, ingest_limit_per_address="2/hour")
    async with new_database(database_url) as url:
        await migrate.upgrade(url)
        async with own_world(settings, url) as own:
            asker = await own.super_admin()
            token = {"Authorization": f"Bearer {asker.token}"}
            async with unreadable(own.services, "extension_users"):
                broken = [await own.http.get(path, headers=token) for path in (EXPORT,)]
            await drop_database(url)
            gone = [await own.http.get(path, headers=token) for path in ("/ready", EXPORT)]
            gone.append(await own.http.post(BEHAVIORS, json=event()))
            login = {"query": LOGIN, "variables": {"username": "a", "password": "b"}}
            masked = await own.http.post("/graphql", json=login)
            throttled = [await own.http.post(BEHAVIORS, content=b"{") for _ in range(2)]

    assert [answer.status_code for answer in (*broken, *gone)] == [500, 503, 503, 503]
    assert [answer.status_code for answer in throttled] == [400, 429]
    assert all(is_careful(answer) for answer in (*broken, *gone, masked, *throttled))


@pytest.mark.parametrize("kind", ["GraphQL", "bad request", "stored"])
async def test_answers_with_data_are_kept_by_no_cache(world: World, kind: str):
    method, path, request_, _ = KINDS[kind]

    response = await world.http.request(method, path, **request_)

    assert response.headers["cache-control"] == "no-store"
