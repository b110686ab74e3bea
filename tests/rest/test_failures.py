from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from structlog.testing import capture_logs

from app.server import create_app
from core.event_types import EventType
from core.events import RejectionCode
from db.event_writer import EventWriter
from tests.conftest import BASE_URL, make_settings
from tests.rest_requests import AUTH, BATCH, BEHAVIORS, event, stored, unreadable
from tests.world import World

EXTENSION = "chrome-extension://abcdefghijklmnop"
INTERNAL = {"message": "Something went wrong on our side. It has been logged.", "success": False}


@pytest.fixture
async def document(http: AsyncClient) -> dict[str, Any]:
    document: dict[str, Any] = (await http.get("/swagger/openapi.json")).json()
    return document


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("post", BEHAVIORS, {"201", "400", "401", "408", "413", "415", "429", "503"}),
        ("post", BATCH, {"201", "400", "401", "408", "413", "415", "429", "503"}),
        ("get", AUTH, {"200", "401", "429", "503"}),
    ],
)
def test_every_status_of_a_route_is_documented_with_its_body(
    document: dict[str, Any], method: str, path: str, statuses: set[str]
):
    route = document["paths"][path][method]

    assert set(route["responses"]) == statuses
    for status, response in route["responses"].items():
        members = response["content"]["application/json"]["schema"]["properties"]
        assert response["description"]
        assert members["success"]["const"] is status.startswith("2")
        assert ("data" in members, "message" in members) == ((True, False) if status < "3" else (False, True))
    assert [(p["name"], p["in"], p.get("required", False)) for p in route["parameters"]] == [
        ("X-API-Key", "header", method == "get")
    ]


def test_request_bodies_are_documented_member_by_member(document: dict[str, Any]):
    single, batch = (
        document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        for path in (BEHAVIORS, BATCH)
    )

    members = {"sessionId", "ts", "type", "url", "userId", "x", "y", "key", "eventId"}
    of_the_request = {"apiKey", "sentAt"}
    assert set(single["properties"]) == members | of_the_request
    assert set(batch["properties"]) == {"events"} | of_the_request
    assert single["required"] == ["sessionId", "ts", "type"]
    assert single["properties"]["type"]["enum"] == [kind.wire for kind in EventType]
    assert batch["properties"]["events"] == {
        "type": "array",
        "minItems": 1,
        "maxItems": 1000,
        "items": single | {"properties": {name: single["properties"][name] for name in members}},
    }


async def test_answers_have_the_members_that_are_documented(world: World, document: dict[str, Any]):
    def members(path: str) -> dict[str, Any]:
        response = document["paths"][path]["post"]["responses"]["201"]
        found: dict[str, Any] = response["content"]["application/json"]["schema"]["properties"]
        return found

    long_url = f"https://a.com/{'x' * 9000}"
    single = await world.http.post(BEHAVIORS, json=event(x=1, y=2, url=long_url))
    batch = await world.http.post(BATCH, json={"events": [event(url=long_url), event(type="foo")]})

    assert set(single.json()["data"]) == set(members(BEHAVIORS)["data"]["properties"])
    assert set(batch.json()) == set(members(BATCH))
    rejected = members(BATCH)["rejected"]["items"]["properties"]
    assert set(batch.json()["rejected"][0]) == set(rejected)
    assert rejected["code"]["enum"] == list(RejectionCode)


@pytest.mark.parametrize("path", ["/nowhere", "/api/v1/inayla", f"{BEHAVIORS}/1"])
async def test_what_is_not_there_answers_with_the_failure_envelope(http: AsyncClient, path: str):
    response = await http.get(path)

    assert response.status_code == 404
    assert response.json() == {"message": "Not Found", "success": False}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", BEHAVIORS), ("DELETE", BATCH), ("POST", AUTH), ("PUT", BEHAVIORS)]
)
async def test_a_wrong_method_answers_with_the_failure_envelope(http: AsyncClient, method: str, path: str):
    response = await http.request(method, path)

    assert response.status_code == 405
    assert response.json() == {"message": "Method Not Allowed", "success": False}
    assert response.headers["Allow"] == ("GET" if path == AUTH else "POST")


async def test_an_unexpected_failure_tells_nothing_and_passes(world: World, app: FastAPI):
    http = AsyncClient(transport=ASGITransport(app), base_url=BASE_URL, headers={"Origin": EXTENSION})
    sent = event(userId="8a0c6a0e-6b5f-4b39-9f0e-6a4d3a0f2d11")
    async with unreadable(world.services, "extension_users"):
        with capture_logs() as logs:
            failed = [
                await http.post(BEHAVIORS, json=sent),
                await http.get(AUTH, headers={"X-API-Key": "wb_"}),
            ]

    assert [response.status_code for response in failed] == [500, 500]
    assert [response.json() for response in failed] == [INTERNAL] * 2
    for response in failed:
        assert response.headers["access-control-allow-origin"] == EXTENSION
        assert response.headers["x-content-type-options"] == "nosniff"
    events = [entry["event"] for entry in logs if entry["log_level"] == "error"]
    assert events == ["events not stored", "unexpected error", "unexpected error"]

    recovered = await world.http.post(BEHAVIORS, json=event())

    assert recovered.status_code == 201
    assert len(await stored(world.services)) == 1


async def test_a_service_that_is_stopping_asks_to_come_back(world: World, data_dir, database_url):
    services = world.services
    writer = EventWriter(services.database, services.key_usage)
    writer.close()
    stopping = create_app(make_settings(data_dir), database_url)
    stopping.state.services = replace(services, writer=writer)

    async with AsyncClient(transport=ASGITransport(stopping), base_url=BASE_URL) as http:
        answers = [await http.post(path, json=event() | {"events": [event()]}) for path in (BEHAVIORS, BATCH)]

    assert [answer.status_code for answer in answers] == [503, 503]
    for answer in answers:
        assert 1 <= int(answer.headers["Retry-After"]) <= 5
        assert answer.json()["success"] is False
    assert await stored(services) == []
