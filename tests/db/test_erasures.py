"""Erasures as a process works on them: in portions and turns, and after every kind of interruption."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from core.months import month_of
from core.observer import Job, Observer, PortionOutcome
from core.scope import Scope
from db.erasures import Eraser
from db.partitions import ensure
from db.queries import erasures, extension_users
from db.queries.erasures import ErasureRow, NewErasure
from db.rollups import refresh_all, verify
from resolvers.services import Services
from tests.rest_requests import execute, stored
from tests.world import Recorded, World, moment, raw

INSERT = """
    INSERT INTO behaviors (user_id, ts, id, organization_id, received_at, type, session_id, url, domain)
    SELECT :person, CAST(:first AS timestamptz) + number * make_interval(secs => :seconds), gen_random_uuid(),
           :organization, now(), 3, 's1', 'https://a.com/', 'a.com'
    FROM generate_series(0, :count - 1) AS number
"""
HALFWAY = """
    SELECT FROM behaviors WHERE user_id = :person
    AND ts = (SELECT ts FROM behaviors WHERE user_id = :person ORDER BY ts OFFSET 1000 LIMIT 1) FOR UPDATE
"""
WORKER = """
import asyncio, sys
from db.engine import Database
from db.erasures import Eraser
asyncio.run(Eraser(Database(sys.argv[1]), largest=2).work_round())
"""


@pytest.fixture(autouse=True)
async def _small_tables(world: World) -> AsyncIterator[None]:
    """Leave no table so large that tests of retention find it worth cutting down."""
    yield
    await execute(world.services, "TRUNCATE behaviors")


class Portions(Observer):
    """Counts portions of erasures by their outcome."""

    def __init__(self) -> None:
        self.seen: Counter[PortionOutcome] = Counter()

    def portion_ended(self, job: Job, outcome: PortionOutcome) -> None:
        assert job is Job.ERASURE
        self.seen[outcome] += 1


async def browsed(world: World, person: Recorded, count: int, seconds: float = 60) -> None:
    """Events of a person, put straight into the table, and marks of their hours."""
    await ensure(world.services.database, {month_of(moment("00:00:00"))})
    values = {"person": person.id, "organization": person.row.organization_id, "count": count, "seconds": seconds}
    await execute(world.services, INSERT, first=moment("00:00:00"), **values)
    await execute(
        world.services,
        "INSERT INTO dirty_hours (user_id, hour) SELECT DISTINCT user_id, date_trunc('hour', ts, 'UTC') FROM behaviors "
        "WHERE user_id = :person",
        person=person.id,
    )


async def begun(services: Services, *people: Recorded) -> ErasureRow:
    """An erasure of people of one organization, by a process that was killed when it had begun it."""
    organization_id = people[0].row.organization_id
    async with services.database.write() as db:
        for person in people:
            await extension_users.fence_off(
                db, Scope.everything(), organization_id=organization_id, extension_user_id=person.id
            )
        subject = people[0].id if len(people) == 1 else None
        return await erasures.begin(db, NewErasure(organization_id, subject, uuid4()), [each.id for each in people])


async def state(services: Services, erasure: ErasureRow) -> ErasureRow:
    """The progress of an erasure."""
    async with services.database.read() as db:
        found = await erasures.by_id(db, Scope.everything(), erasure.id, uuid4())
        assert found is not None
        return found


async def rows_left(services: Services, *user_ids: UUID) -> dict[str, int]:
    """The tables that hold something of these people, and how many rows."""
    found = {}
    async with services.database.read() as db:
        for table in ("behaviors", "runs", "hours", "dirty_hours", "rejected_events"):
            query = text(f"SELECT count(*) FROM {table} WHERE user_id = ANY(:ids)")
            found[table] = await db.scalar(query, {"ids": list(user_ids)})
        found["erasure_subjects"] = await db.scalar(text("SELECT count(*) FROM erasure_subjects"))
    return {table: count for table, count in found.items() if count}


async def audited(services: Services) -> list[tuple[str, dict[str, int]]]:
    """The entries of the audit log: action and details."""
    async with services.database.read() as db:
        rows = await db.execute(text("SELECT action, details FROM audit_entries ORDER BY id"))
        return [(row.action, row.details) for row in rows]


async def wrong_hours(services: Services) -> list[object]:
    return [hour async for _, hours in verify(services.database) for hour in hours]


async def test_an_erasure_that_is_interrupted_anywhere_ends_with_nothing_left(world: World, services: Services):
    organization = await world.organization()
    olga, other = await world.recorded(organization), await world.recorded(organization)
    for person in (olga, other):
        await browsed(world, person, 200)
    await refresh_all(services.database)
    await browsed(world, olga, 50, seconds=0.001)  # hours that bear marks
    erasure, chance, interrupted = await begun(services, olga), random.Random(7), 0

    async with asyncio.timeout(60):
        while (await state(services, erasure)).finished_at is None:
            work = asyncio.create_task(Eraser(services.database, largest=8).work_round())
            await asyncio.wait([work], timeout=chance.uniform(0.01, 0.03 * (interrupted + 1)))
            interrupted += work.cancel()
            with suppress(asyncio.CancelledError):
                await work

    assert interrupted > 1
    assert await rows_left(services, olga.id) == {}
    assert len(await stored(services)) == 200
    assert await wrong_hours(services) == []
    [(action, counts)] = await audited(services)
    assert (action, counts["behaviors"]) == ("extension_user_erased", 250)


async def test_an_erasure_goes_on_after_its_process_was_killed(world: World, services: Services, database_url: str):
    olga = await world.recorded(await world.organization())
    await browsed(world, olga, 2000)
    erasure = await begun(services, olga)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}

    async with services.database.write() as db:
        # The worker cannot get past an event that is locked, however slowly this process looks.
        await db.execute(text(HALFWAY), {"person": olga.id})
        worker = await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, database_url, env=environment)
        async with asyncio.timeout(60):
            while (await state(services, erasure)).behaviors < 100:  # noqa: ASYNC110 - another process tells nobody
                await asyncio.sleep(0.01)
        worker.send_signal(signal.SIGKILL)
        assert await worker.wait() == -signal.SIGKILL
        killed = await state(services, erasure)
    await Eraser(services.database).work_round()

    assert 100 <= killed.behaviors < 2000
    assert killed.finished_at is None
    assert (await state(services, erasure)).behaviors == 2000
    assert await rows_left(services, olga.id) == {}
    assert [counts["behaviors"] for _, counts in await audited(services)] == [2000]


async def test_it_gets_on_by_smaller_portions_where_time_runs_out(world: World, services: Services):
    olga, portions = await world.recorded(await world.organization()), Portions()
    await browsed(world, olga, 100_000, seconds=0)  # all of one instant
    erasure = await begun(services, olga)
    eraser = Eraser(services.database, portions, largest=8 * 100_000, limit_seconds=0.02)  # the first takes everything

    gone = [(await state(services, erasure)).behaviors]
    for _ in range(3):
        await eraser._take_turn(erasure.id)
        gone.append((await state(services, erasure)).behaviors)
    await Eraser(services.database).work_round()  # with time enough: a busy machine may have got to single events

    assert gone == sorted({*gone}), "each turn gets on"
    assert gone[-1] < 100_000
    assert portions.seen[PortionOutcome.TOO_LONG] > 0
    assert await rows_left(services, olga.id) == {}


async def test_everybody_gets_a_turn_however_much_others_have(world: World, services: Services):
    organization = await world.organization()
    much, little = await world.recorded(organization), await world.recorded(organization)
    await browsed(world, much, 100)
    await browsed(world, little, 1)
    first, second = await begun(services, much), await begun(services, little)

    await Eraser(services.database, largest=2).work_round()

    ended, sooner = await state(services, first), await state(services, second)
    assert ended.finished_at is not None
    assert sooner.finished_at is not None
    assert sooner.finished_at < ended.finished_at


async def test_one_that_fails_does_not_keep_the_others_waiting(world: World, services: Services):
    organization = await world.organization()
    held, free = await world.recorded(organization), await world.recorded(organization)
    portions = Portions()
    for person in (held, free):
        await browsed(world, person, 3)
    stuck, other = await begun(services, held), await begun(services, free)
    eraser = Eraser(services.database, portions, limit_seconds=0.1)

    async with services.database.write() as holder:
        await holder.execute(text("SELECT FROM behaviors WHERE user_id = :id FOR UPDATE"), {"id": held.id})
        assert not await eraser.work_round()
        assert (await state(services, other)).finished_at is not None
        assert portions.seen[PortionOutcome.PUT_ASIDE] == 1
        assert portions.seen[PortionOutcome.TOO_LONG] == 0, "it was in somebody's way, not too large"
    assert await eraser.work_round()

    assert (await state(services, stuck)).finished_at is not None
    assert await rows_left(services, held.id, free.id) == {}


async def test_several_processes_do_everything_once(world: World, services: Services):
    organization = await world.organization()
    people = [await world.recorded(organization) for _ in range(5)]
    for person in people:
        await browsed(world, person, 20)
    erasure = await begun(services, *people)

    await asyncio.gather(*(Eraser(services.database, largest=16).work_round() for _ in range(3)))
    await Eraser(services.database).work_round()

    assert (await state(services, erasure)).behaviors == 100
    assert [(action, counts["extensionUsers"], counts["behaviors"]) for action, counts in await audited(services)] == [
        ("organization_deleted", 5, 100)
    ]
    assert await rows_left(services, *(person.id for person in people)) == {}


async def test_people_whose_hours_are_being_rolled_up_leave_nothing(world: World, services: Services):
    organization = await world.organization()
    people = [await world.recorded(organization) for _ in range(4)]
    stays = await world.recorded(organization)
    for person in (*people, stays):
        await browsed(world, person, 300)
    for person in people:
        await begun(services, person)

    await asyncio.gather(refresh_all(services.database), Eraser(services.database, largest=64).work_round())
    await refresh_all(services.database)

    assert await rows_left(services, *(person.id for person in people)) == {}
    assert await wrong_hours(services) == []
    assert len(await stored(services)) == 300


async def test_a_portion_deals_with_many_people_who_have_little(world: World, services: Services):
    organization, portions = await world.organization(), Portions()
    people = [await world.recorded(organization) for _ in range(12)]
    await world.browse(people[5], raw("09:00:00"))
    erasure = await begun(services, *people)

    await Eraser(services.database, portions).work_round()

    assert (await state(services, erasure)).behaviors == 1
    assert portions.seen[PortionOutcome.FINISHED] == 4  # events, none left; the rest, none left


async def test_what_is_left_is_counted(world: World, services: Services):
    organization = await world.organization()
    people = [await world.recorded(organization) for _ in range(2)]
    for person in people:
        await browsed(world, person, 10)
    erasure = await begun(services, *people)
    async with services.database.read() as db:
        before = await erasures.events_left(db, erasure)
    work = Eraser(services.database, largest=8)
    await work._take_turn(erasure.id)
    await work._take_turn(erasure.id)
    async with services.database.read() as db:
        meanwhile = await erasures.events_left(db, await state(services, erasure))
    await work.work_round()
    async with services.database.read() as db:
        after = await erasures.events_left(db, await state(services, erasure))

    assert (before, meanwhile, after) == (20, 17, 0)  # portions of 1, 2, …
    assert (await state(services, erasure)).begun_at <= datetime.now(UTC)
