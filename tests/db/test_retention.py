import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from core.clock import now
from core.event_types import EventType
from core.events import ANONYMOUS
from core.months import month_of
from db import retention
from db.partitions import ensure
from db.queries import dirty_hours
from db.queries import retention as queries
from db.queries.organizations import OrganizationRow
from db.queries.retention import RetentionTime
from db.retention import NotAlone, Step, apply, retention_job
from db.rollups import refresh_all, verify
from resolvers.services import Services
from tests.db.test_partitions import drop, partitions, places
from tests.rest_requests import execute, rejected, stored
from tests.world import Recorded, World

AT = datetime(2026, 8, 20, 12, 30, tzinfo=UTC)
"""When the tests' retention is applied: five days keep what happened from the 15th at noon on."""
INSERT = """
    INSERT INTO behaviors (user_id, ts, id, organization_id, received_at, type, session_id, url, domain)
    SELECT :person, CAST(:first AS timestamptz) + number * make_interval(secs => :seconds), gen_random_uuid(),
           :organization, now(), :type, 's1', 'https://a.com/', 'a.com'
    FROM generate_series(0, :count - 1) AS number
"""
MARK = "INSERT INTO dirty_hours (user_id, hour) SELECT DISTINCT user_id, date_trunc('hour', ts, 'UTC') FROM behaviors"


async def keeps(world: World, organization: OrganizationRow, days: int | None) -> None:
    """Let an organization keep its events for so many days."""
    await execute(
        world.services, "UPDATE organizations SET retention_days = :days WHERE id = :id", days=days, id=organization.id
    )


async def browsed(
    world: World,
    person: Recorded | None,
    first: str,
    count: int = 1,
    seconds: float = 60,
    *,
    own_partition: bool = True,
) -> None:
    """Events of a person (None: anonymous ones) and their marks, put straight into the table.

    Their month gets a partition of its own, unless they are to share the default one.
    """
    day = datetime.fromisoformat(first).replace(tzinfo=UTC)
    if own_partition:
        await ensure(world.services.database, {month_of(day)})
    values = {
        "person": person.id if person else "00000000-0000-0000-0000-000000000000",
        "organization": person.row.organization_id if person else None,
    }
    kind = EventType.FOCUS.value
    database = world.services.background_database  # whose statements may take as long as a busy machine needs
    async with database.write() as connection:
        await connection.execute(
            text(INSERT), {"first": day, "count": count, "seconds": seconds, "type": kind, **values}
        )
        await connection.execute(text(MARK))
    await refresh_all(database)


async def applied(services: Services, at: datetime = AT, anonymous: timedelta | None = None) -> Step:
    """The number of events that retention deleted at that instant; `anonymous`: how long such events are kept."""
    total = Step()
    async for step in apply(retention_job(services.database), RetentionTime.at(at, anonymous)):
        total += step
    return total


async def left(services: Services) -> list[str]:
    """The times of the events that are left."""
    return [f"{row['ts']:%m-%d %H:%M}" for row in await stored(services)]


@pytest.fixture(autouse=True)
async def _no_older_months(world: World) -> None:
    """No partitions of months before the tests' own, which other tests leave: they would be dropped, too."""
    for table in await partitions(world.services):
        if table < "behaviors_2026_07":
            rollups = [table.replace("behaviors", parent) for parent in ("runs", "hours")]
            await execute(world.services, f"DROP TABLE IF EXISTS {', '.join([table, *rollups])}")


@pytest.fixture
async def month_dropped(world: World):
    """No partition of July 2026 outlives the test: others count on their own."""
    yield
    await execute(world.services, "DROP TABLE IF EXISTS behaviors_2026_07, runs_2026_07")


