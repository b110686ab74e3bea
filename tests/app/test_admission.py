"""What is let through to be run, over HTTP: by whom, how large, for how much; and trusted documents."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from graphql import get_introspection_query
from httpx import AsyncClient

from app.readiness import CannotStart, check_trusted_documents
from app.secret import jwt_secret
from app.settings import Environment, Settings
from auth.budget import Budget
from auth.throttle import Counters
from tests.conftest import StatementCounter, make_settings
from tests.schema import hostile
from tests.servers import RedisServer, own_world, redis_server
from tests.wire import event
from tests.world import Asker, World

VIEWER = "{ viewer { username } }"
PEOPLE = "{ extensionUsers(first: 100) { nodes { __typename } } }"  # 101 points
INGEST = """mutation ($events: [BehaviorInput!]!) {
    ingestBehaviors(input: {events: $events}) { ... on IngestBehaviorsSuccess { accepted } ... on Error { message } }
}"""
ABOUT_THE_SCHEMA = (
    get_introspection_query(),
    '{ __type(name: "User") { name } }',
    "{ ...F } fragment F on Query { x: __schema { description } }",
)
PRODUCTION = {"env": Environment.PROD, "base_url": "http://localhost"}


def code(answer: dict[str, Any]) -> str:
    """Why a request was not run."""
    [error] = answer["errors"]
    assert answer.get("data") is None
    found: str = error["extensions"]["code"]
    return found


@asynccontextmanager
async def another(data_dir: Path, database_url: str, **settings: Any) -> AsyncIterator[World]:
    """An application with settings of its own, on the tests' database, which knows the same sign-ins."""
    secret = jwt_secret(make_settings(data_dir))
    async with own_world(make_settings(data_dir, jwt_secret=secret, **settings), database_url) as other:
        yield other


async def test_what_a_query_costs_is_told(world: World):
    admin = await world.super_admin()

    answer = await admin.post(PEOPLE)

    assert answer["extensions"] == {"cost": {"requested": 101, "limit": 1_000_000, "remaining": None}}


async def test_what_costs_too_much_is_not_run(
    world: World, data_dir: Path, database_url: str, statements: StatementCounter
):
    admin = await world.super_admin()
    async with another(data_dir, database_url, query_max_cost=100) as frugal:
        asker = Asker(frugal.http, token=admin.token)
        statements.clear()

        answer = await asker.post(f"query ($size: Int!) {PEOPLE.replace('100', '$size')}", size=100)

        assert code(answer) == "QUERY_TOO_COSTLY"
        assert answer["extensions"]["cost"] == {"requested": 101, "limit": 100, "remaining": None}
        assert answer["errors"][0]["message"] == (
            "This query costs 101 points; at most 100 are allowed. Most of it, 100, is for `extensionUsers.nodes`: ask "
            "for a shorter period, smaller pages, longer buckets or fewer measures."
        )
        assert "extensionUsers" in (await asker.ask(PEOPLE.replace("100", "99")))


@pytest.fixture(params=["in process", "in Redis"])
def redis(request: pytest.FixtureRequest) -> Any:
    """Where budgets are kept: None means in the process."""
    if request.param == "in process":
        yield None
    else:
        with redis_server() as server:
            yield server


async def test_each_viewer_has_a_budget(world: World, data_dir: Path, database_url: str, redis: RedisServer | None):
    first, second = await world.super_admin(), await world.super_admin()
    settings: dict[str, Any] = {
        "rate_limit_enabled": True,
        "query_max_cost": 250,
        "query_budget_per_viewer": "250/hour",
        "redis_url": redis.url if redis else None,
    }
    async with another(data_dir, database_url, **settings) as busy:
        one, other = (Asker(busy.http, token=asker.token) for asker in (first, second))

        answers = [await one.post(PEOPLE) for _ in range(3)]

        # the document was new to the process once: a point for each hundred characters
        assert [answer["extensions"]["cost"]["remaining"] for answer in answers] == [148, 47, None]
        assert code(answers[2]) == "TOO_MANY_REQUESTS"
        assert 100 < answers[2]["errors"][0]["extensions"]["retryAfterSeconds"] <= 3600
        assert "47 are left of the budget" in answers[2]["errors"][0]["message"]
        assert (await one.post("{ __typename }"))["extensions"]["cost"]["remaining"] == 45
        assert "errors" not in await other.post(PEOPLE)
        assert busy.services.throttles.query_budget.refusals == 1


