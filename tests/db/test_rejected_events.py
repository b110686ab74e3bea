"""Rejected events: how many are kept of whom, and that what is too much goes in small steps."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from core.observer import Job, Observer, RoundOutcome
from core.rejected_events import KEPT_FOR, PER_ORGANIZATION, PER_PERSON, TOTAL, UNKNOWN
from core.scope import Scope
from db.background_jobs import BackgroundJob
from db.engine import Database
from db.queries import rejected_events
from db.rejected_events import LARGEST_PORTION, RejectedEventCleaner
from resolvers.services import Services
from tests.conftest import StatementCounter
from tests.rest_requests import execute
from tests.statement_costs import work_of
from tests.world import World

REJECT = """
    INSERT INTO rejected_events (received_at, user_id, named_user_id, code, message, payload)
    SELECT now() - make_interval(days => :days), CAST(:user_id AS uuid), CAST(:named AS uuid), 'invalid_event',
           CAST(:message AS text) || ' ' || number, '{}'
    FROM generate_series(1, :count) AS number
"""


async def reject(
    world: World, message: str, count: int = 1, *, key: UUID | None = None, named: UUID | None = None, days: int = 0
) -> None:
    """Rejected events with somebody's key, or naming somebody without one."""
    await execute(world.services, REJECT, days=days, user_id=key, named=named, message=message, count=count)


async def kept(services: Services) -> Counter[str]:
    """The number of events of each message, the numbers in it aside."""
    async with services.database.read() as connection:
        return Counter(await connection.scalars(text("SELECT split_part(message, ' ', 1) FROM rejected_events")))


async def clean(services: Services) -> None:
    job = BackgroundJob(Job.REJECTED_EVENTS, services.database, largest=LARGEST_PORTION)
    await RejectedEventCleaner(job).clean()


async def test_they_are_kept_for_a_while(world: World):
    await reject(world, "young", 2, days=KEPT_FOR.days - 1)
    await reject(world, "old", 2, days=KEPT_FOR.days + 1)

    await clean(world.services)

    assert await kept(world.services) == {"young": 2}


async def test_a_flood_of_unknown_origin_displaces_nobody_elses(world: World):
    olga, pete = [await world.recorded(await world.organization()) for _ in range(2)]
    await reject(world, "olga's", 3, key=olga.id)
    await reject(world, "naming-pete", 3, named=pete.id)
    await reject(world, "flood", UNKNOWN + 3_000)
    await reject(world, "made-up", 1, named=uuid4())

    await clean(world.services)

    assert await kept(world.services) == {"olga's": 3, "naming-pete": 3, "flood": UNKNOWN - 1, "made-up": 1}
    async with world.services.database.read() as connection:
        oldest = await connection.scalar(
            text("SELECT message FROM rejected_events WHERE message LIKE 'flood%' ORDER BY id LIMIT 1")
        )
    assert oldest == "flood 3002"  # the newest stay


async def test_one_persons_flood_leaves_their_colleagues_and_organizations_leave_one_another(world: World):
    one, other = [await world.organization() for _ in range(2)]
    crowd = [await world.recorded(one) for _ in range(6)]
    colleague, neighbour = await world.recorded(one), await world.recorded(other)
    await reject(world, "colleague", 2, key=colleague.id)
    await reject(world, "neighbour", 2, key=neighbour.id)
    await reject(world, "first", PER_PERSON + 50, key=crowd[0].id)

    await clean(world.services)
    assert await kept(world.services) == {"colleague": 2, "neighbour": 2, "first": PER_PERSON}

    for person in crowd[1:]:
        await reject(world, "crowd", PER_PERSON, key=person.id)
    await clean(world.services)
    assert await kept(world.services) == {"neighbour": 2, "crowd": PER_ORGANIZATION}


async def test_who_names_a_person_without_a_key_displaces_nothing_that_came_with_keys(world: World):
    olga = await world.recorded(await world.organization())
    await reject(world, "with-key", 3, key=olga.id)
    await reject(world, "inactive", 1, key=olga.id, named=olga.id)
    await reject(world, "naming", PER_PERSON + 50, named=olga.id)

    await clean(world.services)

    assert await kept(world.services) == {"with-key": 3, "naming": PER_PERSON}