async def test_each_organization_keeps_its_events_for_as_long_as_it_wants(world: World):
    five, ten, ever = [await world.organization() for _ in range(3)]
    people = [await world.recorded(organization) for organization in (five, ten, ever)]
    await keeps(world, five, 5)
    await keeps(world, ten, 10)
    for person in (*people, None):
        await browsed(world, person, "2026-08-05T09:00")
        await browsed(world, person, "2026-08-15T11:59")
        await browsed(world, person, "2026-08-15T12:00")

    removed = await applied(world.services)

    assert replace(removed, months=0) == Step(events=3)  # months that other tests left empty go, too
    by_person = {
        person.id: [f"{row['ts']:%d %H:%M}" for row in await stored(world.services) if row["user_id"] == person.id]
        for person in people
    }
    assert list(by_person.values()) == [["15 12:00"], ["15 11:59", "15 12:00"], ["05 09:00", "15 11:59", "15 12:00"]]
    assert len(await stored(world.services)) == 1 + 2 + 3 + 3


async def test_nothing_is_deleted_where_no_organization_wants_it(world: World):
    person = await world.recorded(await world.organization())
    await browsed(world, person, "2026-08-05T09:00")

    assert await applied(world.services) == Step()
    assert len(await stored(world.services)) == 1


async def test_it_goes_in_portions_and_is_right_in_the_midst_of_it(world: World):
    organization = await world.organization()
    person, admin = await world.recorded(organization), await world.member(organization)
    await keeps(world, organization, 5)
    await browsed(world, person, "2026-08-15T11:50", count=20)
    question = """{ usage(period: {between: {start: "2026-08-01T00:00:00Z", end: "2026-09-01T00:00:00Z"}}) {
        total { events trackedMinutes } } }"""

    events, asked = [], []
    async for step in apply(retention_job(world.services.database, largest=4), RetentionTime(AT)):
        if step.months:  # one that another test left empty
            continue
        events.append(step.events)
        asked.append((await admin.ask(question))["usage"]["total"]["events"])

    assert events == [1, 2, 4, 3, 0]  # portions grow as long as they go well
    assert asked == [19, 17, 13, 10, 10]
    assert await left(world.services) == [f"08-15 12:0{minute}" for minute in range(10)]


async def test_anonymous_events_have_a_time_of_their_own_by_when_they_happened(world: World):
    person = await world.recorded(await world.organization())
    for somebody in (person, None):
        await browsed(world, somebody, "2026-08-05T09:00")
        await browsed(world, somebody, "2026-08-15T11:59")
        await browsed(world, somebody, "2026-08-15T12:00")
        await browsed(world, somebody, "2026-08-21T12:00")  # a day ahead: kept for a day longer, and no more

    removed = await applied(world.services, anonymous=timedelta(days=5))
    at_last = await applied(world.services, AT + timedelta(days=6), anonymous=timedelta(days=5))

    assert (removed.events, at_last.events) == (2, 1)
    assert await left_of_nobody(world) == ["08-21 12:00"]
    assert len(await stored(world.services)) == 4 + 1
    assert [hours async for _, hours in verify(world.services.database) if hours] == []


async def left_of_nobody(world: World) -> list[str]:
    """The times of the anonymous events that are left."""
    return [f"{row['ts']:%m-%d %H:%M}" for row in await stored(world.services) if row["user_id"] == ANONYMOUS]


async def test_anonymous_events_go_in_portions_and_in_turns_with_organizations(world: World):
    organization = await world.organization()
    person = await world.recorded(organization)
    await keeps(world, organization, 5)
    await browsed(world, person, "2026-08-10T09:00", count=20)
    await browsed(world, None, "2026-08-10T09:00", count=20)
    time = RetentionTime.at(AT, timedelta(days=5))

    left_of_each = []
    async for step in apply(retention_job(world.services.database, largest=4), time):
        rows = await stored(world.services)
        left_of_each.append(
            (sum(row["user_id"] == person.id for row in rows), sum(row["user_id"].int == 0 for row in rows))
        )
        assert step.events <= 4

    assert left_of_each[-1] == (0, 0)
    assert all(abs(ours - nobodys) <= 4 for ours, nobodys in left_of_each)


