"""Groups: sorted by every measure, in pages, with shares and the rest."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from core.clock import now
from db.metrics.measures import MEASURES
from tests.conftest import StatementCounter
from tests.schema.usage_queries import DAY, computed, metrics_statements, usage
from tests.world import Asker, Recorded, World, raw

SORTABLE = [measure for measure in MEASURES if measure.name != "session_seconds"]


async def busy(world: World, person: Recorded, start: int, number: int, kind: str = "keydown") -> None:
    """Return that many events, three minutes apart, on two domains by turns; idle ones beside each third."""
    events = []
    for place in range(number):
        hour, minute = start + place * 3 // 60, place * 3 % 60
        events.append(raw(f"{hour:02}:{minute:02}:00", kind, f"https://{'ab'[place % 2]}.com/{place}"))
        if place % 3 == 0:
            events.append(raw(f"{hour:02}:{minute + 1:02}:00", "idle", "https://a.com/", f"s{place}"))
    await world.browse(person, *events)


@pytest.fixture
async def asker(world: World) -> Asker:
    """An asker who may see five people: two with deep work, one idle, one who came once, one like another."""
    organization = await world.organization()
    people = [await world.recorded(organization, name) for name in ("ada", "bob", "cyd", "dan", "eve")]
    await busy(world, people[0], 8, 31)
    await busy(world, people[1], 12, 12)
    await busy(world, people[2], 9, 4, kind="blur")
    await busy(world, people[3], 9, 1)
    await busy(world, people[4], 10, 1)
    return await world.member(organization)


def groups(by: str, order: str = "", more: str = "") -> str:
    """Groups with their keys and every measure that can be sorted by."""
    measures = " ".join(measure.field for measure in SORTABLE)
    order = f", orderBy: {order}" if order else ""
    return f"""groups(by: {by}{order}{more}) {{
        totalCount nodes {{ key {{ extensionUser {{ username }} }} measures {{ {measures} }} }}
    }}"""


async def test_groups_are_sorted_by_any_measure_up_and_down(asker: Asker):
    for measure in SORTABLE:
        name = measure.name.upper()
        up, down = (groups("EXTENSION_USER", f"{{measure: {name}, direction: {way}}}") for way in ("ASC", "DESC"))

        found = await usage(asker, f"up: {up} down: {down}")

        rising, falling = ([node["measures"][measure.field] for node in found[way]["nodes"]] for way in ("up", "down"))
        assert len(rising) == 5
        assert rising == sorted(rising)
        assert falling == sorted(falling, reverse=True)
        assert len(set(rising)) > 1 or measure.name == "users"


async def test_groups_are_sorted_by_events_unless_asked_otherwise(asker: Asker):
    found = await usage(asker, groups("EXTENSION_USER"))

    names = [node["key"]["extensionUser"]["username"] for node in found["groups"]["nodes"]]
    assert names[:3] == ["ada", "bob", "cyd"]
    assert set(names[3:]) == {"dan", "eve"}


PAGE = """query ($period: Period!, $first: Int!, $after: String, $by: [UsageDimension!]!) {
    usage(period: $period) { groups(by: $by, first: $first, after: $after, orderBy: {measure: USERS}) {
        nodes { key { url domain extensionUser { username } hourOfDay } measures { events } }
        edges { cursor node { key { url } } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
        other { events }
    } }
}"""
PERIOD = {"between": {"start": "2026-08-03T00:00:00Z", "end": "2026-08-04T00:00:00Z"}}


@pytest.mark.parametrize("by", [["URL"], ["DOMAIN", "EXTENSION_USER"], ["HOUR_OF_DAY", "URL", "EXTENSION_USER"]])
async def test_pages_walk_through_all_groups_once(asker: Asker, by: list[str]):
    whole = (await asker.ask(PAGE, period=PERIOD, first=200, by=by))["usage"]["groups"]
    total = sum(node["measures"]["events"] for node in whole["nodes"])

    seen: list[Any] = []
    after: str | None = None
    more = True
    while more:
        page = (await asker.ask(PAGE, period=PERIOD, first=4, after=after, by=by))["usage"]["groups"]
        info = page["pageInfo"]
        assert page["totalCount"] == len(whole["nodes"])
        assert info["hasPreviousPage"] == bool(seen)
        assert (info["startCursor"], info["endCursor"]) == (page["edges"][0]["cursor"], page["edges"][-1]["cursor"])
        assert page["other"]["events"] == total - sum(node["measures"]["events"] for node in page["nodes"])
        seen += page["nodes"]
        after, more = info["endCursor"], info["hasNextPage"]

    assert seen == whole["nodes"]
    assert len(seen) > 4
    assert whole["other"] == {"events": 0}


async def test_beyond_the_last_page_there_is_still_the_number_of_groups_and_the_rest(asker: Asker):
    last = (await asker.ask(PAGE, period=PERIOD, first=20, by=["EXTENSION_USER"]))["usage"]["groups"]

    beyond = (
        await asker.ask(PAGE, period=PERIOD, first=20, by=["EXTENSION_USER"], after=last["pageInfo"]["endCursor"])
    )["usage"]["groups"]

    assert beyond["nodes"] == []
    assert beyond["totalCount"] == 5
    assert beyond["pageInfo"] == {
        "hasNextPage": False, "hasPreviousPage": True, "startCursor": None, "endCursor": None,
    }  # fmt: skip
    assert beyond["other"]["events"] == sum(node["measures"]["events"] for node in last["nodes"])


async def test_which_groups_there_are_does_not_hang_on_the_measures_selected(asker: Asker):
    found = await usage(
        asker,
        """groups(by: EXTENSION_USER, orderBy: {measure: DEEP_WORK_SECONDS, direction: ASC}) {
            totalCount nodes { measures { deepWorkSeconds contextSwitches } }
        }""",
    )

    assert found["groups"]["totalCount"] == len(found["groups"]["nodes"]) == 5
    assert [node["measures"]["deepWorkSeconds"] > 0 for node in found["groups"]["nodes"]] == [False] * 3 + [True] * 2


async def test_shares_of_what_adds_up_add_up_to_one(asker: Asker):
    found = await usage(
        asker,
        """total { events trackedSeconds users }
        groups(by: DOMAIN) { nodes {
            measures { events trackedSeconds } events: share(of: EVENTS) time: share(of: TRACKED_SECONDS)
            users: share(of: USERS) rate: share(of: ENGAGEMENT_RATE)
        } }""",
    )

    nodes, total = found["groups"]["nodes"], found["total"]
    assert sum(node["events"] for node in nodes) == pytest.approx(1)
    assert sum(node["time"] for node in nodes) == pytest.approx(1)
    for node in nodes:
        assert node["events"] == pytest.approx(node["measures"]["events"] / total["events"])
        assert node["time"] == pytest.approx(node["measures"]["trackedSeconds"] / total["trackedSeconds"])
    assert nodes[0]["users"] == 1  # everybody was on a.com
    assert nodes[0]["rate"] > 0


async def test_a_share_of_nothing_is_null(asker: Asker):
    found = await usage(
        asker,
        """groups(by: EVENT_TYPE) { nodes {
            key { eventType } share(of: ACTIVE_EVENTS) rate: share(of: ENGAGEMENT_RATE)
        } }""",
        f"{DAY}, where: {{eventTypes: [IDLE]}}",
    )

    assert found["groups"]["nodes"] == [{"key": {"eventType": "IDLE"}, "share": None, "rate": None}]


async def test_other_takes_the_rest_together_as_one_group(asker: Asker):
    found = await usage(
        asker,
        """groups(by: EXTENSION_USER, first: 2) {
            other { events users sessions uniqueDomains trackedMinutes idleMinutes engagementRate deepWorkSeconds
                    sessionSeconds { longest } }
        }""",
    )

    # cyd: four blurs and two idles; dan and eve: one key and one idle each
    assert found["groups"]["other"] == {
        "events": 10,
        "users": 3,
        "sessions": 7,
        "uniqueDomains": 2,
        "trackedMinutes": 10,
        "idleMinutes": 8,
        "engagementRate": 20,
        "deepWorkSeconds": 0,
        "sessionSeconds": {"longest": 540},
    }


async def test_no_groups_at_all(asker: Asker):
    found = await usage(
        asker,
        "groups(by: [DOMAIN, DAY_OF_WEEK]) { nodes { share(of: EVENTS) } totalCount pageInfo { hasNextPage endCursor } "
        "other { events engagementRate } }",
        'period: {between: {start: "2026-01-01T00:00:00Z", end: "2026-01-02T00:00:00Z"}}',
    )

    assert found["groups"] == {
        "nodes": [],
        "totalCount": 0,
        "pageInfo": {"hasNextPage": False, "endCursor": None},
        "other": {"events": 0, "engagementRate": None},
    }


async def test_the_measure_that_groups_are_sorted_by_is_computed_and_no_other(
    asker: Asker, statements: StatementCounter
):
    await usage(asker, "groups(by: DOMAIN, orderBy: {measure: ENGAGEMENT_RATE}) { totalCount }")

    [statement] = metrics_statements(statements)
    assert computed(statement) == {"events", "active_events", "tracked_minutes", "engaged_minutes"}


async def test_the_share_of_other_is_what_the_shares_of_the_page_leave(world: World):
    person = await world.recorded(await world.organization())
    await world.browse(
        person, *(raw(f"09:0{place}:00", "click", f"https://{domain}.com/") for place, domain in enumerate("aaabbc"))
    )
    asker = await world.super_admin()

    found = await asker.ask(f"""{{ usage({DAY}) {{ groups(by: DOMAIN, first: 1) {{
        nodes {{ share(of: EVENTS) }} otherShare(of: EVENTS) domains: otherShare(of: UNIQUE_DOMAINS) }} }} }}""")
    nothing = await asker.ask(
        f"{{ usage({DAY.replace('2026-08-0', '2026-07-0')}) {{ groups(by: DOMAIN) {{ otherShare(of: EVENTS) }} }} }}"
    )

    assert found["usage"]["groups"] == {
        "nodes": [{"share": 0.5}],
        "otherShare": 0.5,
        "domains": pytest.approx(2 / 3),
    }
    assert nothing["usage"]["groups"] == {"otherShare": None}


async def test_usage_tells_up_to_when_events_count(world: World):
    asker = await world.super_admin()
    before = now()

    found = await asker.ask(f"{{ usage({DAY}) {{ asOf }} }}")

    assert before - timedelta(milliseconds=1) <= datetime.fromisoformat(found["usage"]["asOf"]) <= now()
