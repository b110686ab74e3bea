from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.conftest import make_settings
from tests.servers import own_world
from tests.world import World

CONFIGURED = "https://admin.example"
ROUTES = ["/graphql", "/api/v1/inayla/behaviors", "/api/v1/inayla/extension/users/auth", "/health", "/nowhere"]
ALLOWED = [
    "chrome-extension://abcdefghijklmnop",
    "moz-extension://0f8fad5b-d9cb-469f-a165-70867728950e",
    "http://localhost",
    "http://localhost:5173",
    "http://127.0.0.1:8123",
    CONFIGURED,
    "http://testserver",
]
REFUSED = [
    "https://evil.example",
    "null",
    "http://localhost.evil.example",
    "http://localhost:3000.evil.example",
    "http://evil.example/http://localhost",
    "http://127.0.0.1.evil.example",
    "http://127.0.0.10:80",
    "https://localhost:3000",
    "https://admin.example.evil.example",
    "https://sub.admin.example",
    "http://admin.example",
    "chrome-extension://",
    "chrome-extension://a/../b",
    "http://localhost:3000\t",
    "http://127a0b0c1",
    "",
]
CAREFUL = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


@pytest.fixture(scope="module")
async def trusting(data_dir: Path, database_url: str):
    """The client of an application on http with a configured origin."""
    async with own_world(
        make_settings(data_dir, cors_origins=f"{CONFIGURED}/, https://b.example"), database_url
    ) as own:
        yield own.http


@pytest.fixture(scope="module")
async def encrypted(data_dir: Path, database_url: str):
    """The client of an application on https."""
    async with own_world(make_settings(data_dir, base_url="https://api.example"), database_url) as own:
        yield own.http


@pytest.mark.parametrize("origin", ALLOWED)
@pytest.mark.parametrize("route", ROUTES)
async def test_pages_of_these_origins_may_read_answers(trusting: AsyncClient, origin: str, route: str):
    response = await trusting.get(route, headers={"Origin": origin})

    assert response.headers["access-control-allow-origin"] == origin
    assert "Origin" in response.headers["vary"]
    assert response.headers.get("access-control-allow-credentials") == ("true" if origin == CONFIGURED else None)


@pytest.mark.parametrize("origin", REFUSED)
@pytest.mark.parametrize("route", ["/graphql", "/api/v1/inayla/behaviors", "/nowhere"])
async def test_pages_of_other_origins_may_not(trusting: AsyncClient, origin: str, route: str):
    response = await trusting.get(route, headers={"Origin": origin})

    assert not [name for name in response.headers if name.startswith("access-control-")]
    assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize("origin", ALLOWED)
@pytest.mark.parametrize("route", ROUTES)
async def test_preflights_of_these_origins_are_answered(trusting: AsyncClient, origin: str, route: str):
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}

    response = await trusting.options(route, headers=asked)

    assert response.status_code == 204
    assert response.content == b""
    assert response.headers["access-control-allow-origin"] == origin
    assert response.headers["access-control-allow-headers"] == "Content-Type, X-API-Key, API-Key, Authorization"
    assert {"GET", "POST"} <= set(response.headers["access-control-allow-methods"].split(", "))
    assert response.headers.get("access-control-allow-credentials") == ("true" if origin == CONFIGURED else None)


@pytest.mark.parametrize("origin", REFUSED)
async def test_preflights_of_other_origins_allow_nothing(trusting: AsyncClient, origin: str):
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}

    response = await trusting.options("/graphql", headers=asked)

    assert response.status_code == 204
    assert not [name for name in response.headers if name.startswith("access-control-")]


async def test_a_page_may_read_when_to_come_back(trusting: AsyncClient):
    response = await trusting.get("/health", headers={"Origin": "http://localhost:3000"})

    assert response.headers["access-control-expose-headers"] == "Retry-After, X-Request-ID"


async def test_an_extensions_post_works_as_sent(trusting: AsyncClient):
    origin = "chrome-extension://abcdefghijklmnop"
    headers = {"Origin": origin, "Content-Type": "text/plain;charset=UTF-8"}

    response = await trusting.post("/api/v1/inayla/behaviors", content="nonsense", headers=headers)

    assert response.status_code == 400
    assert response.headers["access-control-allow-origin"] == origin


KINDS = {
    "health": ("GET", "/health", {}, 200),
    "not found": ("GET", "/nowhere", {}, 404),
    "method not allowed": ("DELETE", "/health", {}, 405),
    "bad request": ("POST", "/api/v1/inayla/behaviors", {"content": b"{"}, 400),
    "too large": ("POST", "/api/v1/inayla/behaviors", {"content": b" " * (5 * 1024 * 1024 + 1)}, 413),
    "too large for GraphQL": ("POST", "/graphql", {"content": b" " * (2 * 1024 * 1024 + 1)}, 413),
    "GraphQL": ("POST", "/graphql", {"json": {"query": "{ __typename }"}}, 200),
    "GraphQL refused": ("POST", "/graphql", {"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415),
    "GraphiQL": ("GET", "/graphql", {"headers": {"Accept": "text/html"}}, 200),
    "Swagger": ("GET", "/swagger", {}, 200),
    "OpenAPI": ("GET", "/swagger/openapi.json", {}, 200),
    "static file": ("GET", "/static/swagger.js", {}, 200),
    "no static file": ("GET", "/static/nothing.js", {}, 404),
    "preflight": (
        "OPTIONS",
        "/graphql",
        {"headers": {"Origin": CONFIGURED, "Access-Control-Request-Method": "POST"}},
        204,
    ),
}


@pytest.mark.parametrize(("method", "route", "request_", "status"), KINDS.values(), ids=list(KINDS))
async def test_every_answer_makes_browsers_careful(
    world: World, encrypted: AsyncClient, method: str, route: str, request_: dict[str, object], status: int
):
    plain = await world.http.request(method, route, **request_)  # type: ignore[arg-type]
    secure = await encrypted.request(method, route, **request_)  # type: ignore[arg-type]

    assert (plain.status_code, secure.status_code) == (status, status)
    for response in (plain, secure):
        assert {name: response.headers.get(name) for name in CAREFUL} == CAREFUL
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        assert "default-src 'none'" in response.headers["content-security-policy"]
    assert "strict-transport-security" not in plain.headers
    assert secure.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize("kind", ["GraphQL", "bad request", "health"])
async def test_answers_with_data_are_kept_by_no_cache(world: World, kind: str):
    method, route, request_, _ = KINDS[kind]

    response = await world.http.request(method, route, **request_)  # type: ignore[arg-type]

    assert response.headers["cache-control"] == "no-store"
