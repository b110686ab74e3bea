import asyncio
from collections import Counter

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import QueryTimeout, Unavailable
from core.observer import Job, Observer, PortionOutcome, RoundOutcome
from db.background_jobs import BackgroundJob
from resolvers.services import Services


class Notes(Observer):
    """The reports of a job."""

    def __init__(self) -> None:
        self.portions: list[PortionOutcome] = []
        self.rounds: list[RoundOutcome] = []

    def portion_ended(self, job: Job, outcome: PortionOutcome) -> None:
        assert job is Job.RETENTION
        self.portions.append(outcome)

    def round_ended(self, job: Job, outcome: RoundOutcome) -> None:
        assert job is Job.RETENTION
        self.rounds.append(outcome)


def job(services: Services, notes: Notes, largest: int = 64, limit_seconds: float = 0.3) -> BackgroundJob:
    return BackgroundJob(Job.RETENTION, services.database, notes, largest=largest, limit_seconds=limit_seconds)


async def sleep_for_each(connection: AsyncConnection, size: int, *, seconds: float = 0.1) -> int:
    await connection.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds * size})
    return size


async def test_a_portion_that_takes_too_long_is_halved_until_it_goes_well(services: Services):
    notes = Notes()
    sleeper = job(services, notes)

    assert await sleeper.work(sleep_for_each) == 2
    assert notes.portions == [PortionOutcome.TOO_LONG, PortionOutcome.TOO_LONG, PortionOutcome.FINISHED]


async def test_a_single_item_that_takes_too_long_is_an_error(services: Services):
    notes = Notes()

    with pytest.raises(QueryTimeout):
        await job(services, notes, limit_seconds=0.01).work(sleep_for_each)

    assert notes.portions == 4 * [PortionOutcome.TOO_LONG]


async def test_a_single_item_may_take_longer_where_it_is_to(services: Services):
    notes = Notes()
    sleeper = job(services, notes, largest=16, limit_seconds=0.01)

    assert await sleeper.work(sleep_for_each, 3) == 1
    with pytest.raises(QueryTimeout):
        await sleeper.work(sleep_for_each, 0.02)

    assert notes.portions[:3] == [PortionOutcome.TOO_LONG, PortionOutcome.TOO_LONG, PortionOutcome.FINISHED]


async def test_a_lock_that_is_waited_for_is_no_reason_for_smaller_portions(services: Services):
    notes = Notes()
    waiter = job(services, notes)

    async def lock(connection: AsyncConnection, _size: int) -> None:
        await waiter.limit_lock_waits(connection)
        await connection.execute(text("SELECT pg_advisory_xact_lock(4711)"))

    async with services.database.write() as holder:
        await holder.execute(text("SELECT pg_advisory_xact_lock(4711)"))
        with pytest.raises(Unavailable) as failure:
            await waiter.work(lock)

    assert not isinstance(failure.value, QueryTimeout)
    assert (notes.portions, waiter.portion.size) == ([], 8)


async def test_portions_grow_while_they_take_little_of_their_time(services: Services):
    sizes: list[int] = []

    async def note(_connection: AsyncConnection, size: int) -> int:
        sizes.append(size)
        return size if len(sizes) < 5 else 0

    assert await job(services, Notes(), limit_seconds=60).work_through(note) == 8 + 16 + 32 + 64
    assert sizes == [8, 16, 32, 64, 64]


async def test_a_portion_that_fails_changes_nothing(services: Services):
    async def fail(connection: AsyncConnection, size: int) -> None:
        await connection.execute(text("CREATE TABLE left_by_a_portion (number int)"))
        await sleep_for_each(connection, size, seconds=1)

    with pytest.raises(QueryTimeout):
        await job(services, Notes(), limit_seconds=0.05).work(fail)

    async with services.database.read() as connection:
        assert await connection.scalar(text("SELECT to_regclass('left_by_a_portion')")) is None


async def test_a_round_tells_whether_it_finished_everything_something_or_nothing(services: Services):
    notes = Notes()
    worker = job(services, notes)

    async def nothing_left() -> None:
        await worker.work(lambda connection, size: sleep_for_each(connection, size, seconds=0))

    async def some_left() -> bool:
        await nothing_left()
        return False

    async def away_after_some() -> None:
        await nothing_left()
        raise Unavailable("away", retry_after=1)

    async def broken() -> None:
        raise RuntimeError("broken")

    for work_round in (nothing_left, some_left, away_after_some, broken):
        await worker.run_round(work_round)

    assert notes.rounds == [RoundOutcome.COMPLETE, RoundOutcome.PARTIAL, RoundOutcome.PARTIAL, RoundOutcome.STUCK]


async def test_rounds_go_on_after_a_failure_and_begin_at_once_when_woken(services: Services):
    rounds: Counter[str] = Counter()
    again, wake = asyncio.Event(), asyncio.Event()

    async def fail() -> None:
        rounds["begun"] += 1
        if rounds["begun"] > 1:
            again.set()
        raise RuntimeError("broken")

    repeating = asyncio.create_task(job(services, Notes()).repeat(fail, 3600, wake))
    async with asyncio.timeout(10):
        while not rounds:  # noqa: ASYNC110 - the task tells nobody
            await asyncio.sleep(0.01)
        wake.set()
        await again.wait()
    repeating.cancel()

    assert rounds["begun"] == 2
