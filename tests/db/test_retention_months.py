"""Months of which a few events are kept: their disk space is given back, and nothing that is kept is lost."""

import asyncio
from contextlib import aclosing, suppress

import pytest
from sqlalchemy import text

from core.errors import QueryTimeout
from db.queries import retention_months
from db.queries.retention import RetentionTime
from db.queries.retention_months import KeptEvents
from db.retention import Step, apply, retention_job
from db.rollups import refresh_all, verify
from resolvers.services import Services
from tests.db.test_partitions import partitions
from tests.db.test_retention import AT, _no_older_months, applied, browsed, keeps, month_dropped
from tests.rest_requests import BEHAVIORS, stored
from tests.world import Recorded, World

__all__ = ["_no_older_months", "month_dropped"]

pytestmark = pytest.mark.usefixtures("month_dropped")
QUESTION = """{
    usage(period: {between: {start: "2026-07-01T00:00:00Z", end: "2026-08-01T00:00:00Z"}}) {
        total { events trackedMinutes engagedMinutes trackedSeconds sessions uniqueDomains }
        series(every: DAY) { measures { events trackedSeconds } }
    }
    behaviors(first: 100) { nodes { id ts url receivedAt extensionUser { username } } }
}"""


async def bytes_of_july(services: Services) -> int:
    """The size of the partition of July."""
    async with services.database.read() as db:
        size = await db.scalar(text("SELECT pg_total_relation_size('behaviors_2026_07')"))
        return int(size or 0)


async def much_and_little(world: World, *kept: Recorded | None) -> None:
    """A July of 150,000 events that have had their time, and a few that are kept."""
    organization = await world.organization()
    expired = await world.recorded(organization)
    await keeps(world, organization, 5)
    for person in kept:
        await browsed(world, person, "2026-07-10T09:00", count=30)
    await browsed(world, expired, "2026-07-10T09:00", count=150_000, seconds=0.01)


async def test_a_month_of_few_kept_events_gives_its_space_back_and_answers_the_same(world: World):
    boss = await world.super_admin()
    keeper = await world.recorded(await world.organization())
    for person in (None, keeper):
        await browsed(world, person, "2026-07-10T09:00", count=30)
    before, events = await boss.ask(QUESTION), await stored(world.services)
    await much_and_little(world)
    full = await bytes_of_july(world.services)

    first = await applied(world.services)
    at_once = await boss.ask(QUESTION)
    await refresh_all(world.services.database)
    rolled_up = await boss.ask(QUESTION)
    second = await applied(world.services)

    assert first == Step(months=1)
    assert full > retention_months.LEAST_FREED
    assert await bytes_of_july(world.services) < full / 20
    assert at_once == rolled_up == before
    assert await stored(world.services) == events
    assert [hours async for _, hours in verify(world.services.database) if hours] == []
    assert second == Step(), "it is cut down once, not every hour"


async def test_a_month_that_is_cut_down_takes_events_again(world: World):
    await much_and_little(world, None)
    assert (await applied(world.services)).months == 1

    response = await world.http.post(BEHAVIORS, json={"sessionId": "s", "ts": "2026-07-11T09:00:00Z", "type": "focus"})

    assert response.status_code == 201
    assert len(await stored(world.services)) == 31


async def test_a_month_is_not_cut_down_while_somebody_reads_it(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention_months, "LEAST_FREED", 0)
    monkeypatch.setattr(retention_months, "_OVERHEAD", 0)
    organization = await world.organization()
    await keeps(world, organization, 5)
    await browsed(world, await world.recorded(organization), "2026-07-10T09:00", count=5)
    await browsed(world, None, "2026-07-10T09:00", count=5)

    async with world.services.database.read() as reader:
        await reader.execute(text("SELECT count(*) FROM behaviors"))
        removed = await applied(world.services)

    assert removed == Step(events=5)
    assert len(await stored(world.services)) == 5


async def test_events_that_are_stored_meanwhile_are_not_lost(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention_months, "LEAST_FREED", 0)
    monkeypatch.setattr(retention_months, "_OVERHEAD", 0)
    organization = await world.organization()
    await keeps(world, organization, 5)
    await browsed(world, await world.recorded(organization), "2026-07-10T09:00", count=2000)
    await browsed(world, None, "2026-07-10T09:00", count=5)

    async def post() -> int:
        acknowledged = 0
        for second in range(40):
            sent = {"sessionId": "s", "ts": f"2026-07-11T09:00:{second:02}Z", "type": "focus"}
            acknowledged += (await world.http.post(BEHAVIORS, json=sent)).status_code == 201
        return acknowledged

    async def cut_down() -> int:
        return sum([(await applied(world.services)).months for _ in range(5)])

    acknowledged, months = await asyncio.gather(post(), cut_down())

    assert months > 0
    assert acknowledged > 0
    assert len(await stored(world.services)) == 5 + acknowledged


async def test_a_month_of_more_kept_events_is_deleted_from_one_by_one(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention_months, "LEAST_FREED", 0)
    monkeypatch.setattr(retention_months, "_OVERHEAD", 0)
    monkeypatch.setattr(retention_months, "MOST_MOVED", 4)
    organization = await world.organization()
    await keeps(world, organization, 5)
    await browsed(world, await world.recorded(organization), "2026-07-10T09:00", count=3)
    await browsed(world, None, "2026-07-10T09:00", count=5)

    assert await applied(world.services) == Step(events=3)
    assert len(await stored(world.services)) == 5
    assert "behaviors_2026_07" in await partitions(world.services)


async def test_a_month_that_takes_too_long_to_look_at_is_deleted_from_one_by_one(world: World):
    await much_and_little(world, None)
    job = retention_job(world.services.database, limit_seconds=0.001)
    steps = []

    with suppress(QueryTimeout):  # hardly anything takes so little
        async with aclosing(apply(job, RetentionTime(AT))) as applying:
            async for step in applying:
                steps.append(step)
                if len(steps) > 3:
                    break

    assert not any(step.months for step in steps)
    async with world.services.background_database.read() as db:
        assert await db.scalar(text("SELECT count(*) FROM behaviors WHERE organization_id IS NULL")) == 30


@pytest.mark.parametrize(
    ("kept", "worth_it"),
    [
        (KeptEvents(0, 0, 10**9), False),
        (KeptEvents(1, 100, 10**9), True),
        (KeptEvents(10_000, 2_000_000, 10**9), True),
        (KeptEvents(10_001, 2_000_000, 10**9), False),
        (KeptEvents(10_000, 80_000_000, 300_000_000), False),
        (KeptEvents(1, 100, 1_000_000), False),
    ],
)
def test_a_month_is_cut_down_only_where_that_gives_much_back(kept: KeptEvents, worth_it: bool):
    assert kept.worth_moving is worth_it
