from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from core.ids import BehaviorKey
from db import rollups as whole
from db.models import Behavior, Hour, Run
from db.queries import behaviors
from db.queries.dirty_hours import marks as marked_hours
from db.queries.person_hours import PersonHour
from db.rollups import is_being_rebuilt, rebuild, refresh_all, verify
from resolvers.services import Services
from tests.world import World, raw


async def kept(services: Services) -> list[tuple[str, int, int, str | None]]:
    """The runs, in order: when they begin, how many events, how many of them active, of what domain."""
    async with services.database.read() as db:
        rows = await db.execute(select(Run.first_ts, Run.events, Run.active_events, Run.domain).order_by(Run.first_ts))
        return [(f"{row.first_ts:%H:%M:%S}", row.events, row.active_events, row.domain) for row in rows]


async def marks(services: Services) -> int:
    async with services.database.read() as db:
        return await marked_hours(db)


async def wrong(services: Services) -> list[PersonHour]:
    return [each async for _, hours in verify(services.database) for each in hours]


async def rebuilt(services: Services) -> int:
    """The number of hours made anew."""
    made: list[int] = []
    assert await rebuild(services.database, made.append) == set()
    return sum(made)


async def test_runs_are_stretches_of_like_events(world: World, services: Services):
    person = await world.recorded(await world.organization())
    await world.browse(
        person,
        raw("09:00:01"),
        raw("09:00:20", "click"),
        raw("09:00:30", "blur"),
        raw("09:00:40", "idle"),
        raw("09:00:50", "focus", "https://b.com/"),
        raw("09:00:55", "focus", "https://a.com/2"),
        raw("09:01:00", "focus", "https://a.com/2"),
        raw("09:01:05", "focus", "https://a.com/2", session="s2"),
        raw("09:01:06", "focus", "", session="s2"),
    )

    await refresh_all(services.database)

    assert await kept(services) == [
        ("09:00:01", 4, 2, "a.com"),
        ("09:00:50", 1, 1, "b.com"),
        ("09:00:55", 1, 1, "a.com"),
        ("09:01:00", 1, 1, "a.com"),
        ("09:01:05", 1, 1, "a.com"),
        ("09:01:06", 1, 1, None),
    ]
    assert await marks(services) == 0
    assert await wrong(services) == []


async def test_what_changes_events_marks_their_hours(world: World, services: Services):
    person = await world.recorded(await world.organization())
    await world.browse(person, raw("09:00:00"), raw("09:59:59"), raw("10:00:00"))
    assert await marks(services) == 2
    await refresh_all(services.database)

    await world.browse(person, raw("09:00:00"))
    assert await marks(services) == 0, "a duplicate changes nothing"

    async with services.database.write() as db:
        row = (await db.execute(select(Behavior.user_id, Behavior.ts, Behavior.id).order_by(Behavior.ts))).first()
        assert row is not None
        await behaviors.remove(db, BehaviorKey(*row))
    assert await marks(services) == 1
    await refresh_all(services.database)
    assert [begin for begin, *_ in await kept(services)] == ["09:59:59", "10:00:00"]


async def test_everything_can_be_made_anew_and_checked(world: World, services: Services):
    person = await world.recorded(await world.organization())
    await world.browse(person, raw("09:00:00"), raw("10:00:00"), raw("11:00:00"))
    await refresh_all(services.database)
    async with services.database.write() as db:
        await db.execute(text("UPDATE runs SET events = 7 WHERE first_ts = '2026-08-03T10:00:00Z'"))
        await db.execute(text("DELETE FROM runs WHERE first_ts = '2026-08-03T11:00:00Z'"))
        await db.execute(
            text("UPDATE runs SET first_ts = '2026-08-04T09:00:00Z' WHERE first_ts = '2026-08-03T09:00:00Z'")
        )
    day = datetime(2026, 8, 3, tzinfo=UTC)
    hours = [day + timedelta(hours=hour) for hour in (9, 10, 11, 33)]
    assert [each.hour for each in await wrong(services)] == hours

    assert await rebuilt(services) == 4

    assert await wrong(services) == []
    assert await kept(services) == [(f"{hour:02}:00:00", 1, 1, "a.com") for hour in (9, 10, 11)]


async def test_what_is_marked_is_not_read_so_it_is_not_wrong(world: World, services: Services):
    person = await world.recorded(await world.organization())
    await world.browse(person, raw("09:00:00"))
    await refresh_all(services.database)
    async with services.database.write() as db:
        await db.execute(text("UPDATE runs SET events = 7"))
        await db.execute(text("INSERT INTO dirty_hours (user_id, hour) SELECT user_id, hour FROM hours"))

    assert await wrong(services) == []


