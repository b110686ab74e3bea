"""Comparison with an earlier period: which one it is, for the whole, for buckets and for groups."""

from typing import Any

import pytest

from core.events import RawEvent
from tests.schema.usage_queries import between
from tests.world import Asker, Recorded, World

QUERY = """query ($period: Period!, $by: Shift!, $zone: TimeZone!, $every: Granularity! = DAY) {
    usage(period: $period, timezone: $zone) {
        total { events } previous(by: $by) { events }
        series(every: $every) { start measures { events } previous(by: $by) { events } }
        groups(by: DOMAIN) { nodes {
            key { domain } measures { events } previous(by: $by) { events }
            series(every: $every) { previous(by: $by) { events } }
        } }
    }
}"""


@pytest.fixture
async def person(world: World) -> Recorded:
    return await world.recorded(await world.organization())


@pytest.fixture
async def asker(world: World) -> Asker:
    return await world.super_admin()


async def seen(world: World, person: Recorded, *instants: str, url: str = "https://a.com/") -> None:
    """Events at these instants: `2026-08-03T09:00:00`, UTC."""
    await world.browse(person, *(RawEvent("s", f"{instant}Z", "click", url) for instant in instants))


def numbers(series: list[dict[str, Any]], part: str = "previous") -> list[int]:
    return [bucket[part]["events"] for bucket in series]


# A Monday and a Tuesday in August, and how many events fall into what each shift compares them with, day by day.
AUGUST = {
    "PRECEDING": ["2026-08-15T00:00:00", "2026-08-16T23:59:59", "2026-08-16T12:00:00"],
    "DAY": ["2026-08-16T12:00:00", "2026-08-16T23:59:59", "2026-08-17T10:00:00"],
    "WEEK": ["2026-08-10T00:00:00", "2026-08-11T12:00:00", "2026-08-11T13:00:00"],
    "MONTH": ["2026-07-17T00:00:00", "2026-07-18T23:59:59.999999"],
    "YEAR": ["2025-08-17T00:00:00", "2025-08-18T01:00:00", "2025-08-18T02:00:00"],
}
EXPECTED = {"PRECEDING": [1, 2], "DAY": [2, 1], "WEEK": [1, 2], "MONTH": [1, 1], "YEAR": [1, 2]}


@pytest.mark.parametrize("shift", EXPECTED)
async def test_each_shift_finds_its_period(world: World, person: Recorded, asker: Asker, shift: str):
    everything = {instant for instants in AUGUST.values() for instant in instants}
    outside = ["2026-08-14T23:59:59.999999", "2026-08-19T00:00:00", "2026-07-16T23:59:59", "2025-08-19T00:00:00"]
    await seen(world, person, *everything, *outside, "2026-08-18T09:00:00")

    found = (await asker.ask(QUERY, period=between("2026-08-17", "2026-08-19"), by=shift, zone="UTC"))["usage"]

    [group] = found["groups"]["nodes"]
    assert found["total"] == {"events": 2}
    assert found["previous"] == group["previous"] == {"events": sum(EXPECTED[shift])}
    assert numbers(found["series"]) == numbers(group["series"]) == EXPECTED[shift]
    assert numbers(found["series"], "measures") == [1, 1]


async def test_groups_are_compared_with_themselves(world: World, person: Recorded, asker: Asker):
    await seen(world, person, "2026-08-16T09:00:00", "2026-08-16T10:00:00", "2026-08-17T09:00:00")
    await seen(world, person, "2026-08-17T09:00:00", "2026-08-17T10:00:00", url="https://new.com/")
    await seen(world, person, "2026-08-16T09:00:00", url="https://gone.com/")

    found = (await asker.ask(QUERY, period=between("2026-08-17", "2026-08-18"), by="PRECEDING", zone="UTC"))["usage"]

    assert found["previous"] == {"events": 3}
    assert [
        (node["key"]["domain"], node["measures"]["events"], node["previous"]["events"], numbers(node["series"]))
        for node in found["groups"]["nodes"]
    ] == [("new.com", 2, 0, [0]), ("a.com", 1, 2, [2])]


