"""Groups in the order of their keys, and hours and days filled up with those in which nothing happened."""

from typing import Any

import pytest

from core.events import RawEvent
from tests.schema.usage_queries import DAY, between, usage
from tests.world import Asker, World

QUERY = """query (
    $period: Period!, $by: [UsageDimension!]!, $order: UsageOrder, $first: Int! = 200, $after: String,
    $fill: Boolean! = true, $day: WeekStart, $zone: TimeZone! = "UTC"
) { usage(period: $period, weekStart: $day, timezone: $zone) {
    groups(by: $by, orderBy: $order, first: $first, after: $after, fill: $fill) {
        totalCount pageInfo { hasNextPage endCursor } other { events }
        nodes {
            key { dayOfWeek hourOfDay } measures { events trackedSeconds engagementRate }
            share(of: EVENTS) previous(by: WEEK) { events } series(every: WEEK) { measures { events } }
        }
    }
} }"""
WEEK = between("2026-08-03", "2026-08-10")  # Monday to Monday


@pytest.fixture
async def asker(world: World) -> Asker:
    """Somebody who may see: two events on Tuesday at nine, one on Friday at three; on Monday before at one."""
    organization = await world.organization()
    instants = ["2026-08-04T09:00:00Z", "2026-08-04T09:00:30Z", "2026-08-07T15:00:00Z", "2026-07-27T13:00:00Z"]
    person = await world.recorded(organization)
    await world.browse(person, *(RawEvent("s", instant, "click", "https://a.com/") for instant in instants))
    return await world.member(organization)


async def groups(asker: Asker, by: list[str], **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await asker.ask(QUERY, period=WEEK, by=by, **more))["usage"]["groups"]
    return found


def cells(found: dict[str, Any]) -> list[tuple[int | None, int | None]]:
    return [(node["key"]["dayOfWeek"], node["key"]["hourOfDay"]) for node in found["nodes"]]


async def test_a_heat_map_is_one_field(asker: Asker):
    found = await groups(asker, ["DAY_OF_WEEK", "HOUR_OF_DAY"])

    assert cells(found) == [(day, hour) for day in range(1, 8) for hour in range(24)]
    assert (found["totalCount"], found["pageInfo"]["hasNextPage"], found["other"]["events"]) == (168, False, 0)
    by_cell = dict(zip(cells(found), found["nodes"], strict=True))
    assert {cell: node["measures"]["events"] for cell, node in by_cell.items() if node["measures"]["events"]} == {
        (2, 9): 2, (5, 15): 1,
    }  # fmt: skip
    assert by_cell[2, 9]["share"] == pytest.approx(2 / 3)
    assert by_cell[1, 13] == {
        "key": {"dayOfWeek": 1, "hourOfDay": 13},
        "measures": {"events": 0, "trackedSeconds": 0, "engagementRate": None},
        "share": 0,
        "previous": {"events": 1},  # of a cell that has nothing now
        "series": [{"measures": {"events": 0}}],
    }


@pytest.mark.parametrize(
    ("by", "order", "day", "expected"),
    [
        (["HOUR_OF_DAY"], None, None, [(None, hour) for hour in range(24)]),
        (["HOUR_OF_DAY"], {"key": "DESC"}, None, [(None, hour) for hour in range(23, -1, -1)]),
        (["DAY_OF_WEEK"], None, "SUNDAY", [(day, None) for day in (7, 1, 2, 3, 4, 5, 6)]),
        (["DAY_OF_WEEK"], {"measure": "EVENTS"}, None, [(day, None) for day in (2, 5, 1, 3, 4, 6, 7)]),
        (["DAY_OF_WEEK"], {"measure": "ENGAGEMENT_RATE", "direction": "ASC"}, "SATURDAY",
         [(day, None) for day in (2, 5, 6, 7, 1, 3, 4)]),
        (["HOUR_OF_DAY", "DAY_OF_WEEK"], {"key": "ASC"}, "SATURDAY",
         [(day, hour) for hour in range(24) for day in (6, 7, 1, 2, 3, 4, 5)]),
    ],
)  # fmt: skip
async def test_cells_are_in_order(
    asker: Asker, by: list[str], order: dict[str, str] | None, day: str | None, expected: list[tuple[int, int]]
):
    assert cells(await groups(asker, by, order=order, day=day)) == expected


