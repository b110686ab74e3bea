"""Anonymous events have a limit on disk; what people send goes on beyond it."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from core.observer import Job
from db import housekeeping
from db.anonymous_events import AnonymousEvents
from db.background_jobs import BackgroundJob
from db.rollups import refresh_all
from tests.conftest import StatementCounter, make_settings
from tests.db.test_retention import _no_older_months, browsed
from tests.rest_requests import BEHAVIORS, event, post_batch, rejected, stored, with_key
from tests.schema.test_ingest_behaviors import INGEST, behavior
from tests.servers import own_world
from tests.world import World

__all__ = ["_no_older_months"]
MIB = 2**20


async def measured(world: World, limit: int = 0) -> AnonymousEvents:
    """The measurements of a process."""
    anonymous = AnonymousEvents(limit)
    await anonymous.measure(BackgroundJob(Job.ANONYMOUS_EVENTS, world.services.database, largest=1))
    return anonymous


@pytest.fixture
async def full(data_dir: Path, database_url: str, world: World) -> AsyncIterator[World]:
    """A world whose application has no room for anonymous events."""
    await browsed(world, None, "2026-08-10T09:00", count=8_000, seconds=1)
    async with own_world(make_settings(data_dir, anonymous_max_mib=1), database_url) as own:
        async with asyncio.timeout(20):
            while not own.services.anonymous_events.is_full:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.02)
        yield replace(world, services=own.services, http=own.http)


async def added(world: World) -> set[UUID]:
    """The people whose events were stored in addition to those that were there before."""
    return {row["user_id"] for row in await stored(world.services) if row["session_id"] == "new"}


async def test_nothing_is_nothing(world: World):
    await browsed(world, await world.recorded(await world.organization()), "2026-08-10T09:00", count=100)

    assert (await measured(world, limit=1)).bytes == 0


@pytest.mark.parametrize("rolled_up", [True, False])
async def test_it_is_about_what_they_take(world: World, rolled_up: bool):
    dice = random.Random(1)
    urls = [f"https://a.com/{dice.randbytes(dice.randrange(4000)).hex()}" for _ in range(600)]
    for start in range(0, 600, 200):
        day = 3 + start // 200
        events = [event(url=url, ts=f"2026-08-0{day}T09:{number % 60:02}:00Z") for number, url in enumerate(urls)]
        await post_batch(world.http, *events[start : start + 200])
    if rolled_up:
        await refresh_all(world.services.database)
    async with world.services.database.read() as db:
        rows = await db.scalar(text("SELECT sum(pg_column_size(event.*)) FROM behaviors AS event"))

    found = (await measured(world)).bytes

    assert 0.8 * rows <= found - 600 * 80 <= 1.2 * rows


async def test_measuring_reads_few_events_however_many_there_are(world: World, statements: StatementCounter):
    await browsed(world, None, "2026-08-10T09:00", count=30_000, seconds=1)
    statements.clear()

    found = await measured(world, limit=30_000 * 100)

    assert found.is_full
    assert len([each for each in statements.statements if "FROM behaviors" in each]) <= 20
    assert not [each for each in statements.statements if "behaviors" in each and "LIMIT" not in each]


async def test_every_process_learns_of_it_by_itself_within_a_minute(
    data_dir: Path, database_url: str, world: World, monkeypatch: pytest.MonkeyPatch
):
    assert housekeeping.INTERVAL_SECONDS <= 60
    monkeypatch.setattr(housekeeping, "INTERVAL_SECONDS", 0.05)
    settings = make_settings(data_dir, anonymous_max_mib=1)
    async with own_world(settings, database_url) as one, own_world(settings, database_url) as other:
        assert (await one.http.post(BEHAVIORS, json=event())).status_code == 201
        await browsed(world, None, "2026-08-10T09:00", count=8_000, seconds=1)
        async with asyncio.timeout(20):
            while not (one.services.anonymous_events.is_full and other.services.anonymous_events.is_full):  # noqa: ASYNC110 - they tell nobody
                await asyncio.sleep(0.05)

        refused = [await own.http.post(BEHAVIORS, json=event(sessionId="late")) for own in (one, other)]
        async with world.services.database.write() as db:
            for table in ("behaviors", "hours", "dirty_hours"):
                await db.execute(text(f"DELETE FROM {table}"))
        async with asyncio.timeout(20):
            while one.services.anonymous_events.is_full:  # noqa: ASYNC110 - the same
                await asyncio.sleep(0.05)
        again = await one.http.post(BEHAVIORS, json=event(sessionId="late"))

    assert [answer.status_code for answer in refused] == [503, 503]
    assert again.status_code == 201


async def test_an_anonymous_event_is_refused_when_there_is_no_room(full: World):
    single = await full.http.post(BEHAVIORS, json=event(sessionId="new"))
    batch = await post_batch(full.http, event(sessionId="new"), event(type="foo"))
    error = await full.stranger.refused(INGEST, events=[behavior(sessionId="new")])

    for answer in (single, batch):
        assert answer.status_code == 503
        assert 300 <= int(answer.headers["Retry-After"]) <= 600
        assert "no room for further anonymous events" in answer.json()["message"]
    assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE"
    assert await added(full) == set()
    assert await rejected(full.services) == []


async def test_what_people_send_goes_on_with_a_key_and_without(full: World):
    ada = await full.recorded(await full.organization())

    keyed = await full.http.post(BEHAVIORS, json=event(sessionId="new"), headers=with_key(ada))
    named = await full.http.post(BEHAVIORS, json=event(sessionId="new", userId=str(ada.id), type="blur"))
    mixed = await post_batch(
        full.http, event(sessionId="new"), event(sessionId="new", userId=str(ada.id), type="keydown")
    )

    assert [keyed.status_code, named.status_code, mixed.status_code] == [201] * 3
    receipt = mixed.json()
    assert receipt["accepted"] == 1
    assert [(each["index"], each["code"]) for each in receipt["rejected"]] == [(0, "over_quota")]
    assert await added(full) == {ada.id}
