import json
import re
from pathlib import Path

import pytest
import structlog
from httpx import AsyncClient
from structlog.testing import capture_logs

from db import migrate
from observability import logs
from tests.conftest import make_settings
from tests.observability.test_logs import PRODUCTION, restored
from tests.rest_requests import BATCH, Chunks, event, post_batch, unreadable
from tests.servers import new_database, own_world

__all__ = ["restored"]

ID = "X-Request-ID"


async def test_every_answer_has_an_id_of_its_own(http: AsyncClient):
    responses = [
        await http.get("/health"),
        await http.get("/nothing-here"),
        await http.post("/graphql", content="{"),
        await http.post(BATCH, content=Chunks(100)),
        await http.options(
            "/graphql", headers={"Origin": "http://localhost:1", "Access-Control-Request-Method": "POST"}
        ),
    ]

    ids = [response.headers[ID] for response in responses]
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)
    assert len(set(ids)) == len(ids)


async def test_an_id_that_a_client_makes_up_is_not_believed(http: AsyncClient):
    response = await http.get("/health", headers={ID: "made-up"})

    assert response.headers.get_list(ID) != ["made-up"]


@pytest.mark.parametrize(
    ("given", "kept"), [("a.Good_id:1-2", True), ("x" * 129, False), ("with space", False), ("", False)]
)
async def test_a_proxy_that_is_trusted_gives_the_id(data_dir: Path, database_url: str, given: str, *, kept: bool):
    async with own_world(make_settings(data_dir, trust_request_id=True), database_url) as world:
        response = await world.http.get("/health", headers={ID: given})

    assert (response.headers[ID] == given) is kept
    assert len(response.headers[ID]) <= 128


async def test_what_is_logged_within_a_request_bears_its_id(
    data_dir: Path, database_url: str, capsys: pytest.CaptureFixture[str]
):
    async with new_database(database_url) as url:
        await migrate.upgrade(url)
        settings = make_settings(data_dir, **PRODUCTION, log_level="debug")
        async with own_world(settings, url) as world:
            asker = await world.sign_in(await world.user())
            logs.configure(settings.log_level, as_json=settings.logs_json)
            capsys.readouterr()

            async with unreadable(world.services, "organizations"):
                answer = await world.http.post(
                    "/graphql",
                    json={"query": "{ organizations { nodes { name } } }"},
                    headers={"Authorization": f"Bearer {asker.token}"},
                )
            structlog.get_logger().info("outside")
            lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
            structlog.reset_defaults()

    unexpected, request, outside = (
        next(line for line in lines if line["event"] == event_name)
        for event_name in ("unexpected error in a resolver", "request", "outside")
    )
    assert unexpected["request_id"] == request["request_id"] == answer.headers[ID]
    assert "WrongObjectTypeError" in unexpected["exception"]
    assert (request["method"], request["route"], request["status"]) == ("POST", "/graphql", 200)
    assert "request_id" not in outside


async def test_an_ordinary_day_has_no_line_for_each_request(data_dir: Path, database_url: str):
    async with own_world(make_settings(data_dir), database_url) as world:
        with capture_logs() as lines:
            await world.http.get("/health")

    assert lines == []


async def test_a_request_that_stores_events_has_an_id(http: AsyncClient):
    assert len((await post_batch(http, event(type="nonsense"))).headers[ID]) == 32