@pytest.mark.usefixtures("month_dropped")
async def test_a_month_of_anonymous_events_that_had_their_time_is_dropped_whole(world: World):
    await browsed(world, None, "2026-07-10T09:00", count=3)

    kept = await applied(world.services, anonymous=timedelta(days=60))
    dropped = await applied(world.services, anonymous=timedelta(days=15))

    assert (kept.events, dropped.events) == (0, 0)
    assert dropped.months == 1
    assert await stored(world.services) == []


async def test_events_of_the_very_same_instant_go_in_portions_too(world: World):
    organization = await world.organization()
    await keeps(world, organization, 5)
    await browsed(world, await world.recorded(organization), "2026-08-10T11:50", count=10, seconds=0)

    steps = [step.events async for step in apply(retention_job(world.services.database, largest=4), RetentionTime(AT))]

    assert [events for events in steps if events] == [1, 2, 4, 3]
    assert await stored(world.services) == []


async def test_what_was_made_from_events_goes_with_them(world: World):
    organization = await world.organization()
    person, other = await world.recorded(organization), await world.recorded(await world.organization())
    await keeps(world, organization, 5)
    for each in (person, other):
        await browsed(world, each, "2026-08-15T10:00", count=180)

    await applied(world.services)
    await refresh_all(world.services.database)

    async with world.services.database.read() as db:
        runs = text("SELECT user_id, count(*), sum(events) FROM runs GROUP BY user_id")
        assert {row[0]: tuple(row[1:]) for row in await db.execute(runs)} == {person.id: (60, 60), other.id: (180, 180)}
        assert await dirty_hours.marks(db) == 0
    assert [hours async for _, hours in verify(world.services.database) if hours] == []


async def test_doing_it_again_changes_nothing(world: World):
    organization = await world.organization()
    await keeps(world, organization, 5)
    await browsed(world, await world.recorded(organization), "2026-08-15T11:30", count=60)
    await applied(world.services)

    assert await applied(world.services) == Step()
    assert len(await stored(world.services)) == 30


async def test_refused_events_have_their_time_too(world: World):
    organization = await world.organization()
    person = await world.recorded(organization)
    await keeps(world, organization, 5)
    for days in (6, 4):
        await execute(
            world.services,
            "INSERT INTO rejected_events (received_at, user_id, code, message, payload) "
            "VALUES (:at, :person, 'invalid_event', :message, '{}')",
            at=AT - timedelta(days=days),
            person=person.id,
            message=f"{days} days old",
        )

    assert await applied(world.services) == Step(rejected_events=1)
    assert [row["message"] for row in await rejected(world.services)] == ["4 days old"]


@pytest.mark.usefixtures("month_dropped")
async def test_a_month_that_nobody_keeps_is_dropped_whole(world: World):
    services, (one, other) = world.services, [await world.organization() for _ in range(2)]
    people = [await world.recorded(organization) for organization in (one, other)]
    await keeps(world, one, 5)
    await keeps(world, other, 30)
    for person in people:
        await browsed(world, person, "2026-07-25T09:00", count=3)

    first = await applied(services)
    there = "behaviors_2026_07" in await partitions(services)
    second = await applied(services, AT + timedelta(days=11))

    assert first == Step(events=3)
    assert there
    assert second == Step(months=1)
    assert "behaviors_2026_07" not in await partitions(services)
    async with services.database.read() as db:
        assert await db.scalar(text("SELECT to_regclass('runs_2026_07')")) is None
        assert await db.scalar(text("SELECT count(*) FROM runs")) == 0


