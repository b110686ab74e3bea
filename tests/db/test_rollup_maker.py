import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import event, select

from core.clock import now
from core.errors import QueryTimeout
from core.event_types import EventType
from core.events import ANONYMOUS
from core.months import month_of
from core.observer import Job, Observer, PortionOutcome
from db import rollup_maker
from db.engine import Database
from db.models import deferred_hours, dirty_hours
from db.partitions import ensure
from db.queries import dirty_hours as queries
from db.queries import rollups
from db.queries.dirty_hours import Cutoff
from db.queries.person_hours import PersonHour
from db.rollup_maker import RollupMaker
from db.rollups import verify
from resolvers.services import Services
from tests.rest_requests import execute
from tests.world import Recorded, World

DAY = datetime(2026, 8, 3, tzinfo=UTC)
LAST_HOUR = DAY + timedelta(hours=23)
# Each event is a run of its own: its domain differs from that of the one before.
INSERT = """
    INSERT INTO behaviors (user_id, ts, id, organization_id, received_at, type, session_id, url, domain)
    SELECT :person, CAST(:first AS timestamptz) + hour * interval '1 hour' + event * interval '1 hour' / :events,
           gen_random_uuid(), :organization, now(), :type, 's1', 'https://a.com/', (event % 7) || '.com'
    FROM generate_series(0, :hours - 1) AS hour, generate_series(0, :events - 1) AS event
"""


class Portions(Observer):
    """Counts what became of portions of rollups."""

    def __init__(self) -> None:
        self.outcomes: Counter[PortionOutcome] = Counter()

    def portion_ended(self, job: Job, outcome: PortionOutcome) -> None:
        if job is Job.ROLLUPS:
            self.outcomes[outcome] += 1


async def browsed(world: World, person: Recorded | None, hours: int, events: int, first: datetime = DAY) -> None:
    """So many events in each of so many hours, and their marks."""
    await ensure(world.services.database, {month_of(first), month_of(first + timedelta(hours=hours))})
    user_id = person.id if person else ANONYMOUS
    organization = person.row.organization_id if person else None
    of = {"person": user_id, "organization": organization, "type": EventType.FOCUS.value}
    await execute(world.services, INSERT, first=first, hours=hours, events=events, **of)
    marks = """
        INSERT INTO dirty_hours (user_id, hour, events)
        SELECT :person, CAST(:first AS timestamptz) + hour * interval '1 hour', :events
        FROM generate_series(0, :hours - 1) AS hour
    """
    await execute(world.services, marks, person=user_id, first=first, hours=hours, events=events)


async def marked(services: Services, person: Recorded | None) -> list[datetime]:
    """The marked hours of a person."""
    user_id = person.id if person else ANONYMOUS
    async with services.database.read() as db:
        statement = select(dirty_hours.c.hour).where(dirty_hours.c.user_id == user_id).order_by(dirty_hours.c.hour)
        return list(await db.scalars(statement))


async def wrong(services: Services) -> list[PersonHour]:
    return [each async for _, hours in verify(services.database) for each in hours]


async def portions(maker: RollupMaker, count: int) -> None:
    """Make so many portions, one after the other."""
    await maker.survey()
    for _ in range(count):
        await maker._portion(maker._next())


class Died(Exception):
    """Stands for the end of a process."""


@contextmanager
def dying_at(database: Database, step: int) -> Iterator[None]:
    """Let the maker's connection break before its statement of that number; then the server rolls back."""
    left = count(step, -1)

    def die(*_arguments: object) -> None:
        if not next(left):
            raise Died

    event.listen(database.engine.sync_engine, "before_cursor_execute", die)
    try:
        yield
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", die)


def hours_after(first: datetime, hours: Iterable[int]) -> list[datetime]:
    return [first + timedelta(hours=hour) for hour in hours]


async def test_a_limit_of_milliseconds_delays_the_work_and_does_not_stop_it(world: World, services: Services):
    person = await world.recorded(await world.organization())
    await browsed(world, person, hours=400, events=50)
    seen = Portions()
    maker = RollupMaker(services.database, seen, limit_seconds=0.02, longest_seconds=5, everything=True)
    maker.backlog.job.limit_seconds = 5  # reading the marks is not what is tried

    put_aside = await maker.make_all()

    assert put_aside == set()
    assert seen.outcomes[PortionOutcome.TOO_LONG] > 0
    assert await marked(services, person) == []
    assert await wrong(services) == []


