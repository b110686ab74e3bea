"""CORS: the table of origins and routes, row by row."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from tests.access.access_table import routes
from tests.conftest import make_settings
from tests.servers import own_world

CONFIGURED = "https://admin.example"
READS, WITH_COOKIES, NOTHING = "may read", "may read, and send cookies", "nothing"
# What pages of each origin may do, on every route and by every method, whatever they send.
TABLE = {
    CONFIGURED: WITH_COOKIES,
    "https://b.example": WITH_COOKIES,
    "http://testserver": READS,  # the service's own: to its own pages browsers send cookies unasked
    "chrome-extension://abcdefghijklmnop": READS,
    "moz-extension://0f8fad5b-d9cb-469f-a165-70867728950e": READS,
    "http://localhost": READS,
    "http://localhost:5173": READS,
    "http://127.0.0.1:8123": READS,
    "https://evil.example": NOTHING,
    "null": NOTHING,
    "": NOTHING,
    "*": NOTHING,
    "http://localhost.evil.example": NOTHING,
    "http://localhost:3000.evil.example": NOTHING,
    "http://evil.example/http://localhost": NOTHING,
    "http://127.0.0.1.evil.example": NOTHING,
    "http://127.0.0.10:80": NOTHING,
    "http://127a0b0c1": NOTHING,
    "http://[::1]:3000": NOTHING,
    "https://localhost:3000": NOTHING,
    "http://localhost:3000\t": NOTHING,
    "https://admin.example.evil.example": NOTHING,
    "https://sub.admin.example": NOTHING,
    "http://admin.example": NOTHING,
    "HTTPS://ADMIN.EXAMPLE": NOTHING,
    "https://testserver": NOTHING,
    "chrome-extension://": NOTHING,
    "chrome-extension://a/../b": NOTHING,
}
EVERYWHERE = [CONFIGURED, "chrome-extension://abcdefghijklmnop", "https://evil.example", "null"]
"""Origins of each kind that are tried on every route; the others on one."""
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
ALLOWED_HEADERS = (
    "Content-Type, X-API-Key, API-Key, Authorization, traceparent, tracestate, "
    "apollographql-client-name, apollographql-client-version"
)
SENT = {
    "nothing": {},
    "a cookie": {"Cookie": "wb_access=x; wb_refresh=y"},
    "a token": {"Authorization": "Bearer x"},
    "a key": {"X-API-Key": "wb_x"},
}


@pytest.fixture(scope="module")
async def trusting(data_dir: Path, database_url: str):
    """The client of an application on http with configured origins."""
    async with own_world(
        make_settings(data_dir, cors_origins=f"{CONFIGURED}/, https://b.example"), database_url
    ) as own:
        yield own.http


def permitted(response: Response, origin: str) -> str:
    """Return what an answer lets a page of an origin do."""
    headers = response.headers
    assert "Origin" in headers["vary"]
    if headers.get("access-control-allow-origin") != origin:
        assert not [name for name in headers if name.startswith("access-control-")]
        return NOTHING
    assert headers["access-control-expose-headers"] == "Retry-After, X-Request-ID, RateLimit, RateLimit-Policy"
    return WITH_COOKIES if headers.get("access-control-allow-credentials") == "true" else READS


async def test_what_pages_may_do_stands_in_the_table(app: FastAPI, trusting: AsyncClient):
    everywhere = {str(route.path) for route in routes(app)} | {"/nowhere"}  # type: ignore[attr-defined]
    assert len(everywhere) >= 14

    got = {
        (origin, path, method, sent): permitted(
            await trusting.request(method, path, headers={"Origin": origin} | SENT[sent]), origin
        )
        for origin in TABLE
        for path in (everywhere if origin in EVERYWHERE else {"/health"})
        for method in ("GET", "POST", "PUT", "OPTIONS")
        for sent in (SENT if method == "POST" else ["nothing"])
    }

    assert got == {case: TABLE[case[0]] for case in got}


async def test_preflights_are_answered_by_the_table(app: FastAPI, trusting: AsyncClient):
    everywhere = {str(route.path) for route in routes(app)} | {"/nowhere"}  # type: ignore[attr-defined]

    for origin, expected in TABLE.items():
        for path in everywhere if origin in EVERYWHERE else {"/graphql"}:
            response = await trusting.options(path, headers=PREFLIGHT | {"Origin": origin})

            assert (response.status_code, response.content) == (204, b"")
            assert permitted(response, origin) == expected
            allowed = (
                response.headers.get("access-control-allow-headers"),
                response.headers.get("access-control-allow-methods"),
            )
            if expected == NOTHING:
                assert allowed == (None, None)
            else:
                assert allowed == (ALLOWED_HEADERS, "GET, POST, OPTIONS")


async def test_without_an_origin_nothing_is_said(trusting: AsyncClient):
    response = await trusting.get("/health")

    assert not [name for name in response.headers if name.startswith("access-control-")]


async def test_an_extensions_post_works_as_sent(trusting: AsyncClient):
    origin = "chrome-extension://abcdefghijklmnop"
    headers = {"Origin": origin, "Content-Type": "text/plain;charset=UTF-8"}

    response = await trusting.post("/api/v1/inayla/behaviors", content="nonsense", headers=headers)

    assert response.status_code == 400
    assert response.headers["access-control-allow-origin"] == origin