async def test_a_rebuild_that_is_interrupted_goes_on_where_it_was(
    world: World, services: Services, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(whole, "_PEOPLE_AT_ONCE", 1)
    organization = await world.organization()
    for _ in range(3):
        await world.browse(await world.recorded(organization), raw("09:00:00"), raw("10:00:00"))
    await refresh_all(services.database)
    made: list[int] = []

    class Interrupted(Exception):
        pass

    def interrupt(hours: int) -> None:
        if sum(made) == 2:
            raise Interrupted
        made.append(hours)

    with pytest.raises(Interrupted):
        await rebuild(services.database, interrupt)
    assert await is_being_rebuilt(services.database)

    assert await rebuilt(services) == 4, "the first person was done"
    assert not await is_being_rebuilt(services.database)
    assert await wrong(services) == []
    assert await rebuilt(services) == 6, "the next begins anew"


async def test_rollups_of_somebody_without_events_are_found_and_go(world: World, services: Services):
    person = await world.recorded(await world.organization())
    await world.browse(person, raw("09:00:00"), raw("10:00:00"))
    await refresh_all(services.database)
    async with services.database.write() as db:
        await db.execute(text("DELETE FROM behaviors"))

    assert [each.hour.hour for each in await wrong(services)] == [9, 10]

    await rebuilt(services)
    assert await kept(services) == []
    assert await wrong(services) == []


async def test_an_hour_that_is_not_what_its_runs_make_is_found(world: World, services: Services):
    person = await world.recorded(await world.organization())
    await world.browse(person, raw("09:00:00"), raw("10:00:00"), raw("11:00:00"), raw("12:00:00"))
    await refresh_all(services.database)
    async with services.database.write() as db:
        await db.execute(text("UPDATE hours SET domains = '{b.com}' WHERE hour = '2026-08-03T09:00:00Z'"))
        await db.execute(text("UPDATE hours SET part_us = '{1}' WHERE hour = '2026-08-03T10:00:00Z'"))
        await db.execute(text("DELETE FROM hours WHERE hour = '2026-08-03T11:00:00Z'"))

    assert [each.hour.hour for each in await wrong(services)] == [9, 10, 11]

    await rebuilt(services)
    assert await wrong(services) == []


async def test_hours_sum_up_what_happened_in_them(world: World, services: Services):
    person = await world.recorded(await world.organization())
    await world.browse(
        person,
        raw("09:58:00"),
        raw("09:58:30", "click", "https://b.com/"),
        raw("09:59:30", "blur", "https://b.com/"),
        raw("09:10:00", "click", ""),
        raw("10:00:00", "click", session="s2"),
    )

    await refresh_all(services.database)

    async with services.database.read() as db:
        rows = (await db.execute(select(Hour.__table__).order_by(Hour.hour))).mappings().all()
    nine, ten = (dict(row) for row in rows)
    assert [nine[name] for name in ("events", "active_events", "tracked_minutes", "engaged_minutes")] == [4, 3, 3, 2]
    assert nine["session_ids"] == ["s1"]
    assert [f"{moment:%H:%M:%S}" for moment in nine["session_first"] + nine["session_last"]] == ["09:10:00", "09:59:30"]
    assert nine["session_domains"] == ["b.com"]
    assert nine["domains"] == ["a.com", "b.com", None]
    assert nine["domain_us"] == [30_000_000, 60_000_000, 48 * 60_000_000]
    assert [nine[name] for name in ("domain_events", "domain_active_events")] == [[1, 2, 1], [1, 1, 1]]
    assert nine["segment_events"] == [1, 2]
    assert nine["segment_switches"] == [0, 1]
    assert nine["segment_first_domains"] == [None, "a.com"]
    assert nine["segment_last_domains"] == [None, "b.com"]
    assert [nine["segment_parts_from"], nine["segment_parts_to"]] == [[1, 2], [1, 3]]
    assert [nine["part_domains"], nine["part_us"]] == [[None, "a.com", "b.com"], [0, 30_000_000, 0]]
    assert ten["session_ids"] == ["s2"]


@pytest.mark.parametrize("hour", ["09", "23"])
async def test_answers_are_the_same_from_rollups_and_from_events(world: World, services: Services, hour: str):
    admin = await world.super_admin()
    person = await world.recorded(await world.organization())
    await world.browse(person, *(raw(f"{hour}:{minute:02}:30", "keydown") for minute in range(0, 60, 4)))
    question = """{ usage(period: {between: {start: "2026-08-01T00:00:20Z", end: "2026-08-05T00:00:40Z"}}) {
        total { events trackedMinutes trackedSeconds deepWorkSessions deepWorkSeconds contextSwitches users }
    } }"""

    from_events = await admin.ask(question)
    await refresh_all(services.database)
    async with services.database.write() as db:
        await db.execute(text("DELETE FROM behaviors"))  # now there is nothing but the rollups to answer from

    assert await admin.ask(question) == from_events
    assert from_events["usage"]["total"]["deepWorkSessions"] == 1
