"""Keys of groups: the key of each dimension, in zones of any kind, and events that are in no group."""

from typing import Any

import pytest

from tests.schema.usage_queries import DAY, usage
from tests.world import Asker, World, raw

KEY = """key {
    domain site category url eventType extensionUser { username } organization { name } sessionId hourOfDay dayOfWeek
}"""
NO_KEY = dict.fromkeys(
    (
        "domain",
        "site",
        "category",
        "url",
        "eventType",
        "extensionUser",
        "organization",
        "sessionId",
        "hourOfDay",
        "dayOfWeek",
    )
)


@pytest.fixture
async def asker(world: World) -> Asker:
    """A super admin: ada of Acme and bob of Umbrella browse, both in a session `s1`; somebody unnamed does, too."""
    ada = await world.recorded(await world.organization("Acme"), "ada")
    bob = await world.recorded(await world.organization("Umbrella"), "bob")
    await world.browse(
        ada,
        raw("09:00:00", "click", "https://a.com/1"),
        raw("09:10:00", "click", "https://a.com/1"),
        raw("18:20:00", "idle", "https://A.com:8443/2"),
        raw("18:21:00", "focus", "", "s2"),
    )
    await world.browse(bob, raw("09:30:00", "focus", "chrome://newtab"), raw("09:31:00", "focus", "chrome://newtab"))
    await world.browse(None, raw("23:59:59", "pagehide", "https://scholar.google.com/", "s3"))
    return await world.super_admin()


def keyed(nodes: list[dict[str, Any]]) -> list[tuple[dict[str, Any], int]]:
    """The keys of groups, without what they are not grouped by, and their events."""
    return [
        ({name: value for name, value in node["key"].items() if value is not None}, node["measures"]["events"])
        for node in nodes
    ]


ANY, RESEARCH = {"category": "OTHER"}, {"category": "RESEARCH"}
OF_A, OF_CHROME = {"site": "a.com"} | ANY, {"site": "chrome:"} | ANY
ADA, BOB = {"username": "ada"}, {"username": "bob"}
KEYS = [
    ("DOMAIN", [({"domain": "a.com"} | OF_A, 2), ({"domain": "chrome:"} | OF_CHROME, 2),
                ({"domain": "a.com:8443"} | OF_A, 1),
                ({"domain": "scholar.google.com", "site": "google.com"} | RESEARCH, 1)]),
    ("SITE", [({"site": "a.com"}, 3), ({"site": "chrome:"}, 2), ({"site": "google.com"}, 1)]),
    ("CATEGORY", [(ANY, 5), (RESEARCH, 1)]),
    ("URL", [({"url": "chrome://newtab"}, 2), ({"url": "https://a.com/1"}, 2), ({"url": "https://A.com:8443/2"}, 1),
             ({"url": "https://scholar.google.com/"}, 1)]),
    ("EVENT_TYPE", [({"eventType": "FOCUS"}, 3), ({"eventType": "CLICK"}, 2), ({"eventType": "IDLE"}, 1),
                    ({"eventType": "PAGEHIDE"}, 1)]),
    ("EXTENSION_USER", [({"extensionUser": ADA}, 4), ({"extensionUser": BOB}, 2)]),
    ("ORGANIZATION", [({"organization": {"name": "Acme"}}, 4), ({"organization": {"name": "Umbrella"}}, 2)]),
    ("SESSION", [({"sessionId": "s1", "extensionUser": ADA}, 3), ({"sessionId": "s1", "extensionUser": BOB}, 2),
                 ({"sessionId": "s2", "extensionUser": ADA}, 1), ({"sessionId": "s3"}, 1)]),
    ("HOUR_OF_DAY", [({"hourOfDay": 9}, 4), ({"hourOfDay": 18}, 2), ({"hourOfDay": 23}, 1)]),
    ("DAY_OF_WEEK", [({"dayOfWeek": 1}, 7)]),
]  # fmt: skip


@pytest.mark.parametrize(("dimension", "expected"), KEYS, ids=[dimension for dimension, _ in KEYS])
async def test_each_dimension_has_its_key(asker: Asker, dimension: str, expected: list[Any]):
    found = await usage(asker, f"groups(by: {dimension}) {{ nodes {{ {KEY} measures {{ events }} }} }}")

    nodes = found["groups"]["nodes"]
    assert [events for _, events in keyed(nodes)] == [events for _, events in expected]
    assert all(pair in keyed(nodes) for pair in expected)
    assert all(node["key"].keys() == NO_KEY.keys() for node in nodes)


