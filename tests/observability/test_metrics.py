import asyncio
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from db import migrate
from observability.names import OperationNames
from tests.observability.prometheus_scrape import Scrape, metered, scrape
from tests.rest_requests import BATCH, Chunks, event, post_batch
from tests.servers import drop_database, new_database, own_world

HTTP = "web_behavior_http_requests_total"


def test_requests_are_counted_by_route_and_status(scraped: Scrape):
    assert scraped.value(HTTP, method="POST", route=BATCH, status="201") == 2
    assert scraped.value(HTTP, method="POST", route=BATCH, status="401") == 1
    assert scraped.value(HTTP, method="OPTIONS", route="/api/v1/inayla/behaviors", status="204") == 1
    assert scraped.value(HTTP, method="GET", route="unmatched", status="404") == 1
    assert scraped.value("web_behavior_http_request_seconds_count", method="POST", route=BATCH) == 3
    assert scraped.value("web_behavior_http_requests_in_progress") == 0


def test_events_are_counted_by_what_became_of_them(scraped: Scrape):
    assert scraped.value("web_behavior_events_accepted_total") == 2
    assert scraped.value("web_behavior_events_duplicate_total") == 1
    assert scraped.value("web_behavior_events_rejected_total", code="invalid_type") == 1
    assert scraped.value("web_behavior_events_rejected_total", code="invalid_timestamp") == 1
    assert scraped.value("web_behavior_writer_failed_requests_total", code="UNAUTHENTICATED") == 1
    assert scraped.value("web_behavior_writer_group_events_sum") == 6
    assert scraped.value("web_behavior_writer_commit_seconds_count") == 3
    assert scraped.value("web_behavior_writer_queue_events") == 0
    assert scraped.value("web_behavior_writer_queue_bytes") == 0


def test_operations_are_counted_by_name_but_not_by_those_that_strangers_make_up(scraped: Scrape):
    operations = "web_behavior_graphql_operation_seconds_count"

    assert scraped.value(operations, kind="query", operation="Mine") == 2
    assert scraped.value(operations, kind="query", operation="ANameOfAStranger") is None
    assert scraped.value(operations, kind="query", operation="unnamed") == 1
    assert scraped.value(operations, kind="invalid", operation="unnamed") == 2
    assert scraped.value("web_behavior_graphql_errors_total", code="UNAUTHENTICATED") == 1
    assert scraped.value("web_behavior_graphql_errors_total", code="GRAPHQL_PARSE_FAILED") == 1


def test_attempts_to_sign_in_are_counted_by_outcome(scraped: Scrape):
    attempts = "web_behavior_sign_ins_total"

    assert scraped.value(attempts, kind="login", outcome="succeeded") == 1
    assert scraped.value(attempts, kind="login", outcome="wrong") == 1
    assert scraped.value(attempts, kind="login", outcome="throttled") == 1
    assert scraped.value("web_behavior_throttle_refusals_total", throttle="sign-in-account") == 1
    assert scraped.value("web_behavior_throttle_refusals_total", throttle="ingest-key") == 0


def test_mails_are_counted_by_outcome(scraped: Scrape):
    assert scraped.value("web_behavior_mails_total", kind="invitation", outcome="failed") == 1


def test_caches_pools_and_rollups_are_told_of(scraped: Scrape):
    assert scraped.value("web_behavior_cache_hits_total", cache="api_keys") == 2
    assert scraped.value("web_behavior_cache_misses_total", cache="api_keys") == 1
    assert (scraped.value("web_behavior_cache_hits_total", cache="documents") or 0) >= 1
    assert scraped.value("web_behavior_database_pool_connections", pool="answers") == 10
    assert scraped.value("web_behavior_database_pool_timeouts_total", pool="events") == 0
    assert scraped.value("web_behavior_statements_waiting") == 0
    assert scraped.value("web_behavior_statement_refusals_total", limit="viewer") == 0
    assert scraped.value("web_behavior_database_reachable") == 1
    assert scraped.value("web_behavior_rollup_marked_hours") == 1
    assert 0 < (scraped.value("web_behavior_rollup_oldest_mark_seconds") or 0) < 60


def test_names_are_told_apart_up_to_a_number():
    names = OperationNames(limit=2)

    assert [names.label(name) for name in ("A", "x" * 81, "B", "C", "A", None)] == [
        "A",
        "other",
        "B",
        "other",
        "A",
        "unnamed",
    ]