async def test_all_organizations_together_stay_within_the_total_and_the_small_lose_nothing(world: World):
    small = await world.recorded(await world.organization())
    await reject(world, "small", 5, key=small.id)
    for number in range(10):
        organization = await world.organization()
        for _ in range(PER_ORGANIZATION // PER_PERSON):
            await reject(world, f"big-{number}", PER_PERSON, key=(await world.recorded(organization)).id)

    await clean(world.services)

    counts = await kept(world.services)
    assert counts.pop("small") == 5
    assert set(counts.values()) == {(TOTAL - UNKNOWN - 5) // 10}


@pytest.fixture
def noted(world: World) -> tuple[BackgroundJob, list[Any]]:
    """A job with a limit of five milliseconds for each statement, and how its rounds ended."""
    ended: list[Any] = []

    class Noting(Observer):
        def round_ended(self, job: Job, outcome: RoundOutcome) -> None:
            ended.append((job, outcome))

    job = BackgroundJob(
        Job.REJECTED_EVENTS, world.services.database, Noting(), largest=LARGEST_PORTION, limit_seconds=0.005
    )
    return job, ended


async def test_however_many_there_are_they_go_in_steps_of_a_few_milliseconds(
    world: World, noted: tuple[BackgroundJob, list[Any]]
):
    olga = await world.recorded(await world.organization())
    await reject(world, "olga's", 3, key=olga.id)
    await reject(world, "flood", 200_000)
    job, ended = noted

    cleaner = RejectedEventCleaner(job)
    for _ in range(20):  # a busy machine may let a round come to nothing, but not for good
        before = (await kept(world.services)).total()
        await job.run_round(cleaner.clean)
        after = (await kept(world.services)).total()
        if ended[-1][1] is RoundOutcome.COMPLETE:
            break
        assert after <= before

    assert await kept(world.services) == {"olga's": 3, "flood": UNKNOWN}
    assert job.finished > 10


async def test_a_cleaner_that_starts_after_a_flood_is_not_held_up_by_what_is_gone(
    world: World, noted: tuple[BackgroundJob, list[Any]], database_url: str
):
    await reject(world, "flood", 100_000)
    other = Database(database_url)
    async with other.read() as onlooker:  # for its sake nothing that is deleted can be vacuumed away
        await onlooker.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        await onlooker.execute(text("SELECT count(*) FROM rejected_events"))
        await clean(world.services)

        job, ended = noted
        for _ in range(20):
            await job.run_round(RejectedEventCleaner(job).clean)
            if ended[-1][1] is RoundOutcome.COMPLETE:
                break
    await other.close()

    assert ended[-1] == (Job.REJECTED_EVENTS, RoundOutcome.COMPLETE)
    assert await kept(world.services) == {"flood": UNKNOWN}


async def test_what_somebody_else_is_deleting_is_not_waited_for(world: World):
    await reject(world, "old", 10, days=KEPT_FOR.days + 1)

    async with world.services.database.write() as connection:
        held = "SELECT id FROM rejected_events ORDER BY id LIMIT 1 FOR UPDATE"
        await connection.execute(text(held))
        async with asyncio.timeout(1):
            await clean(world.services)

    assert await kept(world.services) == {"old": 1}


async def test_a_quiet_table_is_not_walked_again(world: World, statements: StatementCounter):
    await reject(world, "some", 3)
    cleaner = RejectedEventCleaner(BackgroundJob(Job.REJECTED_EVENTS, world.services.database, largest=LARGEST_PORTION))
    await cleaner.clean()
    statements.clear()

    await cleaner.clean()
    assert len(statements) == 1

    await reject(world, "another")
    await cleaner.clean()
    assert len(statements) > 3


async def test_a_persons_are_found_along_the_indexes_however_many_there_are_of_others(
    world: World, statements: StatementCounter
):
    organization = await world.organization()
    olga, pete = [await world.recorded(organization) for _ in range(2)]
    await reject(world, "flood", 20_000)
    await reject(world, "of-pete", 20_000, key=pete.id)
    await reject(world, "naming-pete", 20_000, named=pete.id)
    await reject(world, "with-key", 2, key=olga.id)
    await reject(world, "inactive", 2, key=olga.id, named=olga.id)
    await reject(world, "naming", 2, named=olga.id)
    await execute(world.services, "ANALYZE rejected_events")
    scope = Scope.of([organization.id])

    async with world.services.database.read() as connection:
        statements.clear()
        page = await rejected_events.page_of(connection, scope, olga.id, after=0, limit=500)
        first = await rejected_events.page_of(connection, scope, olga.id, after=0, limit=3)
        rest = await rejected_events.page_of(connection, scope, olga.id, after=first[-1].id, limit=3)
        of_pete = await rejected_events.page_of(connection, scope, pete.id, after=0, limit=500)
    read = await work_of(world.services.database, statements)

    words = ["with-key", "with-key", "inactive", "inactive", "naming", "naming"]
    assert [row.message.split()[0] for row in page] == words
    assert [row.message.split()[0] for row in (*first, *rest)] == words
    assert [row.id for row in of_pete] == sorted(row.id for row in of_pete)
    assert len(of_pete) == 500
    assert read.rows < 5_000  # of sixty thousand

    statements.clear()
    async with world.services.database.write() as connection:
        removed = [await rejected_events.remove_some_of(connection, olga.id, 4) for _ in range(3)]
    assert removed == [4, 2, 0]
    assert (await work_of(world.services.database, statements)).rows < 100
    # The service's own cleaner may have thrown away some of the others meanwhile, but not all.
    assert set(await kept(world.services)) == {"flood", "of-pete", "naming-pete"}
