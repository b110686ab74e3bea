"""Retention where there is very much, time is short, or something is in the way."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy import text

from core.errors import Unavailable
from core.observer import Job, Observer, PortionOutcome, RoundOutcome
from db import retention
from db.background_jobs import BackgroundJob
from db.queries.retention import RetentionTime
from db.retention import Step, apply, retention_job
from db.rollups import refresh_all, verify
from resolvers.services import Services
from tests.db.test_retention import AT, _no_older_months, applied, browsed, keeps
from tests.rest_requests import execute, stored
from tests.world import Recorded, World

__all__ = ["_no_older_months"]


class Seen(Observer):
    """Counts portions and rounds of retention by their outcome."""

    def __init__(self) -> None:
        self.portions: Counter[PortionOutcome] = Counter()
        self.rounds: Counter[RoundOutcome] = Counter()

    def portion_ended(self, job: Job, outcome: PortionOutcome) -> None:
        assert job is Job.RETENTION
        self.portions[outcome] += 1

    def round_ended(self, job: Job, outcome: RoundOutcome) -> None:
        assert job is Job.RETENTION
        self.rounds[outcome] += 1


async def left_of(services: Services, person: Recorded) -> int:
    """The number of events a person has left."""
    return sum(row["user_id"] == person.id for row in await stored(services))


@pytest.fixture(autouse=True)
async def _small_tables(world: World) -> AsyncIterator[None]:
    """Leave no table so large that other tests find it worth cutting down."""
    yield
    await execute(world.services, "TRUNCATE behaviors")


async def tenant(world: World, events: int, seconds: float = 1) -> Recorded:
    """Somebody of an organization of their own, with events that have had their time."""
    organization = await world.organization()
    person = await world.recorded(organization)
    await keeps(world, organization, 5)
    await browsed(world, person, "2026-08-05T09:00", count=events, seconds=seconds)
    return person


async def test_no_transaction_deletes_more_than_a_portion_whatever_events_share_an_instant(world: World):
    await tenant(world, 300, seconds=0)
    await tenant(world, 100)
    lefts, transactions = [400], []

    async for step in apply(retention_job(world.services.database, largest=16), RetentionTime(AT)):
        lefts.append(len(await stored(world.services)))
        transactions.append(step.events)

    gone = [before - after for before, after in pairwise(lefts)]
    assert gone == transactions
    assert max(gone) == 16
    assert lefts[-1] == 0


async def test_marks_are_those_of_the_hours_touched(world: World):
    person = await tenant(world, 5, seconds=3600)
    job = retention_job(world.services.database, largest=16)

    removed = [step.events async for step in apply(job, RetentionTime(AT)) if step.events][:1]

    async with world.services.database.read() as db:
        hours = text("SELECT DISTINCT extract(hour FROM hour)::int FROM dirty_hours ORDER BY 1")
        assert list(await db.scalars(hours)) == [9, 10, 11, 12, 13]
    assert removed == [2]
    assert await left_of(world.services, person) == 0


async def test_one_tenant_with_very_much_does_not_keep_the_others_waiting(world: World):
    much, little = await tenant(world, 200), await tenant(world, 3)
    job = retention_job(world.services.database, largest=8)

    done = 0
    async for step in apply(job, RetentionTime(AT)):
        done += step.events
        if not await left_of(world.services, little):
            break

    assert await left_of(world.services, little) == 0
    assert await left_of(world.services, much) > 150
    assert done < 50


async def test_it_goes_on_after_a_person_who_fails(world: World):
    stuck, free = await tenant(world, 3), await tenant(world, 3)
    seen = Seen()
    job = retention_job(world.services.database, seen, limit_seconds=0.1)

    async with world.services.database.write() as holder:
        await holder.execute(text("SELECT FROM behaviors WHERE user_id = :id FOR UPDATE"), {"id": stuck.id})
        total = Step()
        async for step in apply(job, RetentionTime(AT)):
            total += step
        assert (total.events, total.failures) == (3, 1)
        assert await left_of(world.services, free) == 0
        assert seen.portions[PortionOutcome.PUT_ASIDE] == 1
        assert seen.portions[PortionOutcome.TOO_LONG] == 0, "they were in somebody's way, not too much"
    again = await applied(world.services)

    assert (again.events, again.failures) == (3, 0)


async def test_a_round_with_a_failure_is_told_to_be_partial(world: World):
    stuck, _ = await tenant(world, 3), await tenant(world, 3)
    seen = Seen()
    job = retention_job(world.services.database, seen, limit_seconds=0.1)

    async with world.services.database.write() as holder:
        await holder.execute(text("SELECT FROM behaviors WHERE user_id = :id FOR UPDATE"), {"id": stuck.id})
        await job.run_round(lambda: retention._round(job, None))
    await job.run_round(lambda: retention._round(job, None))

    assert seen.rounds == {RoundOutcome.PARTIAL: 1, RoundOutcome.COMPLETE: 1}


async def test_a_database_that_fails_for_everybody_ends_the_round(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "_FAILURES_IN_A_ROW", 3)
    for _ in range(4):
        await tenant(world, 1)
    job = retention_job(world.services.database, limit_seconds=0.05)

    async with world.services.database.write() as holder:
        await holder.execute(text("SELECT FROM behaviors FOR UPDATE"))
        with pytest.raises(Unavailable):
            [step async for step in apply(job, RetentionTime(AT))]


async def test_it_gets_on_by_smaller_portions_where_time_runs_out(world: World):
    person = await tenant(world, 100_000, seconds=0)
    seen = Seen()
    job = retention_job(world.services.database, seen, largest=8 * 100_000, limit_seconds=0.02)  # the first takes all

    steps: list[int] = []
    async for step in apply(job, RetentionTime(AT)):
        steps.append(step.events)
        if len(steps) == 3:
            break
    await applied(world.services)  # with time enough: a busy machine may have got to single events

    assert all(0 < events < 100_000 for events in steps)
    assert await counted(world.services, person.id) == 0
    assert seen.portions[PortionOutcome.TOO_LONG] > 0


async def counted(services: Services, user_id: UUID) -> int:
    """The number of somebody's events."""
    async with services.database.read() as db:
        count = await db.scalar(text("SELECT count(*) FROM behaviors WHERE user_id = :id"), {"id": user_id})
        return int(count or 0)


