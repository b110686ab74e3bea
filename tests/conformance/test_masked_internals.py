"""No text of an exception, no SQL and no path ever reaches a client, wherever something fails."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from structlog.testing import capture_logs

from app.graphql import GraphQLEndpoint
from execution.client_errors import MASK
from execution.context import Context
from resolvers import batches, exports, ingestion
from resolvers.services import Services
from schema.build import schema
from tests.conformance.leaked_internals import FAILURES, SECRET, leaks
from tests.conftest import BASE_URL
from tests.rest_requests import AUTH, BATCH, BEHAVIORS
from tests.rest_requests import event as wire_event
from tests.statement_hooks import Sent, databases_of, watch_statements
from tests.world import Asker, World, raw

EXPORTS = "/api/v1/exports"
ORGANIZATIONS = "{ organizations { nodes { id name createdAt extensionUsers { nodes { username } } } } }"
REFRESH = 'mutation { refreshSession(input: {refreshToken: "x"}) { __typename ... on Error { message } } }'
USAGE = "query ($zone: TimeZone) { periodPresets(timezone: $zone) { start } }"
# One of each class that PostgreSQL has (https://www.postgresql.org/docs/current/errcodes-appendix.html).
STATES = (
    *("01000", "02000", "03000", "08006", "09000", "0A000", "0B000", "0F000", "0L000", "0P000", "20000", "21000"),
    *("22P02", "23505", "24000", "25006", "26000", "27000", "28000", "2B000", "2D000", "2F000", "34000", "38000"),
    *("39000", "3B000", "3D000", "3F000", "40001", "42703", "44000", "53300", "54000", "55P03", "57014", "57P01"),
    *("58030", "F0000", "HV000", "P0001", "XX000"),
)


@pytest.fixture(autouse=True)
def _kept_logs() -> Iterator[None]:
    """Logs are not written out: hundreds of tracebacks would take minutes."""
    with capture_logs():
        yield


@pytest.fixture
async def http(app: FastAPI) -> Any:
    """A client that is given what reaches it, as a real one is."""
    async with AsyncClient(transport=ASGITransport(app, raise_app_exceptions=False), base_url=BASE_URL) as client:
        yield client


@pytest.fixture
async def asker(world: World) -> Asker:
    """A super admin where there is something to ask for."""
    await world.browse(await world.recorded(await world.organization(), "ada"), raw("09:00:00"))
    return await world.super_admin()


async def every_answer(asker: Asker) -> list[Response]:
    """One request to every part of the API."""
    http, signed_in = asker.http, {"Authorization": f"Bearer {asker.token}"}
    return [
        await http.post("/graphql", json={"query": ORGANIZATIONS}, headers=signed_in),
        await http.post("/graphql", json={"query": REFRESH}),
        await http.post("/graphql", json={"query": USAGE, "variables": {"zone": "UTC"}}, headers=signed_in),
        await http.post(BEHAVIORS, json=wire_event()),
        await http.post(BATCH, json={"events": [wire_event(), wire_event()]}, headers={"X-API-Key": "wb_1"}),
        await http.get(AUTH, headers={"X-API-Key": "wb_1"}),
        await http.get(f"{EXPORTS}/behaviors.csv", headers=signed_in),
        await http.get(f"{EXPORTS}/extension-users/x.ndjson", headers=signed_in),
        await http.get("/ready"),
    ]


@contextmanager
def failing(services: Services, state: str, after: int) -> Iterator[None]:
    """Have PostgreSQL fail with a state from the statement on that comes after so many."""
    seen = 0

    def fail(_statement: str, _parameters: Any) -> Sent | None:
        nonlocal seen
        task = asyncio.current_task()
        if task is not None and task.get_name() in {"housekeeping", "rollups", "retention"}:
            return None
        seen += 1
        if seen <= after:
            return None
        raised = SECRET.replace("'", "''")
        return (
            f"DO $$BEGIN RAISE EXCEPTION USING ERRCODE = '{state}', MESSAGE = '{raised}', DETAIL = 'hidden'; END$$",
            (),
        )

    with watch_statements(databases_of(services), fail):
        yield


@pytest.mark.parametrize("after", [0, 1, 2])
async def test_nothing_that_the_database_says_is_passed_on(asker: Asker, services: Services, after: int):
    for state in STATES:
        with failing(services, state, after):
            answers = await every_answer(asker)

        assert [found for answer in answers for found in leaks(answer)] == [], state
        assert {answer.status_code for answer in answers} <= {200, 201, 400, 401, 404, 500, 503}, state


def _raising(failure: BaseException) -> Callable[..., Any]:
    def fail(*_arguments: Any, **_named: Any) -> Any:
        raise failure

    return fail


PLACES = {
    "a resolver of REST": (ingestion, "store"),
    "a holder of a key": (ingestion, "key_holder"),
    "the beginning of an export": (exports, "begin_behaviors"),
    "a loader": (batches, "_run"),
    "the writing of an answer": (GraphQLEndpoint, "encode_json"),
    "an instant that is read": (schema._schema.type_map["DateTime"], "coerce_output_value"),
    "a zone that is sent": (schema._schema.type_map["TimeZone"], "coerce_input_value"),
    "a zone that is written": (schema._schema.type_map["TimeZone"], "coerce_input_literal"),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=list(PLACES))
async def test_nothing_of_an_exception_is_passed_on(
    asker: Asker, monkeypatch: pytest.MonkeyPatch, place: tuple[Any, str]
):
    for failure in FAILURES:
        with monkeypatch.context() as patch:
            patch.setattr(*place, _raising(failure))
            answers = await every_answer(asker)
            answers.append(
                await asker.http.post(
                    "/graphql",
                    json={"query": '{ periodPresets(timezone: "UTC") { start } }'},
                    headers={"Authorization": f"Bearer {asker.token}"},
                )
            )

        assert [found for answer in answers for found in leaks(answer)] == [], failure
        assert any(answer.status_code >= 500 or "INTERNAL_SERVER_ERROR" in answer.text for answer in answers), failure


async def test_nothing_of_an_answer_of_the_wrong_type_is_passed_on(asker: Asker, monkeypatch: pytest.MonkeyPatch):
    account = SimpleNamespace(id=uuid4(), username=SimpleNamespace(hidden=SECRET))
    monkeypatch.setattr(Context, "account", account)

    error = await asker.refused("{ viewer { username } }")

    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
    assert error["message"] == MASK
