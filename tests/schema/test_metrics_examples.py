"""The worked examples of measures and of deep work, asked for in every place where measures are answered."""

from typing import Any

import pytest

from tests.schema.usage_queries import ALL, DAY, usage
from tests.world import Asker, Recorded, World, raw

# docs/metrics.md, "An example".
EXAMPLE = (
    raw("09:00:00", "pageshow", "https://a.com/1"),
    raw("09:00:30", "click", "https://a.com/1", x=1, y=1),
    raw("09:02:00", "blur", "https://a.com/1"),
    raw("09:03:10", "focus", "https://b.com/"),
    raw("09:20:00", "click", "https://b.com/", x=1, y=1),
)
MEASURED = {
    "events": 5,
    "activeEvents": 4,
    "users": 1,
    "sessions": 1,
    "uniqueDomains": 2,
    "uniqueUrls": 2,
    "trackedMinutes": 4,
    "engagedMinutes": 3,
    "idleMinutes": 1,
    "engagementRate": 75.0,
    "trackedSeconds": 1200,
    "activeSeconds": 190,
    "sessionSeconds": {"average": 1200, "p50": 1200, "p95": 1200, "longest": 1200},
    "contextSwitches": 1,
    "deepWorkSessions": 0,
    "deepWorkSeconds": 0,
    "deepWorkRate": 0,
}
NOTHING = dict.fromkeys(MEASURED, 0) | {
    "engagementRate": None,
    "deepWorkRate": None,
    "sessionSeconds": dict.fromkeys(("average", "p50", "p95", "longest")),
}


@pytest.fixture
async def person(world: World) -> Recorded:
    return await world.recorded(await world.organization("Acme"), "ada")


@pytest.fixture
async def asker(world: World) -> Asker:
    return await world.super_admin()


async def test_the_example_in_every_place(world: World, person: Recorded, asker: Asker):
    await world.browse(person, *EXAMPLE)
    whole, previous = f"total {{ {ALL} }}", f"previous {{ {ALL} }}"

    answer = await asker.ask(
        f"""query ($person: ID!, $organization: ID!) {{
            usage({DAY}) {{ {whole} {previous} groups(by: [EXTENSION_USER, ORGANIZATION]) {{
                nodes {{ key {{ extensionUser {{ username }} organization {{ name }} }} measures {{ {ALL} }} }}
                other {{ {ALL} }}
            }} }}
            extensionUser(id: $person) {{ usage({DAY}) {{ {whole} {previous} }} }}
            organization(id: $organization) {{ usage({DAY}) {{ {whole} {previous} }} }}
        }}""",
        person=str(person.id),
        organization=str(person.row.organization_id),
    )

    groups = answer["usage"].pop("groups")
    expected = {"total": MEASURED, "previous": NOTHING}
    assert answer == {"usage": expected, "extensionUser": {"usage": expected}, "organization": {"usage": expected}}
    key = {"extensionUser": {"username": "ada"}, "organization": {"name": "Acme"}}
    assert groups == {"nodes": [{"key": key, "measures": MEASURED}], "other": NOTHING}


async def test_the_examples_time_belongs_to_the_earlier_events_domain(world: World, person: Recorded, asker: Asker):
    await world.browse(person, *EXAMPLE)

    found = await usage(
        asker, "groups(by: DOMAIN) { nodes { key { domain } measures { trackedSeconds events idleMinutes } } }"
    )

    assert [(node["key"]["domain"], node["measures"]) for node in found["groups"]["nodes"]] == [
        ("a.com", {"trackedSeconds": 190, "events": 3, "idleMinutes": 1}),
        ("b.com", {"trackedSeconds": 1010, "events": 2, "idleMinutes": 0}),
    ]


