"""Deleting a range of a person's events by key."""

from datetime import datetime

from db.queries import event_ranges
from db.queries.event_ranges import Position, RemovedEvents
from resolvers.services import Services
from tests.rest_requests import stored
from tests.world import World, moment, raw


async def times(services: Services) -> list[str]:
    """The times of the stored events."""
    return [f"{row['ts']:%H:%M}" for row in await stored(services)]


async def test_a_portion_goes_on_where_the_last_one_ended(world: World, services: Services):
    person, other = [await world.recorded(await world.organization()) for _ in range(2)]
    await world.browse(other, raw("09:00:00"))
    await world.browse(person, *(raw(f"10:0{minute}:00") for minute in range(6)))

    async with services.database.write() as db:
        first = await event_ranges.remove_oldest(db, person.id, 2)
    await world.browse(person, raw("09:30:00"))  # before that place: no business of those who go on behind it
    async with services.database.write() as db:
        second = await event_ranges.remove_oldest(db, person.id, 2, after=first.position)
    left = await times(services)
    async with services.database.write() as db:
        third = await event_ranges.remove_oldest(db, person.id, 3, after=second.position, before=moment("10:05:00"))

    assert [each.number for each in (first, second, third)] == [2, 2, 1]
    assert first.position is not None
    assert first.position.ts == moment("10:01:00")
    assert left == ["09:00", "09:30", "10:04", "10:05"]
    assert third.position is None
    assert await times(services) == ["09:00", "09:30", "10:05"]


async def test_events_of_one_instant_are_told_apart(world: World, services: Services):
    person = await world.recorded(await world.organization())
    await world.browse(person, *(raw("10:00:00", url=f"https://a.com/{number}") for number in range(5)))
    removed: list[int] = []
    position = None

    while not removed or position is not None:
        async with services.database.write() as db:
            number, position = await event_ranges.remove_oldest(db, person.id, 2, after=position)
        removed.append(number)

    assert removed == [2, 2, 1]
    assert await stored(services) == []


async def test_nothing_is_found_behind_the_last_event(world: World, services: Services):
    person = await world.recorded(await world.organization())
    [event] = (await world.browse(person, raw("10:00:00"))).accepted
    position = Position(datetime.fromisoformat("2026-08-03T10:00:00Z"), event.id)

    async with services.database.write() as db:
        assert await event_ranges.count_up_to(db, [person.id], 10, after=position) == 0
        assert await event_ranges.remove_oldest(db, person.id, 10, after=position) == RemovedEvents(0, None)
        assert await event_ranges.count_up_to(db, [], 10) == 0
        assert await event_ranges.count_up_to(db, [person.id, person.id], 1) == 1
