import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.readiness import check_tracing
from core.errors import CannotGoOn
from db import migrate
from observability.tracing import is_installed, tracing_of
from tests.conftest import make_settings
from tests.observability.otlp_receiver import Receiver, attributes, failed, receiver
from tests.rest_requests import BATCH, BEHAVIORS, event, post_batch, with_key
from tests.servers import drop_database, new_database, own_world
from tests.world import World

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def received() -> Any:
    with receiver() as running:
        yield running


@asynccontextmanager
async def traced(data_dir: Path, url: str, received: Receiver) -> AsyncIterator[World]:
    """An application that sends its spans there, all of them when it stops."""
    settings = make_settings(data_dir, otel_exporter_otlp_endpoint=received.endpoint)
    async with new_database(url) as database:
        await migrate.upgrade(database)
        async with own_world(settings, database) as world:
            yield world


async def test_a_question_has_a_span_for_each_resolver_that_asks_the_database(
    data_dir: Path, database_url: str, received: Receiver
):
    async with traced(data_dir, database_url, received) as world:
        member = await world.member(await world.organization())
        await member.ask("{ organizations { nodes { name extensionUsers { totalCount nodes { username } } } } }")

    request = received.one("POST /graphql")
    assert received.paths == ["/v1/traces"]
    assert received.services == {"web-behavior"}
    assert request.parent_span_id == b""
    assert attributes(request) == {
        "http.request.method": "POST",
        "http.route": "/graphql",
        "http.response.status_code": 200,
    }
    names = sorted(received.children(request))
    assert "resolvers.organizations.list_page" in names
    assert [name.rpartition(".")[0] for name in names] == [
        "db.queries.extension_users",  # one for the pages, one for the counts
        "db.queries.extension_users",
        "resolvers.organizations",
        "resolvers.sign_ins",
    ]
    assert {span.trace_id for span in received.spans} == {request.trace_id}


async def test_a_request_takes_its_place_in_the_trace_that_it_names(
    data_dir: Path, database_url: str, received: Receiver
):
    async with traced(data_dir, database_url, received) as world:
        await world.http.get("/ready", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
        await world.http.get("/health", headers={"traceparent": "nonsense"})
        await world.http.get("/swagger", headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})  # not to be recorded

    ready, health = received.one("GET /ready"), received.one("GET /health")
    assert (ready.trace_id.hex(), ready.parent_span_id.hex()) == (TRACE, PARENT)
    assert received.children(ready) == ["db.migrate.current_revision"]
    assert (health.trace_id.hex() != TRACE, health.parent_span_id) == (True, b"")
    assert len(received.spans) == 3


async def test_storing_events_is_a_span_and_what_they_hold_is_in_none(
    data_dir: Path, database_url: str, received: Receiver
):
    secret = "https://private.example/a-path"
    async with traced(data_dir, database_url, received) as world:
        person = await world.recorded(await world.organization())
        await post_batch(world.http, event(url=secret, sessionId="a-session"), headers=with_key(person))
        beacon = {"events": [event(url=secret), event(type="foo")], "apiKey": person.key.text}
        await world.http.post(BEHAVIORS, json=event(type="foo", apiKey=person.key.text))
        await world.http.post(BEHAVIORS, json=event() | beacon)
        await world.http.get(f"/made-up?url={secret}", headers={"X-API-Key": person.key.text})
        asker = await world.super_admin()
        query = "query ($url: String!) { behaviors(where: {url: {contains: $url}}, first: 1) { nodes { id } } }"
        await asker.post(query, url=secret)

    assert sorted(received.children(received.one(f"POST {BATCH}"))) == [
        "db.event_writer.EventWriter.write",
        "resolvers.api_key_cache.ApiKeyCache.holder",
    ]
    assert received.one("GET unmatched")
    sent = b"".join(received.bodies)
    for word in ("private.example", "a-session", "made-up", "SELECT", person.key.text, asker.token or "?"):
        assert word.encode() not in sent


async def test_failures_are_told_by_their_kind(data_dir: Path, database_url: str, received: Receiver):
    async with new_database(database_url) as url:
        await migrate.upgrade(url)
        settings = make_settings(data_dir, otel_exporter_otlp_endpoint=received.endpoint)
        async with own_world(settings, url) as world:
            await post_batch(world.http, event(), headers={"X-API-Key": "nobody's"})
            await drop_database(url)
            await world.http.get("/ready")

    ready, asked = received.one("GET /ready"), received.one("db.migrate.current_revision")
    assert (attributes(ready)["http.response.status_code"], failed(ready), failed(asked)) == (503, True, True)
    assert attributes(asked)["error.type"]
    refused = received.one(f"POST {BATCH}")
    assert (attributes(refused)["http.response.status_code"], failed(refused)) == (401, False)


async def test_an_answer_that_breaks_off_is_a_failure(received: Receiver):
    tracing = tracing_of(received.endpoint)
    assert tracing

    with pytest.raises(ConnectionError), tracing.request({"method": "GET", "headers": []}):
        raise ConnectionError
    tracing.close()

    assert attributes(received.one("GET")) == {"error.type": "ConnectionError"}
    assert failed(received.one("GET"))


async def test_a_receiver_that_is_away_harms_nobody(data_dir: Path, database_url: str):
    with receiver() as gone:
        endpoint = gone.endpoint
    async with own_world(make_settings(data_dir, otel_exporter_otlp_endpoint=endpoint), database_url) as world:
        assert (await world.http.get("/ready")).status_code == 200


async def test_without_a_receiver_nothing_is_recorded(world: World):
    assert (await world.http.get("/ready", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})).status_code == 200


def test_what_sends_traces_must_be_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    settings = make_settings(tmp_path, otel_exporter_otlp_endpoint="http://127.0.0.1:1")
    check_tracing(settings)
    assert is_installed()

    monkeypatch.setitem(sys.modules, "opentelemetry.exporter", None)
    for name in [name for name in sys.modules if name.startswith("opentelemetry.exporter.")]:
        monkeypatch.delitem(sys.modules, name)

    with pytest.raises(CannotGoOn, match=r"pip install 'web-behavior\[otel\]'"):
        check_tracing(settings)
    check_tracing(make_settings(tmp_path))


def test_a_receiver_is_found_by_http(tmp_path: Path):
    with pytest.raises(ValueError, match="http address of a receiver"):
        make_settings(tmp_path, otel_exporter_otlp_endpoint="localhost:4317")
