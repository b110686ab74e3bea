"""The request policy, over HTTP: sizes, turns of heavy work, and who may ask about the schema."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from graphql import get_introspection_query
from httpx import AsyncClient

from app.settings import Environment, Settings
from core.fair_queue import WAITING_OF_A_SOURCE
from resolvers.services import Services
from tests.execution import hostile_documents
from tests.execution.policy_applications import INGEST, VIEWER, another, code
from tests.rest_requests import event
from tests.world import Asker, World

ABOUT_THE_SCHEMA = (
    get_introspection_query(),
    '{ __type(name: "User") { name } }',
    "{ ...F } fragment F on Query { x: __schema { description } }",
)
PRODUCTION = {"env": Environment.PROD, "base_url": "http://localhost"}


@pytest.fixture(scope="module")
async def strict(data_dir: Path, database_url: str) -> AsyncIterator[AsyncClient]:
    """A client of an application with the limits that an operator who sets none has."""
    limits = {
        name: Settings.model_fields[name].default
        for name in ("query_max_aliases", "query_max_root_fields", "query_max_directives")
    }
    async with another(data_dir, database_url, **limits) as other:
        yield other.http


@pytest.mark.parametrize("name", hostile_documents.DOCUMENTS)
async def test_a_hostile_document_is_refused_with_a_code_and_a_sentence(strict: AsyncClient, name: str):
    response = await strict.post("/graphql", json={"query": hostile_documents.DOCUMENTS[name]})

    assert response.status_code in {200, 400, 413}
    answer = response.json()
    assert answer.get("data") is None
    assert {error["extensions"]["code"] for error in answer["errors"]} <= {
        "QUERY_TOO_COMPLEX", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_REQUEST", "PAYLOAD_TOO_LARGE",
        "UNAUTHENTICATED", "BAD_USER_INPUT",
    }  # fmt: skip
    assert all(error["message"] for error in answer["errors"])


async def test_strangers_are_turned_away_before_their_document_is_checked(world: World):
    unfit = "{ viewer { nonsense } }"

    assert code(await world.stranger.post(unfit)) == "UNAUTHENTICATED"
    assert code(await (await world.super_admin()).post(unfit)) == "GRAPHQL_VALIDATION_FAILED"
    assert code(await world.stranger.post("{ nonsense }")) == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"a": [[0] * 1000] * 13}, "hold more than 12000 values"),
        ({"a": [{"b": 0}] * 6001}, "hold more than 12000 values"),
        ({"a": json.loads("[" * 200 + "]" * 200)}, "nested at most 110 deep"),
        ({"a": json.loads('{"not":' * 200 + "1" + "}" * 200)}, "nested at most 110 deep"),
    ],
)
async def test_variables_hold_so_much_and_no_more(world: World, variables: dict[str, Any], told: str):
    answer = await world.stranger.post("{ __typename }", **variables)

    assert code(answer) == "BAD_USER_INPUT"
    assert told in answer["errors"][0]["message"]


async def test_only_events_may_make_a_body_large(world: World):
    person = await world.recorded(await world.organization())
    events = [event(eventId=str(number), type="FOCUS", url="https://a.com/" + "x" * 500) for number in range(1000)]
    asker = Asker(world.http, headers={"X-API-Key": person.key.text})

    assert (await asker.ask(INGEST, events=events))["ingestBehaviors"] == {"accepted": 1000}

    plain = await world.http.post("/graphql", json={"query": VIEWER, "variables": {"a": "x" * 102_400}})
    disguised = await world.http.post(
        "/graphql", json={"query": "{ __typename } # ingestBehaviors", "variables": {"a": "x" * 102_400}}
    )
    allowed = await world.http.post("/graphql", json={"query": "{ __typename }", "variables": {"a": "x" * 102_300}})

    assert plain.status_code == 413
    assert {code(plain.json()), code(disguised.json())} == {"PAYLOAD_TOO_LARGE"}
    assert "at most 100 KiB are allowed, and more only for `ingestBehaviors`" in plain.json()["errors"][0]["message"]
    assert allowed.json()["data"] == {"__typename": "Query"}


async def hold(services: Services) -> None:
    """Take the event loop for a while, so that for as long again whatever takes much work waits."""
    await services.heavy_work.turn("somebody else")
    time.sleep(1)  # noqa: ASYNC251 - a heavy piece of work


async def test_new_documents_wait_for_their_turn_and_known_ones_do_not(world: World):
    admin, done = await world.super_admin(), []

    async def ask(name: str, asker: Asker, text: str) -> None:
        await asker.post(text)
        done.append(name)

    await admin.ask(VIEWER)
    await hold(world.services)
    texts = [
        f"{{ hostile{number}: {hostile_documents.DOCUMENTS['directives that do not exist'][1:]}" for number in range(4)
    ]
    async with asyncio.TaskGroup() as group:
        for text in texts:
            group.create_task(ask("stranger", world.stranger, text))
        await asyncio.sleep(0.1)
        group.create_task(ask("new", admin, "{ viewer { username id } }"))
        group.create_task(ask("known", admin, VIEWER))

    assert done == ["known", "stranger", "new", "stranger", "stranger", "stranger"]


async def test_only_so_many_new_documents_of_an_address_wait(world: World):
    await hold(world.services)
    answers = await asyncio.gather(
        *(world.stranger.post(f"{{ a{number}: __typename }}") for number in range(WAITING_OF_A_SOURCE + 2)),
        (await world.super_admin()).post("{ another: __typename }"),
    )

    *of_stranger, of_admin = answers
    refused = [answer for answer in of_stranger if "errors" in answer]
    assert [code(answer) for answer in refused] == ["TOO_MANY_REQUESTS"] * 2
    assert refused[0]["errors"][0]["extensions"]["retryAfterSeconds"] > 0
    assert of_admin["data"] == {"another": "Query"}


async def test_questions_about_the_schema_wait_for_their_turn_even_when_they_are_known(world: World):
    text = get_introspection_query()
    await world.stranger.ask(text)

    await hold(world.services)
    asking = [asyncio.create_task(world.stranger.ask(text)) for _ in range(3)]
    await asyncio.sleep(0.3)

    assert world.services.heavy_work.waiting == 3
    assert len(await asyncio.gather(*asking)) == 3


@pytest.mark.parametrize(
    ("settings", "everybody", "super_admin"),
    [
        ({}, True, True),
        ({"introspection": "super_admins"}, False, True),
        ({"introspection": "nobody"}, False, False),
        (PRODUCTION, False, False),
        (PRODUCTION | {"introspection": "super_admins"}, False, True),
    ],
)
async def test_the_schema_is_told_to_whom_the_settings_say(
    world: World, data_dir: Path, database_url: str, settings: dict[str, Any], everybody: bool, super_admin: bool
):
    member = await world.member(await world.organization())
    chief = await world.super_admin()
    async with another(data_dir, database_url, **settings) as other:
        allowed = {None: everybody, member.token: everybody, chief.token: super_admin}
        for (token, may), query in product(allowed.items(), ABOUT_THE_SCHEMA):
            answer = await Asker(other.http, token=token).post(query)

            assert ("errors" not in answer) is may
            assert may or code(answer) == "INTROSPECTION_DISABLED"
        assert (await other.stranger.ask("{ __typename }")) == {"__typename": "Query"}


async def test_the_page_is_there_where_the_settings_say(data_dir: Path, database_url: str):
    browser = {"Accept": "text/html"}
    async with another(data_dir, database_url, **PRODUCTION) as closed:
        page = await closed.http.get("/graphql", headers=browser)
    async with another(data_dir, database_url, **PRODUCTION, graphiql_enabled=True) as opened:
        opened_page = await opened.http.get("/graphql", headers=browser)

    assert (page.status_code, code(page.json())) == (404, "NOT_FOUND")
    assert "POST GraphQL requests to this address" in page.json()["errors"][0]["message"]
    assert opened_page.headers["Content-Type"].startswith("text/html")