async def test_a_calm_persons_hours_are_made_beside_somebodys_many(
    world: World, services: Services, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rollup_maker, "LARGEST_PORTION", 1600)
    busy, calm = [await world.recorded(await world.organization()) for _ in range(2)]
    await browsed(world, busy, hours=100, events=50)
    await browsed(world, calm, hours=5, events=50)
    maker = RollupMaker(services.database, everything=True)

    await portions(maker, 4)

    assert await marked(services, calm) == []
    assert len(await marked(services, busy)) > 20


async def test_an_organization_with_many_busy_people_does_not_keep_another_waiting(
    world: World, services: Services, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rollup_maker, "LARGEST_PORTION", 1600)
    large, small = await world.organization(), await world.organization()
    busy = [await world.recorded(large) for _ in range(10)]
    calm = await world.recorded(small)
    for person in busy:
        await browsed(world, person, hours=20, events=50)
    await browsed(world, calm, hours=3, events=50)
    maker = RollupMaker(services.database, everything=True)

    await portions(maker, 4)

    assert await marked(services, calm) == []
    assert sum([len(await marked(services, person)) for person in busy]) > 100


async def test_recent_hours_are_made_first_and_anonymous_ones_last(
    world: World, services: Services, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rollup_maker, "LARGEST_PORTION", 1600)
    person = await world.recorded(await world.organization())
    await browsed(world, None, hours=50, events=10)
    await browsed(world, person, hours=24, events=50)
    maker = RollupMaker(services.database, everything=True)

    await portions(maker, 2)

    left = await marked(services, person)
    assert left == hours_after(DAY, range(len(left)))
    assert 0 < len(left) < 24
    assert len(await marked(services, None)) == 50

    await maker.make_all()
    assert await marked(services, None) == []


async def test_anonymous_hours_stay_last_once_some_of_them_are_made(
    world: World, services: Services, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rollup_maker, "LARGEST_PORTION", 1600)
    person = await world.recorded(await world.organization())
    await browsed(world, None, hours=50, events=50)
    maker = RollupMaker(services.database, everything=True)
    await portions(maker, 2)
    left = len(await marked(services, None))
    await browsed(world, person, hours=24, events=50)

    await portions(maker, 1)

    assert 0 < left < 50
    assert len(await marked(services, None)) == left
    assert len(await marked(services, person)) < 24
    await maker.make_all()


async def test_an_hour_larger_than_any_portion_is_made_alone(
    world: World, services: Services, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rollup_maker, "LARGEST_PORTION", 100)
    person = await world.recorded(await world.organization())
    await browsed(world, person, hours=1, events=500)
    maker = RollupMaker(services.database, longest_seconds=5, everything=True)

    assert await maker.make_all() == set()

    assert await marked(services, person) == []
    assert await wrong(services) == []


async def test_an_hour_that_takes_too_long_even_alone_is_put_aside_and_tried_again_later(
    world: World, services: Services, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rollup_maker, "LARGEST_PORTION", 2000)
    heavy, calm = [await world.recorded(await world.organization()) for _ in range(2)]
    await browsed(world, heavy, hours=1, events=20_000, first=LAST_HOUR)
    await browsed(world, heavy, hours=3, events=10)
    await browsed(world, calm, hours=3, events=10)
    seen = Portions()

    put_aside = await RollupMaker(services.database, seen, longest_seconds=0.02, everything=True).make_all()

    assert put_aside == {PersonHour(heavy.id, LAST_HOUR)}
    assert seen.outcomes[PortionOutcome.PUT_ASIDE] == 1
    assert await marked(services, heavy) == [LAST_HOUR], "questions go on reading its events"
    assert await marked(services, calm) == []
    async with services.database.read() as db:
        [(attempts, retry_at)] = await db.execute(select(deferred_hours.c.attempts, deferred_hours.c.retry_at))
        workable = [
            await queries.workable_hours(db, [heavy.id], Cutoff(at, at, at), 9) for at in (now(), retry_at + REST)
        ]
        assert await queries.backlog(db) == (1, 0.0, 1)
    assert attempts == 1
    assert workable == [[], [(PersonHour(heavy.id, LAST_HOUR), 20_000)]]

    assert await RollupMaker(services.database, everything=True).make_all() == set()
    async with services.database.read() as db:
        assert await queries.backlog(db) == (0, 0.0, 0)
    assert await wrong(services) == []


REST = timedelta(seconds=1)


async def test_while_a_large_hour_is_made_another_one_waits_and_small_ones_are_made(
    world: World, services: Services, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rollup_maker, "LARGEST_PORTION", 100)
    large, small = [await world.recorded(await world.organization()) for _ in range(2)]
    await browsed(world, large, hours=1, events=200)
    await browsed(world, small, hours=3, events=10)
    maker = RollupMaker(services.database, everything=True)

    async with maker._alone:
        await maker.survey()
        assert await maker.work_round()

        assert len(await marked(services, large)) == 1
        assert await marked(services, small) == []
    await maker.make_all()
    assert await marked(services, large) == []