@pytest.mark.parametrize("dimension", [dimension for dimension, _ in KEYS])
async def test_groups_of_each_dimension_can_be_followed_further(asker: Asker, dimension: str):
    found = await usage(
        asker,
        f"""groups(by: {dimension}, first: 1) {{
            nodes {{
                measures {{ events }} series(every: DAY) {{ measures {{ events }} previous(by: DAY) {{ events }} }}
                previous(by: DAY) {{ events }}
            }}
            totalCount other {{ events }}
        }}
        all: groups(by: {dimension}) {{ nodes {{ measures {{ events }} }} }}""",
    )

    [first, *rest] = [node["measures"]["events"] for node in found["all"]["nodes"]]
    assert found["groups"] == {
        "nodes": [
            {
                "measures": {"events": first},
                "series": [{"measures": {"events": first}, "previous": {"events": 0}}],
                "previous": {"events": 0},
            }
        ],
        "totalCount": 1 + len(rest),
        "other": {"events": sum(rest)},
    }


async def test_hours_and_weekdays_are_those_of_the_zone(asker: Asker):
    local_days = 'period: {between: {start: "2026-08-02T18:15:00Z", end: "2026-08-04T18:15:00Z"}}'

    found = await usage(
        asker,
        f"groups(by: [DAY_OF_WEEK, HOUR_OF_DAY]) {{ nodes {{ {KEY} measures {{ events }} }} }}",
        f'{local_days}, timezone: "Asia/Kathmandu"',  # 5:45 ahead of UTC: 18:20 UTC is 00:05 on the next day
    )

    assert keyed(found["groups"]["nodes"]) == [
        ({"dayOfWeek": 1, "hourOfDay": 14}, 2),  # 09:00 and 09:10
        ({"dayOfWeek": 1, "hourOfDay": 15}, 2),  # 09:30 and 09:31
        ({"dayOfWeek": 2, "hourOfDay": 0}, 2),
        ({"dayOfWeek": 2, "hourOfDay": 5}, 1),
    ]


async def test_time_is_cut_where_an_hour_begins_in_the_zone(asker: Asker):
    found = await usage(
        asker,
        """groups(by: HOUR_OF_DAY, orderBy: {measure: TRACKED_SECONDS}, first: 2) {
            nodes { key { hourOfDay } measures { trackedSeconds events } }
        }""",
        f'{DAY}, timezone: "Asia/Kathmandu", where: {{not: {{domain: {{eq: "chrome:"}}}}}}',
    )

    # ada's session s1 lasts from 14:45 to 00:05 on Kathmandu's clock
    assert found["groups"]["nodes"][0]["measures"]["trackedSeconds"] == 3600
    assert sum(node["measures"]["events"] for node in found["groups"]["nodes"]) == 0


async def test_three_dimensions_and_every_event_without_one_left_out(asker: Asker):
    found = await usage(
        asker,
        f"""total {{ events }}
        groups(by: [DOMAIN, EXTENSION_USER, EVENT_TYPE]) {{
            nodes {{ {KEY} measures {{ events users }} }} totalCount other {{ events }}
        }}""",
    )

    # ada's event without a url has no domain, and the unnamed person is nobody: both are in no group, nor in the rest
    assert keyed(found["groups"]["nodes"]) == [
        ({"domain": "a.com", "eventType": "CLICK", "extensionUser": ADA} | OF_A, 2),
        ({"domain": "chrome:", "eventType": "FOCUS", "extensionUser": BOB} | OF_CHROME, 2),
        ({"domain": "a.com:8443", "eventType": "IDLE", "extensionUser": ADA} | OF_A, 1),
    ]
    assert found["groups"]["totalCount"] == 3
    assert found["groups"]["other"] == {"events": 0}
    assert found["total"] == {"events": 7}


async def test_anonymous_events_are_one_unnamed_person_without_switches_or_deep_work(world: World):
    events = [raw(f"09:{place * 3:02}:00", "keydown", f"https://{'ab'[place % 2]}.com/") for place in range(12)]
    await world.browse(None, *events, raw("09:00:30", "idle", "https://a.com/", "s2"))

    found = await usage(
        await world.super_admin(),
        "total { events users sessions trackedMinutes trackedSeconds contextSwitches deepWorkSessions deepWorkSeconds }"
        "groups(by: SESSION) { nodes { key { sessionId extensionUser { username } } } }",
    )

    assert found["total"] == {
        "events": 13,
        "users": 0,
        "sessions": 2,
        "trackedMinutes": 12,
        "trackedSeconds": 1980,
        "contextSwitches": 0,
        "deepWorkSessions": 0,
        "deepWorkSeconds": 0,
    }
    assert [node["key"] for node in found["groups"]["nodes"]] == [
        {"sessionId": "s1", "extensionUser": None},
        {"sessionId": "s2", "extensionUser": None},
    ]