async def test_pages_walk_through_all_cells_once(asker: Asker):
    seen: list[Any] = []
    after: str | None = None
    for _ in range(4):
        page = await groups(asker, ["DAY_OF_WEEK", "HOUR_OF_DAY"], first=50, after=after)
        assert page["other"]["events"] == 3 - sum(node["measures"]["events"] for node in page["nodes"])
        seen += cells(page)
        after = page["pageInfo"]["endCursor"]

    assert seen == [(day, hour) for day in range(1, 8) for hour in range(24)]
    assert not page["pageInfo"]["hasNextPage"]


async def test_cells_are_those_of_the_zones_clock(asker: Asker):
    found = await groups(asker, ["DAY_OF_WEEK", "HOUR_OF_DAY"], zone="Asia/Kathmandu")

    full = [cell for cell, node in zip(cells(found), found["nodes"], strict=True) if node["measures"]["events"]]
    assert full == [(2, 14), (5, 20)]


@pytest.mark.usefixtures("asker")
async def test_groups_are_sorted_by_their_keys_without_filling(world: World):
    person = await world.recorded(await world.organization())
    await world.browse(person, RawEvent("s", "2026-08-03T10:00:00Z", "click", "https://b.com/"))
    everybody = await world.super_admin()

    found = await usage(
        everybody,
        """up: groups(by: [DOMAIN, HOUR_OF_DAY], orderBy: {key: ASC}) { nodes { key { domain hourOfDay } } }
        down: groups(by: [DOMAIN, HOUR_OF_DAY], orderBy: {key: DESC}, first: 2) {
            nodes { key { domain hourOfDay } } pageInfo { endCursor }
        }""",
        'period: {between: {start: "2026-08-03T00:00:00Z", end: "2026-08-10T00:00:00Z"}}',
    )
    more = await usage(
        everybody,
        f"""groups(by: [DOMAIN, HOUR_OF_DAY], orderBy: {{key: DESC}}, first: 2,
            after: "{found["down"]["pageInfo"]["endCursor"]}") {{ nodes {{ key {{ domain hourOfDay }} }} }}""",
        'period: {between: {start: "2026-08-03T00:00:00Z", end: "2026-08-10T00:00:00Z"}}',
    )

    keys = [("a.com", 9), ("a.com", 15), ("b.com", 10)]
    assert [tuple(node["key"].values()) for node in found["up"]["nodes"]] == keys
    pages = found["down"]["nodes"] + more["groups"]["nodes"]
    assert [tuple(node["key"].values()) for node in pages] == keys[::-1]


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ("groups(by: DOMAIN, fill: true) { totalCount }", "`fill` goes with"),
        ("groups(by: [HOUR_OF_DAY, DOMAIN], fill: true) { totalCount }", "`fill` goes with"),
        ("groups(by: [HOUR_OF_DAY, DAY_OF_WEEK, CATEGORY], fill: true) { totalCount }", "`fill` goes with"),
        ("groups(by: [HOUR_OF_DAY, DAY_OF_WEEK, HOUR_OF_DAY], fill: true) { totalCount }", "names a dimension twice"),
        ("groups(by: DOMAIN, orderBy: {}) { totalCount }", "either `measure` or `key`"),
        ("groups(by: DOMAIN, orderBy: {measure: EVENTS, key: ASC}) { totalCount }", "either `measure` or `key`"),
        ("groups(by: DOMAIN, orderBy: {direction: ASC}) { totalCount }", "either `measure` or `key`"),
        ("groups(by: DOMAIN, orderBy: {key: ASC, direction: DESC}) { totalCount }", "`direction` goes with `measure`"),
    ],
)
async def test_what_makes_no_sense_is_refused(asker: Asker, selection: str, message: str):
    error = await asker.refused(f"{{ usage({DAY}) {{ {selection} }} }}")

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert message in error["message"]
