"""The downloads are read page by page: in little memory, and no further once the client has gone."""

import asyncio
import tracemalloc

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from db.queries.filters import EventFilter
from resolvers import exports
from tests.conftest import StatementCounter
from tests.rest.export_requests import SlowClient, caller_of, fetched, filled, lines
from tests.world import World, raw

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")


async def test_pages_are_read_as_they_are_wanted_each_by_a_statement_of_its_own(
    world: World, monkeypatch: pytest.MonkeyPatch, statements: StatementCounter
):
    monkeypatch.setattr(exports, "ROWS_AT_ONCE", 10)
    organization = await world.organization()
    admin, person = await world.member(organization), await world.recorded(organization)
    await filled(world, person, 94)
    caller = await caller_of(world, admin)
    export = exports.EventExport(None, None, EventFilter())

    pages = await exports.begin_behaviors(caller, export, "ndjson")
    statements.clear()
    sizes, counts = [], []
    async for page in pages:
        sizes.append(len(page))
        counts.append(len(statements))
        assert world.services.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]

    assert sizes == [10] * 9 + [5]
    assert counts == list(range(10)), "the first page is read before the answer begins, each other one by a statement"


async def test_people_are_gone_through_in_pages(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exports, "PEOPLE_AT_ONCE", 2)
    organization = await world.organization()
    admin = await world.member(organization)
    people = [await world.recorded(organization) for _ in range(5)]
    for person in people:
        await world.browse(person, raw("09:00:00"))

    found = [line["extensionUserId"] for line in await lines(admin)]

    assert found == sorted(str(person.id) for person in people)


async def test_a_long_export_needs_little_memory(world: World):
    organization = await world.organization()
    admin, person = await world.member(organization), await world.recorded(organization)
    await filled(world, person, 60_000)
    caller = await caller_of(world, admin)
    pages = await exports.begin_behaviors(caller, exports.EventExport(None, None, EventFilter()), "csv")
    await anext(pages)  # what is made once is made

    tracemalloc.start()
    count = exports.ROWS_AT_ONCE
    async for page in pages:
        count += len(page)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 60_001
    assert peak < 6 * 1024 * 1024, "sixty thousand rows at once take about ten times as much"


async def test_a_client_that_goes_away_takes_its_statement_with_it(
    world: World, app: FastAPI, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(exports, "ROWS_AT_ONCE", 10)
    organization = await world.organization()
    admin = await world.member(organization)
    await filled(world, await world.recorded(organization), 100)
    client = SlowClient(admin)

    async with world.services.writer.database.write() as db, asyncio.timeout(4):  # before a statement's time is up
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

    assert client.chunks == 1


async def test_an_account_has_so_many_downloads_under_way(world: World, app: FastAPI, monkeypatch: pytest.MonkeyPatch):
    limit = world.services.export_limit
    monkeypatch.setattr(exports, "PLACE_WAIT_SECONDS", 0.1)
    monkeypatch.setattr(limit, "per_viewer", 2)
    organization = await world.organization()
    admin, member = await world.member(organization), await world.member(organization)
    slow = [SlowClient(admin), SlowClient(admin)]
    downloads = [asyncio.create_task(app(each.scope, each.receive, each.send)) for each in slow]
    await asyncio.gather(*(each.has_begun.wait() for each in slow))

    refused, of_another = await fetched(admin), await fetched(member)
    for each in slow:
        each.is_gone.set()
        each.goes_on.set()
    await asyncio.gather(*downloads)
    afterwards = await fetched(admin)

    assert (refused.status_code, of_another.status_code, afterwards.status_code) == (503, 200, 200)
    assert "2 downloads of your account run already" in refused.json()["message"]
    assert int(refused.headers["retry-after"]) > 0
    assert limit.running == 0
