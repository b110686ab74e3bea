"""Exports of usage are read as they are sent, workbooks included, and are charged for what they read."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from core.dimensions import Dimension
from core.periods import TimeRange
from db.queries.filters import EventFilter
from db.queries.metrics import Order
from resolvers import usage_exports as exports
from resolvers.usage_exports import UsageExport
from rest import usage_exports as routes
from rest.workbooks import StreamedWorkbook
from tests.conftest import StatementCounter, make_settings
from tests.rest.export_requests import SlowClient, caller_of, fetched, filled
from tests.rest.usage_exports import address_of, downloaded, of_csv, of_xlsx
from tests.servers import own_world
from tests.world import Asker, World

URLS = {"rows": {"groups": {"by": ["URL"]}}, "measures": ["EVENTS"]}
DAY = TimeRange(datetime(2026, 8, 3, tzinfo=UTC), datetime(2026, 8, 4, tzinfo=UTC))
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")


async def many_urls(world: World, count: int) -> Asker:
    """A member of an organization with events of that many urls."""
    organization = await world.organization()
    await filled(world, await world.recorded(organization), count)
    return await world.member(organization)


async def test_groups_are_read_as_they_are_wanted_each_page_by_a_statement(
    world: World, monkeypatch: pytest.MonkeyPatch, statements: StatementCounter
):
    monkeypatch.setattr(exports, "USAGE_EXPORT_PAGE", 10)
    caller = await caller_of(world, await many_urls(world, 94))
    export = UsageExport(
        time_range=DAY, timezone="UTC", measures=("events",), where=EventFilter(), by=(Dimension.URL,),
        order=Order("events"),
    )  # fmt: skip

    table = await exports.begin(caller, export, "csv")
    statements.clear()
    sizes, counts = [], []
    async for page in table.pages:
        sizes.append(len(page))
        counts.append(len(statements))
        assert world.services.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]

    assert table.total == 94
    assert sizes == [10] * 9 + [4]
    assert counts == list(range(10)), "the first page is read before the answer begins, each other one by a statement"


@pytest.mark.parametrize("kind", ["CSV", "NDJSON", "XLSX"])
async def test_a_client_that_reads_nothing_more_has_nothing_more_read_for_it(
    world: World, app: FastAPI, monkeypatch: pytest.MonkeyPatch, statements: StatementCounter, kind: str
):
    monkeypatch.setattr(exports, "USAGE_EXPORT_PAGE", 10)
    admin = await many_urls(world, 200)
    client = SlowClient(admin, await address_of(admin, format=kind, **URLS))
    reads: list[int] = []
    statements.clear()

    download = asyncio.create_task(app(client.scope, client.receive, client.send))
    await client.has_begun.wait()
    begun = len(statements)
    for _ in range(5):
        await asyncio.sleep(0)
        reads.append(len(statements) - begun)
    client.is_gone.set()
    await download

    assert reads == [0] * 5
    assert client.chunks == 1
    assert len(statements) == begun, "nothing is read for a client that has gone"
    assert world.services.export_limit.running == 0


async def test_a_client_that_goes_away_takes_its_statement_with_it(
    world: World, app: FastAPI, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(exports, "USAGE_EXPORT_PAGE", 10)
    admin = await many_urls(world, 100)
    client = SlowClient(admin, await address_of(admin, format="XLSX", **URLS))

    async with world.services.writer.database.write() as db, asyncio.timeout(30):
        download = asyncio.create_task(app(client.scope, client.receive, client.send))
        await client.has_begun.wait()
        await db.execute(text("LOCK TABLE behaviors IN ACCESS EXCLUSIVE MODE"))
        client.goes_on.set()
        while not await db.scalar(WAITING):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)
        client.is_gone.set()
        await download
        while await db.scalar(WAITING):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    assert world.services.export_limit.running == 0


async def test_rows_of_workbooks_are_made_beside_the_event_loop_a_few_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(routes, "_ROWS_AT_ONCE", 20)
    made: list[tuple[str, int]] = []
    rows_of = StreamedWorkbook.rows

    def noted(self: StreamedWorkbook, rows: Sequence[Any]) -> bytes:
        made.append((threading.current_thread().name, len(rows)))
        return rows_of(self, rows)

    monkeypatch.setattr(StreamedWorkbook, "rows", noted)
    admin = await many_urls(world, 94)

    first, second = await asyncio.gather(*(downloaded(admin, format="XLSX", **URLS) for _ in range(2)))

    assert of_xlsx(first) == of_xlsx(second)
    assert len({name for name, _ in made}) == 1, "one thread for all of them"
    assert made[0][0].startswith("workbooks")
    assert sorted(size for _, size in made) == [14] * 2 + [20] * 8


async def test_further_pages_are_charged_by_their_time(
    world: World, data_dir, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    admin = await many_urls(world, 30)
    settings = make_settings(data_dir, rate_limit_enabled=True, jwt_secret="x" * 32)
    async with own_world(settings, database_url) as limited:
        assert admin.user
        asker = await limited.sign_in(admin.user)
        budget, charged = limited.services.throttles.query_budget, []
        charge = type(budget).charge

        async def noted(self: Any, key: str, points: float) -> int | None:
            charged.append((key, points > 0))
            return await charge(self, key, points)

        monkeypatch.setattr(type(budget), "charge", noted)

        await downloaded(asker, **URLS)
        of_one_page = list(charged)
        monkeypatch.setattr(exports, "USAGE_EXPORT_PAGE", 10)
        rows = of_csv(await downloaded(asker, **URLS))

    assert len(rows) == 30
    assert (of_one_page, charged) == ([], [(str(admin.user.id), True)] * 2)


async def test_the_price_is_that_of_the_question(world: World):
    admin = await world.member(await world.organization())
    period = {"last": "P10D"}

    async def cost(**wanted: Any) -> int:
        query = "mutation ($input: ExportUsageInput!) { exportUsage(input: $input) { __typename } }"
        answer = await admin.post(query, input={"format": "CSV", "period": period} | wanted)
        points: int = answer["extensions"]["cost"]["requested"]
        return points

    series = {"rows": {"series": {"every": "DAY"}}, "measures": ["EVENTS", "USERS"]}
    person = await cost(subject={"extensionUserId": "1"}, **series)
    everybody = await cost(**series)
    quarter_hours = await cost(**{**series, "rows": {"series": {"every": "QUARTER_HOUR"}}})
    filtered = await cost(where={"sessionIds": ["s"]}, **series)
    urls = await cost(**URLS)

    # A mutation and its answer, buckets with their values, and days of measures.
    assert person == ceil(10 + 1 + 11 * 1.2 + 10 * 0.1 * 2)
    assert everybody == person + 18
    assert quarter_hours > everybody + 4 * 20
    assert filtered == everybody + 4 * 20
    assert urls > 10 + 1000 + 5 * 10
    assert await cost(**{**series, "period": {"last": "P400D"}}) > everybody + 390 * 2


async def test_a_ticket_begins_only_so_many_downloads(world: World, data_dir, database_url: str):
    admin = await many_urls(world, 1)
    settings = make_settings(
        data_dir, rate_limit_enabled=True, export_limit_per_account="2/minute", jwt_secret="x" * 32
    )
    async with own_world(settings, database_url) as limited:
        assert admin.user
        address = await address_of(await limited.sign_in(admin.user), **URLS)

        statuses = [(await fetched(Asker(limited.http), address)).status_code for _ in range(3)]

    assert statuses == [200, 200, 429]
