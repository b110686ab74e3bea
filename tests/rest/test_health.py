import asyncio
import time
from datetime import datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from structlog.testing import capture_logs

from db import migrate
from tests.conftest import StatementCounter, make_settings
from tests.rest_requests import execute
from tests.servers import new_database, own_world, served


async def test_health_answers_as_monitors_in_the_field_expect(http: AsyncClient):
    before = int(time.time())

    response = await http.get("/health")

    answer = response.json()
    assert response.status_code == 200
    assert {name: answer[name] for name in ("status", "service")} == {"status": "healthy", "service": "web-behavior"}
    assert type(answer["timestamp"]) is int
    assert before <= answer["timestamp"] <= time.time()


async def test_readiness_says_when_it_was_asked(http: AsyncClient):
    response = await http.get("/ready")

    assert (response.status_code, response.json()["status"]) == (200, "ok")
    assert datetime.fromisoformat(response.json()["timestamp"]).tzinfo is not None


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE alembic_version SET version_num = '0001'", "0001"),
        ("DELETE FROM alembic_version", "nothing"),
        ("DROP TABLE alembic_version", "nothing"),
    ],
)
async def test_a_service_on_an_older_schema_is_not_ready_until_it_is_migrated(
    data_dir: Path, database_url: str, change: str, found: str
):
    async with new_database(database_url) as url:
        await migrate.upgrade(url)
        async with own_world(make_settings(data_dir), url) as own:
            await execute(own.services, "CREATE TABLE kept AS SELECT * FROM alembic_version")
            await execute(own.services, change)
            older = await own.http.get("/ready")
            await execute(own.services, "DROP TABLE IF EXISTS alembic_version")
            await execute(own.services, "ALTER TABLE kept RENAME TO alembic_version")
            migrated = await own.http.get("/ready")

    assert (older.status_code, older.json()["status"]) == (503, "unavailable")
    assert older.json()["message"] == (
        f"The database's schema is at {found}, not {migrate.latest_revision()}. Run `web-behavior migrate`."
    )
    assert migrated.status_code == 200


async def test_a_service_on_a_newer_schema_stays_ready_and_says_so_once(data_dir: Path, database_url: str):
    async with new_database(database_url) as url:
        await migrate.upgrade(url)
        async with own_world(make_settings(data_dir), url) as own:
            await execute(own.services, "UPDATE alembic_version SET version_num = 'ffff'")
            with capture_logs() as logs:
                answers = [await own.http.get("/ready") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200] * 3
    warnings = [entry for entry in logs if "newer version" in entry["event"]]
    assert [entry["revision"] for entry in warnings] == ["ffff"]


@pytest.mark.parametrize("path", ["/health", "/ready"])
async def test_both_answer_head_without_a_body(app: FastAPI, path: str):
    async with served(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"HEAD {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"content-type: application/json" in head
    assert body == b""


async def test_the_documentation_has_each_once_with_what_it_answers(http: AsyncClient):
    paths = (await http.get("/swagger/openapi.json")).json()["paths"]

    assert [*paths["/health"]] == [*paths["/ready"]] == ["get"]
    schema = paths["/health"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema["properties"]["status"]["const"] == "healthy"
    assert schema["properties"]["timestamp"]["type"] == "integer"


async def test_however_many_ask_at_once_whether_it_is_ready_the_database_is_asked_once(
    http: AsyncClient, statements: StatementCounter
):
    statements.clear()

    answers = await asyncio.gather(*(http.get("/ready") for _ in range(30)))

    assert {answer.status_code for answer in answers} == {200}
    assert len(statements) == 1