async def test_each_failed_attempt_doubles_how_long_an_hour_is_left_alone(world: World, services: Services):
    person = await world.recorded(await world.organization())
    at, hour = now(), PersonHour(person.id, DAY)

    async with services.database.write() as db:
        assert await rollups.defer(db, hour, at) is None, "it bears no mark"
        await queries.mark(db, [hour])
        waits = [until - at for _ in range(20) if (until := await rollups.defer(db, hour, at))]
        await db.rollback()

    assert waits[:3] == [timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=40)]
    assert max(waits) == waits[-1] == timedelta(days=1)


async def test_an_hour_that_is_not_over_and_a_fresh_mark_are_left_alone(world: World, services: Services):
    person = await world.recorded(await world.organization())
    over, next_hour = (PersonHour(person.id, now() + timedelta(hours=hours)) for hours in (-3, 1))
    async with services.database.write() as db:
        await queries.mark(db, [over, next_hour])
        at = now()

        async def workable(rested: timedelta) -> list[PersonHour]:
            found = await queries.workable_hours(db, [person.id], Cutoff(at, at - rested, at), 9)
            return [each.hour for each in found]

        assert await workable(timedelta(seconds=30)) == []
        assert await workable(timedelta(seconds=-30)) == [over]
        await db.rollback()


async def test_somebody_whose_rollups_another_process_makes_is_passed_over(world: World, services: Services):
    taken, free = [await world.recorded(await world.organization()) for _ in range(2)]
    for person in (taken, free):
        await browsed(world, person, hours=2, events=5)
    maker = RollupMaker(services.database, everything=True)

    async with services.database.write() as somebody:
        assert await rollups.lock_people(somebody, [taken.id]) == {taken.id}
        await portions(maker, 2)
        assert (len(await marked(services, taken)), await marked(services, free)) == (2, [])
        everything = asyncio.create_task(maker.make_all())
        done, _ = await asyncio.wait([everything], timeout=0.2)
        assert not done
    await everything

    assert await marked(services, taken) == []


async def test_several_makers_at_once_make_every_hour_once(world: World, services: Services):
    organization = await world.organization()
    people = [await world.recorded(organization) for _ in range(6)]
    for person in people:
        await browsed(world, person, hours=10, events=10)
    makers = [RollupMaker(services.database, everything=True) for _ in range(3)]

    await asyncio.gather(*(maker.make_all() for maker in makers))

    assert sum(maker.made_hours for maker in makers) == 60
    assert await wrong(services) == []


@pytest.mark.parametrize("after", [0.0, 0.003, 0.01, 0.03, 0.1])
async def test_whatever_is_interrupted_is_taken_up_again(world: World, services: Services, after: float):
    person = await world.recorded(await world.organization())
    await browsed(world, person, hours=60, events=50)
    working = asyncio.create_task(RollupMaker(services.database, everything=True).make_all())
    await asyncio.sleep(after)
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working

    assert await wrong(services) == []
    await RollupMaker(services.database, everything=True).make_all()

    assert await marked(services, person) == []
    assert await wrong(services) == []


@pytest.mark.parametrize("step", range(16))
async def test_a_process_that_dies_at_any_step_of_a_portion_has_changed_nothing(
    world: World, services: Services, database_url: str, step: int
):
    person = await world.recorded(await world.organization())
    await browsed(world, person, hours=3, events=10)
    database = Database(database_url)
    maker = RollupMaker(database, everything=True)
    await maker.survey()

    with dying_at(database, step):
        with suppress(Died):
            await maker._portion(maker._next())
        assert await wrong(services) == []
        assert len(await marked(services, person)) in {0, 3}
    await database.close()

    await RollupMaker(services.database, everything=True).make_all()
    assert await marked(services, person) == []
    assert await wrong(services) == []


async def test_a_limit_shorter_than_any_portion_loses_nothing(world: World, services: Services):
    person = await world.recorded(await world.organization())
    await browsed(world, person, hours=3, events=200)
    maker = RollupMaker(services.database, limit_seconds=0.001, longest_seconds=0.001, everything=True)

    with suppress(QueryTimeout):  # even the marks may take longer to read
        await maker.make_all()

    assert await wrong(services) == []
    assert await RollupMaker(services.database, everything=True).make_all() == set()
    assert await marked(services, person) == []
    assert await wrong(services) == []