async def test_strangers_have_one_budget_for_each_address(data_dir: Path, database_url: str):
    settings: dict[str, Any] = {
        "rate_limit_enabled": True, "query_max_cost": 10, "query_budget_per_viewer": "10/hour",
    }  # fmt: skip
    async with another(data_dir, database_url, **settings) as busy:
        answers = [await busy.stranger.post(f"{{ a{number}: __typename }}") for number in range(6)]

    assert [answer.get("data") is not None for answer in answers] == [True] * 5 + [False]
    assert code(answers[5]) == "TOO_MANY_REQUESTS"  # before the document was read


async def test_a_budget_refills_all_the_time(monkeypatch: pytest.MonkeyPatch):
    instant = 1000.0
    monkeypatch.setattr("auth.budget.time.monotonic", lambda: instant)
    budget = Budget(Counters(), "test", "60/minute")

    async def left(points: float) -> tuple[int, int | None]:
        balance = await budget.spend("ada", points)
        assert balance
        return balance.remaining, balance.retry_after

    assert await left(50) == (10, None)
    assert await left(40) == (10, 30)  # nothing was taken
    instant += 29
    assert await left(40) == (39, 1)
    instant += 1
    assert await left(40) == (0, None)
    instant += 3600
    assert await left(0) == (60, None)  # and is never more than full


async def test_a_process_forgets_the_budgets_that_are_full(monkeypatch: pytest.MonkeyPatch):
    instant = 1000.0
    monkeypatch.setattr("auth.budget.time.monotonic", lambda: instant)
    monkeypatch.setattr("auth.budget._REMEMBERED", 10)
    budget = Budget(Counters(), "test", "60/minute")
    for number in range(10):
        await budget.spend(f"early {number}", 1)
    instant += 10

    await budget.spend("late", 1)

    assert list(budget._full_at) == ["late"]


async def test_budgets_go_on_in_process_while_redis_is_away():
    with redis_server() as server:
        budget = Budget(counters := Counters(server.url), "test", "60/minute")
        await budget.spend("ada", 50)
        server.kill()

        balance = await budget.spend("ada", 50)
        again = await budget.spend("ada", 50)
        await counters.close()

    assert balance
    assert again
    assert (balance.remaining, balance.retry_after) == (10, None)
    assert again.retry_after == 40


@pytest.fixture(scope="module")
async def strict(data_dir: Path, database_url: str) -> AsyncIterator[AsyncClient]:
    """A client of an application with the limits that an operator who sets none has."""
    limits = {
        name: Settings.model_fields[name].default
        for name in ("query_max_aliases", "query_max_root_fields", "query_max_directives")
    }
    async with another(data_dir, database_url, **limits) as other:
        yield other.http


@pytest.mark.parametrize("name", hostile.DOCUMENTS)
async def test_a_hostile_document_is_refused_with_a_code_and_a_sentence(strict: AsyncClient, name: str):
    response = await strict.post("/graphql", json={"query": hostile.DOCUMENTS[name]})

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


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def manifest(folder: Path, **documents: str) -> Path:
    """A manifest as GraphQL Code Generator writes it; further documents by their keys."""
    path = folder / "persisted-documents.json"
    path.write_text(json.dumps({digest(VIEWER): VIEWER, digest(INGEST): INGEST} | documents))
    return path


async def test_a_trusted_document_is_asked_for_by_its_hash(
    world: World, data_dir: Path, database_url: str, tmp_path: Path
):
    admin = await world.super_admin()
    headers = {"Authorization": f"Bearer {admin.token}"}
    async with another(data_dir, database_url, trusted_documents=manifest(tmp_path)) as other:

        async def data(**request: Any) -> Any:
            return (await other.http.post("/graphql", json=request, headers=headers)).json().get("data")

        expected = await data(query=VIEWER)

        assert expected
        assert await data(documentId=f"sha256:{digest(VIEWER)}") == expected
        assert await data(documentId=digest(VIEWER)) == expected
        got = await other.http.get("/graphql", params={"documentId": f"sha256:{digest(VIEWER)}"}, headers=headers)
        assert got.json()["data"] == expected