async def all_of(job: BackgroundJob) -> None:
    async for _ in apply(job, RetentionTime(AT)):
        pass


async def test_refused_events_go_in_portions_too(world: World):
    person = await tenant(world, 0)
    await execute(
        world.services,
        "INSERT INTO rejected_events (received_at, user_id, code, message, payload) "
        "SELECT :at, :person, 'invalid_event', '', '{}' FROM generate_series(1, 20)",
        at=AT.replace(day=1),
        person=person.id,
    )
    seen = Seen()

    async for _ in apply(retention_job(world.services.database, seen, largest=4), RetentionTime(AT)):
        pass

    async with world.services.database.read() as db:
        assert await db.scalar(text("SELECT count(*) FROM rejected_events")) == 0
    assert seen.portions[PortionOutcome.FINISHED] >= 20 / 4


async def test_a_round_that_is_cancelled_anywhere_loses_nothing_and_goes_on(world: World):
    person, keeper = await tenant(world, 120, seconds=60), await world.recorded(await world.organization())
    await browsed(world, keeper, "2026-08-05T09:00", count=30)
    attempts = 0

    async with asyncio.timeout(60):
        while await left_of(world.services, person):
            attempts += 1
            work = asyncio.create_task(all_of(retention_job(world.services.database, largest=16)))
            await asyncio.wait([work], timeout=0.02 * attempts)
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
    await refresh_all(world.services.database)

    assert attempts > 1
    assert await left_of(world.services, keeper) == 30
    assert [hours async for _, hours in verify(world.services.database) if hours] == []