async def test_a_made_up_method_and_a_client_that_leaves_make_no_labels_of_their_own(data_dir: Path, database_url: str):
    settings = metered(data_dir)
    async with own_world(settings, database_url) as world:
        await world.http.request("MADE-UP", "/static/made-up")

        # The application is told that the client has gone before the body was whole.
        async def gone() -> dict[str, object]:
            return {"type": "http.disconnect"}

        async def nowhere(_message: object) -> None:
            pytest.fail("nobody is there to be answered")

        scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "path": BATCH,
            "headers": [],
            "query_string": b"",
            "client": None,
        }
        await world.http._transport.app(scope, gone, nowhere)  # type: ignore[attr-defined]  # httpx's for ASGI

        found = await scrape(settings)

    assert found.value(HTTP, method="other", route="/static", status="405") == 1
    assert found.value(HTTP, method="POST", route=BATCH, status="aborted") == 1
    assert found.value("web_behavior_http_requests_in_progress") == 0


async def test_applications_of_one_process_count_for_themselves(data_dir: Path, database_url: str):
    one, other = metered(data_dir), metered(data_dir)
    async with own_world(one, database_url) as world, own_world(other, database_url):
        await world.http.get("/health")

        first, second = await scrape(one), await scrape(other)

    assert first.value(HTTP, method="GET", route="/health", status="200") == 1
    assert second.value(HTTP, method="GET", route="/health", status="200") is None


async def test_a_full_pool_shows_who_waits_and_who_gave_up(data_dir: Path, database_url: str):
    settings = metered(data_dir, db_pool_size=2)
    async with own_world(settings, database_url) as world:
        database = world.services.database
        async with database.read(), database.read():
            waiting = asyncio.create_task(world.http.get("/ready"))
            while not database.waiting:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)
            full = await scrape(settings)
            answer = await waiting
        later = await scrape(settings)

    assert answer.status_code == 503
    assert full.value("web_behavior_database_pool_used", pool="answers") == 2
    assert full.value("web_behavior_database_pool_waiting", pool="answers") == 1
    assert full.value("web_behavior_database_reachable") == 0
    assert later.value("web_behavior_database_pool_waiting", pool="answers") == 0
    assert later.value("web_behavior_database_pool_timeouts_total", pool="answers") == 1


async def test_a_database_that_has_gone_leaves_the_rest_of_the_metrics(data_dir: Path, database_url: str):
    settings = metered(data_dir)
    async with new_database(database_url) as url:
        await migrate.upgrade(url)
        async with own_world(settings, url) as world:
            await drop_database(url)

            response = await post_batch(world.http, event())
            found = await scrape(settings)

    assert response.status_code == 503
    assert found.value("web_behavior_database_reachable") == 0
    assert str(found.value("web_behavior_rollup_marked_hours")) == "nan"
    assert found.value("web_behavior_writer_failed_requests_total", code="SERVICE_UNAVAILABLE") == 1
    assert found.value("web_behavior_events_accepted_total") == 0


async def test_a_full_queue_is_counted(data_dir: Path, database_url: str):
    settings = metered(data_dir)
    async with own_world(settings, database_url) as world:
        world.services.writer.close()

        response = await post_batch(world.http, event())
        found = await scrape(settings)

    assert response.status_code == 503
    assert found.value("web_behavior_writer_refused_requests_total") == 1


async def test_metrics_are_found_on_their_own_port_only(http: AsyncClient, data_dir: Path, database_url: str):
    settings = metered(data_dir)
    async with own_world(settings, database_url) as world:
        assert (await world.http.get("/metrics")).status_code == 404
        async with AsyncClient(base_url=f"http://127.0.0.1:{settings.metrics_port}") as prometheus:
            assert (await prometheus.get("/metrics")).headers["content-type"].startswith("text/plain")
            assert (await prometheus.get("/health")).status_code == 404
            assert (await prometheus.post("/metrics")).status_code == 405
            openmetrics = {"Accept": "application/openmetrics-text;version=1.0.0"}
            assert (await prometheus.get("/metrics", headers=openmetrics)).text.endswith("# EOF\n")

    assert (await http.get("/metrics")).status_code == 404


async def test_a_body_that_stops_short_is_counted_once(data_dir: Path, database_url: str):
    settings = metered(data_dir)
    async with own_world(settings, database_url) as world:
        response = await world.http.post(BATCH, content=Chunks(100))
        found = await scrape(settings)

    assert response.status_code == 413
    assert found.value(HTTP, method="POST", route=BATCH, status="413") == 1


async def test_a_replica_has_a_pool_and_answers_of_its_own(data_dir: Path, database_url: str):
    settings = metered(data_dir, database_url=database_url, database_replica_url=database_url)
    async with own_world(settings, database_url) as world:
        # The primary is no replica of itself, and so has to answer for it.
        await (await world.super_admin()).ask("{ behaviors(first: 1) { nodes { id } } }")
        found = await scrape(settings)

    assert found.value("web_behavior_database_pool_connections", pool="replica") == 10
    assert found.value("web_behavior_replica_questions_total", by="primary") == 1
    assert found.value("web_behavior_replica_questions_total", by="replica") == 0