@pytest.mark.usefixtures("month_dropped")
async def test_events_in_the_default_partition_go_in_portions_while_months_are_dropped(world: World):
    services, organization, other = world.services, await world.organization(), await world.organization()
    person, keeper = await world.recorded(organization), await world.recorded(other)
    await keeps(world, organization, 5)
    await drop(services, "2024_05", "2026_07")
    for each in (person, keeper):
        await browsed(world, each, "2024-05-10T09:00", count=6, own_partition=False)
    await browsed(world, person, "2026-07-10T09:00", count=3)
    assert await places(services) == ["behaviors_default"] * 12 + ["behaviors_2026_07"] * 3

    steps = [step async for step in apply(retention_job(services.database, largest=4), RetentionTime(AT))]

    assert [step.months for step in steps if step.months] == [1]
    assert [step.events for step in steps if step.events] == [1, 2, 3]
    assert "behaviors_2026_07" not in await partitions(services)
    assert await places(services) == ["behaviors_default"] * 6
    assert {row["user_id"] for row in await stored(services)} == {keeper.id}
    assert [hours async for _, hours in verify(services.database) if hours] == []


@pytest.mark.usefixtures("month_dropped")
async def test_an_anonymous_event_keeps_its_month(world: World):
    organization = await world.organization()
    await keeps(world, organization, 1)
    await browsed(world, await world.recorded(organization), "2026-07-10T09:00")
    await browsed(world, None, "2026-07-10T09:00")

    assert await applied(world.services) == Step(events=1)
    assert len(await stored(world.services)) == 1


@pytest.mark.usefixtures("month_dropped")
async def test_events_of_a_month_that_was_dropped_are_stored_again(world: World):
    services, organization = world.services, await world.organization()
    person = await world.recorded(organization)
    await keeps(world, organization, 5)
    await browsed(world, person, "2026-07-10T09:00")
    assert (await applied(services)).months == 1

    response = await world.http.post(
        "/api/v1/inayla/behaviors",
        json={"sessionId": "s", "ts": "2026-07-11T09:00:00Z", "type": "focus", "userId": str(person.id)},
    )

    assert response.status_code == 201
    assert await left(services) == ["07-11 09:00"]


@pytest.mark.usefixtures("month_dropped")
async def test_dropping_never_waits_long_for_questions_and_never_makes_them_wait(world: World):
    services, organization = world.services, await world.organization()
    await keeps(world, organization, 5)
    await browsed(world, await world.recorded(organization), "2026-07-10T09:00")

    async with services.database.read() as reader:
        await reader.execute(text("SELECT count(*) FROM behaviors"))
        removed = await applied(services)  # gives up on the month after some attempts, and deletes the events

    assert removed == Step(events=1)
    assert (await applied(services)) == Step(months=1)


async def test_only_one_process_is_at_it_at_a_time(world: World):
    organization = await world.organization()
    await keeps(world, organization, 5)
    await browsed(world, await world.recorded(organization), "2026-08-10T09:00")

    async with world.services.database.write() as db:
        assert await queries.be_alone(db)
        with pytest.raises(NotAlone):
            await applied(world.services)

    assert await applied(world.services) == Step(events=1)


async def test_an_organization_that_changes_its_mind_loses_no_more(world: World):
    organization = await world.organization()
    person = await world.recorded(organization)
    await keeps(world, organization, 5)
    await browsed(world, person, "2026-08-10T09:00")
    await keeps(world, organization, None)

    async with world.services.database.write() as db:
        assert await queries.remove_some_of(db, person.id, RetentionTime(AT), 10) == (0, None)


async def test_the_service_does_it_by_itself_as_soon_as_nobody_else_is_at_it(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(retention, "FIRST_SECONDS", 0)
    monkeypatch.setattr(retention, "INTERVAL_SECONDS", 0.01)
    organization = await world.organization()
    await keeps(world, organization, 5)
    person = await world.recorded(organization)
    await browsed(world, person, f"{now() - timedelta(days=6):%Y-%m-%dT%H:%M}")

    keeping = asyncio.create_task(retention.keep_retention(world.services.database, None))
    async with world.services.database.write() as db:  # another process is at it, for some rounds
        assert await queries.be_alone(db)
        await asyncio.sleep(0.1)
        assert len(await stored(world.services)) == 1
    async with asyncio.timeout(10):
        while await stored(world.services):  # noqa: ASYNC110 - the task tells nobody
            await asyncio.sleep(0.01)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