async def test_a_trusted_document_stores_events_too(world: World, data_dir: Path, database_url: str, tmp_path: Path):
    person = await world.recorded(await world.organization())
    events = [event(eventId=str(number), type="FOCUS", url="https://a.com/" + "x" * 500) for number in range(300)]
    async with another(data_dir, database_url, trusted_documents=manifest(tmp_path)) as other:
        response = await other.http.post(
            "/graphql",
            json={"documentId": f"sha256:{digest(INGEST)}", "variables": {"events": events}},
            headers={"X-API-Key": person.key.text},
        )

    assert response.json()["data"]["ingestBehaviors"] == {"accepted": 300}


@pytest.mark.parametrize(
    ("only", "request_", "expected"),
    [
        (False, {"documentId": digest("{ __typename }")}, "PERSISTED_DOCUMENT_NOT_FOUND"),
        (False, {"documentId": f"md5:{digest(VIEWER)}"}, "PERSISTED_DOCUMENT_NOT_FOUND"),
        (False, {"documentId": 7}, "PERSISTED_DOCUMENT_NOT_FOUND"),
        (False, {"documentId": ["a"]}, "PERSISTED_DOCUMENT_NOT_FOUND"),
        (False, {"documentId": digest(VIEWER), "query": VIEWER}, "BAD_REQUEST"),
        (True, {"query": VIEWER}, "TRUSTED_DOCUMENTS_ONLY"),
        (True, {"query": "{ __typename }"}, "TRUSTED_DOCUMENTS_ONLY"),
        (True, {}, "BAD_REQUEST"),
    ],
)
async def test_what_is_no_trusted_document(
    data_dir: Path, database_url: str, tmp_path: Path, only: bool, request_: Any, expected: str
):
    settings: dict[str, Any] = {"trusted_documents": manifest(tmp_path), "trusted_documents_only": only}
    async with another(data_dir, database_url, **settings) as other:
        response = await other.http.post("/graphql", json=request_)
        got = await other.http.get("/graphql", params={"query": VIEWER})

    assert (response.status_code, code(response.json())) == (400, expected)
    assert code(got.json()) == ("TRUSTED_DOCUMENTS_ONLY" if only else "UNAUTHENTICATED")


async def test_without_a_manifest_no_document_is_trusted(http: AsyncClient):
    response = await http.post("/graphql", json={"documentId": digest(VIEWER)})

    assert (response.status_code, code(response.json())) == (400, "PERSISTED_DOCUMENT_NOT_FOUND")


DEEP = "{ viewer " + "{ memberships { user " * 6 + "{ id }" + "} }" * 6 + "}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ('{"a": 1}', "is not a JSON object"),
        (json.dumps({"a" * 40: VIEWER}), "is not the SHA-256 of its document"),
        (json.dumps({digest("{ viewer {"): "{ viewer {"}), "cannot be run: Syntax Error"),
        (json.dumps({digest("{ nonsense }"): "{ nonsense }"}), "cannot be run: Cannot query field 'nonsense'"),
        (json.dumps({digest(DEEP): DEEP}), "cannot be run: Fields are nested 14 deep"),
    ],
)
def test_a_manifest_that_cannot_be_used_stops_the_start(tmp_path: Path, text: str | None, told: str):
    path = tmp_path / "documents.json"
    if text is not None:
        path.write_text(text)

    with pytest.raises(CannotStart) as refused:
        check_trusted_documents(make_settings(tmp_path, trusted_documents=path))

    assert str(refused.value).startswith(f"TRUSTED_DOCUMENTS: {path}")
    assert told in str(refused.value)


def test_a_manifest_with_prefixes_is_understood(tmp_path: Path):
    path = tmp_path / "documents.json"
    path.write_text(json.dumps({f"sha256:{digest(VIEWER)}": VIEWER}))

    check_trusted_documents(make_settings(tmp_path, trusted_documents=path))
    check_trusted_documents(make_settings(tmp_path))
