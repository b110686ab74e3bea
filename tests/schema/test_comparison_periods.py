"""Comparison by the calendar and to date, as clients ask for it: the ranges, and what is measured in them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.clock import now
from core.events import RawEvent
from execution.scalar_formats import format_instant
from tests.schema.usage_queries import between
from tests.world import Asker, Recorded, World

COMPARED = "current { start end } previous { start end }"
QUERY = f"""query (
    $period: Period!, $by: Shift! = PRECEDING, $align: ComparisonAlignment! = TO_DATE, $every: Granularity! = DAY
) {{
    usage(period: $period) {{
        previous(by: $by, align: $align) {{ events }}
        comparisonPeriods(by: $by, align: $align) {{ {COMPARED} }}
        series(every: $every) {{
            previous(by: $by, align: $align) {{ events }} comparisonPeriods(by: $by, align: $align) {{ {COMPARED} }}
        }}
        groups(by: DOMAIN) {{ nodes {{
            previous(by: $by, align: $align) {{ events }}
            series(every: $every) {{ previous(by: $by, align: $align) {{ events }} }}
        }} }}
    }}
}}"""


@pytest.fixture
async def person(world: World) -> Recorded:
    return await world.recorded(await world.organization())


@pytest.fixture
async def asker(world: World) -> Asker:
    return await world.super_admin()


async def seen(world: World, person: Recorded, *instants: datetime | str) -> None:
    texts = (each if isinstance(each, str) else each.isoformat() for each in instants)
    await world.browse(person, *(RawEvent("s", text, "click", "https://a.com/") for text in texts))


def events(parts: list[dict[str, Any]]) -> list[int]:
    return [part["previous"]["events"] for part in parts]


@pytest.mark.parametrize("by", ["MONTH", "PRECEDING"])
async def test_november_is_compared_with_all_of_october(world: World, person: Recorded, asker: Asker, by: str):
    outside = ["2025-09-30T23:59:59Z", "2025-11-30T10:00:00Z"]
    await seen(world, person, *outside, "2025-10-01T00:00:00Z", "2025-10-30T09:00:00Z", "2025-10-31T23:59:59Z")

    found = (await asker.ask(QUERY, period=between("2025-11-01", "2025-12-01"), by=by))["usage"]
    months = (await asker.ask(QUERY, period=between("2025-10-01", "2025-12-01"), by="MONTH", every="MONTH"))["usage"]

    [group] = found["groups"]["nodes"]
    assert found["previous"]["events"] == group["previous"]["events"] == 3
    assert found["comparisonPeriods"] == {
        "current": {"start": "2025-11-01T00:00:00.000Z", "end": "2025-12-01T00:00:00.000Z"},
        "previous": {"start": "2025-10-01T00:00:00.000Z", "end": "2025-11-01T00:00:00.000Z"},
    }
    # The 31st is in the month, and is no counterpart of a day.
    assert events(found["series"]) == events(group["series"]) == [1, *[0] * 28, 1]
    assert events(months["series"]) == [1, 3]


async def test_february_is_compared_with_all_of_the_leap_years_february(world: World, person: Recorded, asker: Asker):
    await seen(world, person, "2024-02-28T10:00:00Z", "2024-02-29T23:59:59Z", "2024-03-01T00:00:00Z")

    found = (await asker.ask(QUERY, period=between("2025-02-01", "2025-03-01"), by="YEAR", every="MONTH"))["usage"]

    assert found["previous"]["events"] == 2
    assert events(found["series"]) == [2]


async def test_an_unfinished_period_is_compared_to_date_or_as_a_whole(world: World, person: Recorded, asker: Asker):
    # Given a period of two days, a day of which has passed, and events in the two days before
    moment = now()
    start = moment - timedelta(days=1)
    period = {"between": {"start": start.isoformat(), "end": (start + timedelta(days=2)).isoformat()}}
    await seen(
        world, person, moment, *(start - timedelta(days=2) + timedelta(hours=each) for each in (1, 2, 25, 26, 47))
    )
    # When
    to_date = (await asker.ask(QUERY, period=period))["usage"]
    after = now()
    whole = (await asker.ask(QUERY, period=period, align="WHOLE"))["usage"]
    # Then
    assert (to_date["previous"]["events"], whole["previous"]["events"]) == (2, 5)
    for found, number in ((to_date, 2), (whole, 5)):
        [group] = found["groups"]["nodes"]
        assert sum(events(found["series"])) == sum(events(group["series"])) == group["previous"]["events"] == number
    compared = to_date["comparisonPeriods"]
    assert compared["current"]["start"] == format_instant(start)
    assert format_instant(moment) <= compared["current"]["end"] <= format_instant(after)
    assert compared["previous"]["start"] == format_instant(start - timedelta(days=2))
    assert compared["previous"]["end"] < compared["current"]["start"] == whole["comparisonPeriods"]["previous"]["end"]
    # The bucket that holds the present moment ends with it; those after it are compared with nothing.
    buckets = [bucket["comparisonPeriods"] for bucket in to_date["series"]]
    assert compared["current"]["end"] in {bucket["current"]["end"] for bucket in buckets}
    assert all(
        bucket["current"]["end"] <= compared["current"]["end"]
        for bucket in buckets
        if bucket["current"]["start"] < compared["current"]["end"]
    )
    assert buckets[-1]["previous"]["start"] == buckets[-1]["previous"]["end"]


async def test_a_month_to_date_ends_at_the_same_time_of_the_month_before(asker: Asker):
    query = f"""{{ usage(period: {{preset: THIS_MONTH}}, timezone: "Asia/Kathmandu") {{
        start comparisonPeriods(by: MONTH) {{ {COMPARED} }}
        whole: comparisonPeriods(by: MONTH, align: WHOLE) {{ {COMPARED} }}
    }} }}"""

    found = (await asker.ask(query))["usage"]

    assert found["comparisonPeriods"]["current"]["start"] == found["whole"]["current"]["start"] == found["start"]
    assert found["whole"]["previous"]["end"] == found["start"]
    assert found["comparisonPeriods"]["previous"]["end"] <= found["start"]
    assert found["comparisonPeriods"]["previous"]["start"] == found["whole"]["previous"]["start"]
    current, earlier = (
        datetime.fromisoformat(found["comparisonPeriods"][each]["end"]) for each in ("current", "previous")
    )
    assert current <= datetime.now(UTC)
    assert earlier.time() == current.time() or found["comparisonPeriods"]["previous"] == found["whole"]["previous"]


async def test_what_has_not_begun_is_compared_with_nothing(world: World, person: Recorded, asker: Asker):
    moment = now()
    await seen(world, person, moment - timedelta(hours=1))
    period = {
        "between": {
            "start": (moment + timedelta(hours=1)).isoformat(),
            "end": (moment + timedelta(hours=25)).isoformat(),
        }
    }

    to_date = (await asker.ask(QUERY, period=period))["usage"]
    whole = (await asker.ask(QUERY, period=period, align="WHOLE"))["usage"]

    assert (to_date["previous"]["events"], whole["previous"]["events"]) == (0, 1)
    assert (sum(events(to_date["series"])), sum(events(whole["series"]))) == (0, 1)


@pytest.mark.parametrize(
    "selection",
    [
        "total(align: TO_DATE) { events }",
        "series(every: DAY, align: WHOLE) { start }",
        "previous(align: SOMETIMES) { events }",
        "previous(align: null) { events }",
        "comparisonPeriods(by: CENTURY) { current { start } }",
    ],
)
async def test_alignment_belongs_to_comparisons_and_is_one_of_two(asker: Asker, selection: str):
    error = await asker.refused(f'{{ usage(period: {{last: "P1D"}}) {{ {selection} }} }}')

    assert error["extensions"]["code"] in {"GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"}
    assert "align" in error["message"] or "ComparisonAlignment" in error["message"] or "Shift" in error["message"]