async def test_a_series_of_the_example_has_no_gaps(world: World, person: Recorded, asker: Asker):
    await world.browse(person, *EXAMPLE)
    measures = "events idleMinutes engagementRate trackedSeconds contextSwitches"
    hour = 'period: {between: {start: "2026-08-03T08:50:00Z", end: "2026-08-03T09:40:00Z"}}'

    found = await usage(asker, f"series(every: QUARTER_HOUR) {{ start end measures {{ {measures} }} }}", hour)

    def row(start: str, end: str, *values: Any) -> dict[str, Any]:
        day = "2026-08-03T"
        named = dict(zip(measures.split(), values, strict=True))
        return {"start": f"{day}{start}:00.000Z", "end": f"{day}{end}:00.000Z", "measures": named}

    assert found["series"] == [
        row("08:50", "09:00", 0, 0, None, 0, 0),
        row("09:00", "09:15", 4, 1, pytest.approx(200 / 3), 900, 1),
        row("09:15", "09:30", 1, 0, 100, 300, 0),
        row("09:30", "09:40", 0, 0, None, 0, 0),
    ]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        # Domains choose parts: up to 09:03:10, when b.com follows, the time is that of a.com, and so is the switch.
        ('{not: {domain: {eq: "b.com"}}}', (3, 190, 1, 190)),
        ('{domain: {eq: "a.com"}}', (3, 190, 1, 190)),
        ('{domain: {eq: "b.com"}}', (2, 1010, 0, 1010)),
        ('{url: {eq: "https://b.com/"}}', (2, 1010, 0, 1010)),
        # Types narrow the events: from 09:00:30 the next is that of 09:03:10, or of 09:20:00.
        ("{not: {eventTypes: [BLUR]}}", (4, 1200, 1, 1200)),
        ("{eventTypes: [CLICK]}", (2, 1170, 0, 1170)),
        ('{eventTypes: [CLICK], domain: {eq: "a.com"}}', (1, 1170, 0, 1170)),
        # As a whole it chooses parts, of all events: those of blur, and of b.com.
        ('{anyOf: [{eventTypes: [BLUR]}, {domain: {eq: "b.com"}}]}', (3, 1080, 0, 1080)),
    ],
)
async def test_a_filter_narrows_or_chooses(
    world: World, person: Recorded, asker: Asker, where: str, expected: tuple[int, ...]
):
    await world.browse(person, *EXAMPLE)

    found = await usage(
        asker,
        "total { events trackedSeconds contextSwitches sessionSeconds { longest } }",
        f"{DAY}, where: {where}",
    )

    events, seconds, switches, longest = expected
    assert found["total"] == {
        "events": events,
        "trackedSeconds": seconds,
        "contextSwitches": switches,
        "sessionSeconds": {"longest": longest},
    }


def active(start: str, gap: int, domains: str, session: str = "s1") -> list[Any]:
    """A click for each letter of `domains`, on that letter's domain, so many minutes apart."""
    hour, minute = map(int, start.split(":"))
    clicks = []
    for number, letter in enumerate(domains):
        passed = minute + number * gap
        clock = f"{hour + passed // 60:02}:{passed % 60:02}:00"
        clicks.append(raw(clock, "keydown", f"https://{letter}.com/", session))
    return clicks


DEEP_WORK = """deepWork(%s) {
    sessionsCount totalSeconds averageSeconds longestSeconds shortestSeconds rate uniqueDomains contextSwitches
    switchesPerHour focusLevels { high medium low }
    blocks { nodes { extensionUser { username } start end seconds events contextSwitches switchesPerHour focusLevel
                     domains { domain seconds sessions } } }
    series { start seconds sessions }
    topDomains(first: 2) { domain seconds sessions }
}"""
MORNING = 'period: {between: {start: "2026-08-03T09:00:00Z", end: "2026-08-03T13:00:00Z"}}'


async def test_deep_work_with_two_blocks(world: World, person: Recorded, asker: Asker):
    quiet = [raw("10:05:00", "blur", "https://z.com/"), *active("11:00", 1, "aa")]
    await world.browse(person, *active("09:40", 3, "aaaaaaabaaa"), *active("12:00", 3, "abcabccccc"), *quiet)

    found = (await asker.ask(f"{{ {DEEP_WORK % MORNING} }}"))["deepWork"]

    day = "2026-08-03T"
    assert found.pop("blocks")["nodes"] == [
        {
            "extensionUser": {"username": "ada"},
            "start": f"{day}09:40:00.000Z",
            "end": f"{day}10:10:00.000Z",
            "seconds": 1800,
            "events": 11,
            "contextSwitches": 2,
            "switchesPerHour": 4,
            "focusLevel": "HIGH",
            "domains": [
                {"domain": "a.com", "seconds": 1620, "sessions": 1},
                {"domain": "b.com", "seconds": 180, "sessions": 1},
            ],
        },
        {
            "extensionUser": {"username": "ada"},
            "start": f"{day}12:00:00.000Z",
            "end": f"{day}12:27:00.000Z",
            "seconds": 1620,
            "events": 10,
            "contextSwitches": 5,
            "switchesPerHour": pytest.approx(5 * 3600 / 1620),
            "focusLevel": "MEDIUM",
            "domains": [
                {"domain": "c.com", "seconds": 900, "sessions": 1},
                {"domain": "a.com", "seconds": 360, "sessions": 1},
                {"domain": "b.com", "seconds": 360, "sessions": 1},
            ],
        },
    ]
    assert found.pop("series") == [
        {"start": f"{day}{hour}:00:00.000Z", "seconds": seconds, "sessions": sessions}
        for hour, seconds, sessions in (("09", 1200, 1), ("10", 600, 1), ("11", 0, 0), ("12", 1620, 1))
    ]
    assert found == {
        "sessionsCount": 2,
        "totalSeconds": 3420,
        "averageSeconds": 1710,
        "longestSeconds": 1800,
        "shortestSeconds": 1620,
        "rate": 237.5,  # 57 minutes of deep work, in which (and around which) only 24 minutes hold an event
        "uniqueDomains": 3,
        "contextSwitches": 7,
        "switchesPerHour": pytest.approx(7 * 3600 / 3420),
        "focusLevels": {"high": 1, "medium": 1, "low": 0},
        "topDomains": [
            {"domain": "a.com", "seconds": 1980, "sessions": 2},
            {"domain": "c.com", "seconds": 900, "sessions": 1},
        ],
    }