async def test_the_end_of_a_long_month_is_compared_with_the_last_day_of_a_short_one(
    world: World, person: Recorded, asker: Asker
):
    await seen(
        world, person, "2026-02-27T23:59:59", "2026-02-28T00:00:00", "2026-02-28T23:59:59", "2026-03-01T00:00:00"
    )

    found = (await asker.ask(QUERY, period=between("2026-03-31", "2026-04-01"), by="MONTH", zone="UTC"))["usage"]

    assert found["previous"] == {"events": 2}
    assert numbers(found["series"]) == [2]


async def test_a_whole_long_month_is_compared_with_the_whole_short_one(world: World, person: Recorded, asker: Asker):
    await seen(
        world, person, "2026-01-31T23:59:59", "2026-02-01T00:00:00", "2026-02-28T23:59:59", "2026-03-01T00:00:00"
    )

    found = (await asker.ask(QUERY, period=between("2026-03-01", "2026-04-01"), by="MONTH", zone="UTC"))["usage"]

    assert found["previous"] == {"events": 2}
    assert sum(numbers(found["series"])) == 2  # whatever their length, the parts add up to the whole
    assert numbers(found["series"])[0] == 1


async def test_the_29th_of_february_is_compared_with_the_28th(world: World, person: Recorded, asker: Asker):
    await seen(
        world, person, "2023-02-27T23:59:59", "2023-02-28T00:00:00", "2023-02-28T23:59:59", "2023-03-01T00:00:00"
    )

    found = (await asker.ask(QUERY, period=between("2024-02-29", "2024-03-01"), by="YEAR", zone="UTC"))["usage"]

    assert found["previous"] == {"events": 2}


async def test_a_week_in_which_clocks_change_is_compared_with_whole_local_days(
    world: World, person: Recorded, asker: Asker
):
    # In Berlin clocks go forward on 29 March 2026: the week from 23 March ends at 22:00 UTC, the week before at 23:00.
    before = ["2026-03-15T22:59:59", "2026-03-15T23:00:00", "2026-03-21T22:59:59", "2026-03-21T23:00:00",
              "2026-03-22T22:59:59"]  # fmt: skip
    await seen(world, person, *before, "2026-03-22T23:00:00", "2026-03-29T21:59:59", "2026-03-29T22:00:00")
    period = between("2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z")

    by_week = (await asker.ask(QUERY, period=period, by="WEEK", zone="Europe/Berlin"))["usage"]
    preceding = (await asker.ask(QUERY, period=period, by="PRECEDING", zone="Europe/Berlin"))["usage"]

    assert by_week["total"] == {"events": 2}
    assert numbers(by_week["series"], "measures") == [1, 0, 0, 0, 0, 0, 1]
    assert by_week["previous"] == {"events": 4}
    assert numbers(by_week["series"]) == [1, 0, 0, 0, 0, 1, 2]
    assert preceding["previous"] == {"events": 4}  # the seven days before, not just the 167 hours


async def test_hours_that_clocks_repeat_are_compared_once(world: World, person: Recorded, asker: Asker):
    # In Berlin it is 02:00 to 03:00 twice on 25 October 2026: from 00:00 and from 01:00 UTC. The day before, once.
    await seen(world, person, "2026-10-24T00:10:00", "2026-10-24T00:50:00", "2026-10-24T01:10:00")
    period = between("2026-10-25T00:00:00Z", "2026-10-25T03:00:00Z")

    found = (await asker.ask(QUERY, period=period, by="DAY", zone="Europe/Berlin", every="HOUR"))["usage"]

    assert found["previous"] == {"events": 3}
    assert sum(numbers(found["series"])) == 3
    assert numbers(found["series"])[2] == 1


@pytest.mark.parametrize(("start", "end", "expected"), [("23", "31", 2), ("28", "31", 1), ("29", "31", 1)])
async def test_days_that_the_shorter_month_lacks_take_none_from_it(
    world: World, person: Recorded, asker: Asker, start: str, end: str, expected: int
):
    await seen(world, person, "2026-02-23T09:00:00", "2026-02-28T09:00:00", "2026-03-01T00:00:00")

    found = (await asker.ask(QUERY, period=between(f"2026-03-{start}", f"2026-03-{end}"), by="MONTH", zone="UTC"))[
        "usage"
    ]

    assert found["previous"]["events"] == expected
    assert sum(numbers(found["series"])) == expected
