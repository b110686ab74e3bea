import asyncio
from datetime import datetime, timedelta

from sqlalchemy import select, text

from core.periods import TimeRange
from db.models import dirty_hours
from db.queries import dirty_hours as queries
from db.queries.person_hours import PersonHour
from db.rollup_maker import RollupMaker
from resolvers.services import Services
from tests.db.test_rollup_maker import DAY, browsed, hours_after, marked, portions
from tests.rest_requests import execute
from tests.world import World

MONTH = timedelta(days=30)
AUGUST = TimeRange(DAY, DAY + MONTH)


async def marks_of_all(services: Services) -> list[tuple[datetime, datetime]]:
    """The marks there are: hours, and when they were marked."""
    async with services.database.read() as db:
        statement = select(dirty_hours.c.hour, dirty_hours.c.marked_at).order_by(dirty_hours.c.hour)
        return [(hour, marked_at) for hour, marked_at in await db.execute(statement)]


async def test_of_very_many_marks_an_hour_keeps_the_first(world: World, services: Services):
    person = await world.recorded(await world.organization())
    hours = [PersonHour(person.id, at) for at in hours_after(DAY, range(2))]
    async with services.database.write() as db:
        await queries.mark(db, hours)
        # Far ahead, so that nobody makes these hours meanwhile.
        await db.execute(text("UPDATE dirty_hours SET marked_at = now() + interval '1 day'"))
        # Each instant twice: marks have no key that would tell them apart.
        await db.execute(
            text("""
                INSERT INTO dirty_hours (user_id, hour, marked_at)
                SELECT user_id, hour, marked_at + number / 2 * interval '1 ms'
                FROM dirty_hours, generate_series(1, 50000) AS number
            """)
        )
        first = await db.scalar(text("SELECT now() + interval '1 day'"))
    maker = RollupMaker(services.database, limit_seconds=1)

    for _ in range(10):  # the application's own survey may have the person locked during some of a survey's slices
        await maker.survey()
        left = await marks_of_all(services)
        if len(left) == len(hours):
            break

    assert left == [(hour.hour, first) for hour in hours]


async def test_marks_wait_from_the_end_of_their_hour(world: World, services: Services):
    person = await world.recorded(await world.organization())
    await browsed(world, person, hours=1, events=1)
    async with services.database.write() as db:
        await db.execute(text("UPDATE dirty_hours SET marked_at = now() - interval '50 minutes'"))
        waiting = await queries.backlog(db)
        assert waiting.hours == 1
        assert 50 * 60 <= waiting.oldest_seconds < 60 * 60

        await db.execute(text("UPDATE dirty_hours SET hour = now()"))
        assert await queries.backlog(db) == (1, 0, 0)
        await db.rollback()


async def test_a_question_has_its_peoples_rollups_made_first(world: World, services: Services):
    person, stranger = [await world.recorded(await world.organization()) for _ in range(2)]
    for each in (person, stranger):
        await browsed(world, each, hours=30, events=5)
    maker = RollupMaker(services.database)
    await maker.survey()
    running = asyncio.create_task(maker.run())

    await maker.backlog.hurry(lambda each: each.user_id == person.id, AUGUST, 30)

    assert await marked(services, person) == []
    assert len(await marked(services, stranger)) == 30, "fresh marks rest, unless somebody asks"
    running.cancel()


async def test_a_question_waits_no_longer_than_it_said_and_not_at_all_without_a_backlog(
    world: World, services: Services
):
    person = await world.recorded(await world.organization())
    await browsed(world, person, hours=30, events=5)
    maker = RollupMaker(services.database)
    await maker.survey()

    async with asyncio.timeout(5):
        await maker.backlog.hurry(lambda each: each.user_id == person.id, AUGUST, 0.1)
        await maker.backlog.hurry(lambda each: each.user_id != person.id, AUGUST, 60)
        await maker.backlog.hurry(lambda each: each.user_id == person.id, TimeRange(DAY - MONTH, DAY), 60)

    assert len(await marked(services, person)) == 30


async def test_somebody_whose_marks_rest_has_a_backlog_still(world: World, services: Services):
    person = await world.recorded(await world.organization())
    await browsed(world, person, hours=30, events=5)
    await execute(services, "UPDATE dirty_hours SET marked_at = now() - interval '1 hour' WHERE hour = :hour", hour=DAY)
    maker = RollupMaker(services.database)

    await portions(maker, 1)

    assert len(await marked(services, person)) == 29
    assert maker.backlog.is_large


async def test_nobody_waits_for_few_hours_with_few_events(world: World, services: Services):
    few, many = [await world.recorded(await world.organization()) for _ in range(2)]
    await browsed(world, few, hours=24, events=5)
    await browsed(world, many, hours=1, events=5_001)
    maker = RollupMaker(services.database)

    await maker.survey()

    assert [*maker.backlog._large] == [many.id]


async def test_somebody_finished_during_a_survey_has_no_backlog_by_it(world: World, services: Services):
    person = await world.recorded(await world.organization())
    await browsed(world, person, hours=30, events=5)
    maker = RollupMaker(services.database, everything=True)
    await maker.survey()
    async with services.database.write() as somebody:  # the survey waits for this while the portion is made
        await somebody.execute(text("LOCK TABLE deferred_hours IN ACCESS EXCLUSIVE MODE"))
        surveying = asyncio.create_task(maker.survey())
        await asyncio.sleep(0.1)
        maker.backlog._done.add(person.id)
    await surveying

    assert not maker.backlog.is_large