async def test_no_deep_work_at_all(person: Recorded, asker: Asker):
    found = await asker.ask(
        f"query ($id: ID!) {{ extensionUser(id: $id) {{ {DEEP_WORK % MORNING} }} }}", id=str(person.id)
    )

    deep_work = found["extensionUser"]["deepWork"]
    assert [part["seconds"] for part in deep_work.pop("series")] == [0, 0, 0, 0]
    lengths = dict.fromkeys(("averageSeconds", "longestSeconds", "shortestSeconds", "rate", "switchesPerHour"))
    counts = dict.fromkeys(("sessionsCount", "totalSeconds", "uniqueDomains", "contextSwitches"), 0)
    levels = {"focusLevels": {"high": 0, "medium": 0, "low": 0}}
    assert deep_work == lengths | counts | levels | {"blocks": {"nodes": []}, "topDomains": []}


@pytest.mark.parametrize(("switches", "level"), [(5, "HIGH"), (6, "MEDIUM"), (15, "MEDIUM"), (16, "LOW")])
async def test_focus_levels_by_switches_an_hour(
    world: World, person: Recorded, asker: Asker, switches: int, level: str
):
    domains = ("ab" * 21)[: switches + 1].ljust(21, "ab"[switches % 2])  # 21 events in exactly an hour
    await world.browse(person, *active("09:00", 3, domains))

    found = await asker.ask(
        f"{{ deepWork({DAY}) {{ focusLevels {{ high medium low }} blocks {{ nodes {{ focusLevel }} }} }} }}"
    )

    counts = {"high": 0, "medium": 0, "low": 0} | {level.lower(): 1}
    assert found["deepWork"] == {"focusLevels": counts, "blocks": {"nodes": [{"focusLevel": level}]}}


async def test_blocks_are_paged_the_oldest_first_with_each_persons_own(world: World, person: Recorded, asker: Asker):
    bob = await world.recorded(await world.organization(), "bob")
    await world.browse(person, *active("09:00", 3, "a" * 10), *active("12:00", 3, "b" * 10))
    await world.browse(bob, *active("09:00", 3, "c" * 10), *active("11:00", 3, "c" * 10))
    query = f"""query ($after: String) {{ deepWork({DAY}) {{ blocks(first: 3, after: $after) {{
        nodes {{ start extensionUser {{ username }} domains {{ domain }} }} pageInfo {{ hasNextPage endCursor }}
    }} }} }}"""

    page = (await asker.ask(query))["deepWork"]["blocks"]
    rest = (await asker.ask(query, after=page["pageInfo"]["endCursor"]))["deepWork"]["blocks"]

    def shown(nodes: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
        return [(n["start"][11:16], n["extensionUser"]["username"], n["domains"][0]["domain"]) for n in nodes]

    assert sorted(shown(page["nodes"])) == [
        ("09:00", "ada", "a.com"), ("09:00", "bob", "c.com"), ("11:00", "bob", "c.com"),
    ]  # fmt: skip
    assert [node["start"][11:16] for node in page["nodes"]] == ["09:00", "09:00", "11:00"]
    assert (page["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert shown(rest["nodes"]) == [("12:00", "ada", "b.com")]
