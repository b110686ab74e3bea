"""Filters of events, against a predicate in plain Python."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.limits import FILTER_NODES, LIST_INPUT
from tests.world import Asker, World, raw

URLS = [
    "https://a.com/1",
    "https://A.com/x%y",
    "https://b.com/x_y",
    "https://b.com/xzy",
    "https://c.com/a\\b",
    "https://c.com/a/b",
    "https://ä.de/Ä",
    "https://a.com.evil/",
    "chrome://newtab",
    "/no/domain",
    "100%",
    "",
]
TYPES = ["CLICK", "FOCUS", "BLUR", "IDLE"]
SESSIONS = ["s1", "s2", "S1", "s%"]
PIECES = ["", "a", "A", "%", "_", "\\", "/", "a.com", "x_y", "x%y", "a\\b", "ä", "https://", "chrome:", "z' OR 1=1 --"]

BEHAVIORS = """query ($where: BehaviorFilter) { behaviors(where: $where, first: 1000) {
    nodes { id sessionId type url domain extensionUser { uuid organization { uuid } } }
} }"""
USAGE = """query ($period: Period!, $where: UsageFilter) {
    usage(period: $period, where: $where) { total { events } }
    sessions(period: $period, where: $where, first: 100) { nodes { events } }
}"""
PERIOD = {"between": {"start": "2026-08-03T00:00:00Z", "end": "2026-08-04T00:00:00Z"}}


def text_matches(value: str | None, where: dict[str, Any]) -> bool:
    """Whether a text meets a StringFilter; nothing is known of a missing one, so it meets none."""
    if value is None:
        return False
    [(condition, operand)] = where.items()
    match condition:
        case "eq":
            return bool(value == operand)
        case "in":
            return value in operand
        case "contains":
            return operand.lower() in value.lower()
        case _:
            return value.startswith(operand)


def meets(event: dict[str, Any], where: dict[str, Any]) -> bool:
    """Whether an event meets a filter."""
    person = event["extensionUser"]
    conditions: dict[str, Callable[[Any], bool]] = {
        "organizationIds": lambda ids: person is not None and person["organization"]["uuid"] in ids,
        "extensionUserIds": lambda ids: person is not None and person["uuid"] in ids,
        "sessionIds": lambda ids: event["sessionId"] in ids,
        "eventTypes": lambda types: event["type"] in types,
        "domain": lambda text: text_matches(event["domain"], text),
        "url": lambda text: text_matches(event["url"], text),
        "allOf": lambda filters: all(meets(event, each) for each in filters),
        "anyOf": lambda filters: any(meets(event, each) for each in filters),
        "not": lambda inner: not meets(event, inner),
    }
    return all(conditions[name](operand) for name, operand in where.items())


def filters(people: list[str], organizations: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Filters of every shape, a few levels deep."""
    piece = st.sampled_from(PIECES) | st.sampled_from(URLS)
    string: st.SearchStrategy[Any] = st.one_of(
        [
            *(st.fixed_dictionaries({name: piece}) for name in ("eq", "contains", "startsWith")),
            st.fixed_dictionaries({"in": st.lists(piece, max_size=3)}),
        ]
    )
    members: dict[str, st.SearchStrategy[Any]] = {
        "organizationIds": st.lists(st.sampled_from(organizations), max_size=2),
        "extensionUserIds": st.lists(st.sampled_from(people), max_size=2),
        "sessionIds": st.lists(st.sampled_from(SESSIONS), max_size=2),
        "eventTypes": st.lists(st.sampled_from(TYPES), max_size=2),
        "domain": string,
        "url": string,
    }
    own: st.SearchStrategy[dict[str, Any]] = st.one_of(
        [
            *(st.fixed_dictionaries({name: member}) for name, member in members.items()),
            st.fixed_dictionaries({}, optional=members),
        ]
    )
    return st.recursive(
        own,
        lambda inner: st.one_of(
            st.fixed_dictionaries({"allOf": st.lists(inner, max_size=3)}),
            st.fixed_dictionaries({"anyOf": st.lists(inner, max_size=3)}),
            st.fixed_dictionaries({"not": inner}),
            st.tuples(own, inner).map(lambda both: {**both[0], "not": both[1]}),
        ),
        max_leaves=6,
    )


@pytest.fixture
async def asker(world: World) -> Asker:
    """A super admin in a world of events: two people of two organizations, and somebody anonymous."""
    people = [await world.recorded(await world.organization(), name) for name in ("ann", "bob")]
    for shift, person in enumerate((*people, None)):
        events = [
            raw(f"09:{shift:02}:{n:02}", TYPES[(n + shift) % 4].lower(), url, SESSIONS[(n * 7 + shift) % 4])
            for n, url in enumerate(URLS)
        ]
        await world.browse(person, *events)
    return await world.super_admin()


@given(data=st.data())
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_filters_mean_what_they_say(asker: Asker, data: st.DataObject):
    everything = (await asker.ask(BEHAVIORS))["behaviors"]["nodes"]
    persons = [event["extensionUser"] for event in everything if event["extensionUser"]]
    people = sorted({person["uuid"] for person in persons})
    organizations = sorted({person["organization"]["uuid"] for person in persons})
    where = data.draw(filters(people, organizations))

    listed = (await asker.ask(BEHAVIORS, where=where))["behaviors"]["nodes"]
    measured = await asker.ask(USAGE, where=where, period=PERIOD)

    wanted = [event for event in everything if meets(event, where)]
    assert len(everything) == 3 * len(URLS)
    assert listed == wanted
    assert measured["usage"]["total"]["events"] == len(wanted)
    assert sum(session["events"] for session in measured["sessions"]["nodes"]) == len(wanted)


@pytest.mark.parametrize(
    ("where", "urls"),
    [
        ({"url": {"contains": "%"}}, {"https://A.com/x%y", "100%"}),
        ({"url": {"contains": "x_y"}}, {"https://b.com/x_y"}),
        ({"url": {"contains": "a\\b"}}, {"https://c.com/a\\b"}),
        ({"url": {"contains": "HTTPS://A.COM/"}}, {"https://a.com/1", "https://A.com/x%y"}),
        ({"url": {"startsWith": "https://a"}}, {"https://a.com/1", "https://a.com.evil/"}),
        ({"url": {"startsWith": "%"}}, set()),
        ({"domain": {"eq": "a.com"}}, {"https://a.com/1", "https://A.com/x%y"}),
        ({"domain": {"in": ["chrome:", "100%"]}}, {"chrome://newtab", "100%"}),
        ({"domain": {"in": []}}, set()),
        ({"not": {"domain": {"startsWith": ""}}}, {"", "/no/domain"}),
        ({"anyOf": []}, set()),
        ({"not": {"allOf": []}}, set()),
        ({"sessionIds": []}, set()),
        ({"allOf": [], "sessionIds": None, "not": None, "domain": None}, set(URLS)),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
async def test_the_odd_cases(asker: Asker, where: dict[str, Any], urls: set[str]):
    listed = (await asker.ask(BEHAVIORS, where=where))["behaviors"]["nodes"]

    assert {event["url"] for event in listed} == urls


def nested(depth: int) -> dict[str, Any]:
    """A filter of that many filters, one in the other."""
    where: dict[str, Any] = {}
    for _ in range(depth - 1):
        where = {"not": where}
    return where


LARGEST = [
    {"sessionIds": ["s"] * LIST_INPUT},
    {"eventTypes": ["CLICK"] * LIST_INPUT},
    {"organizationIds": ["x"] * LIST_INPUT},
    {"extensionUserIds": ["x"] * LIST_INPUT},
    {"url": {"in": ["x"] * LIST_INPUT}},
    {"domain": {"in": ["x"] * LIST_INPUT}},
    {"anyOf": [{}] * (FILTER_NODES - 1)},
    {"allOf": [{}] * (FILTER_NODES - 1)},
    nested(FILTER_NODES),
]
TOO_LARGE = [
    {"sessionIds": ["s"] * (LIST_INPUT + 1)},
    {"eventTypes": ["CLICK"] * (LIST_INPUT + 1)},
    {"organizationIds": ["x"] * (LIST_INPUT + 1)},
    {"extensionUserIds": ["x"] * (LIST_INPUT + 1)},
    {"url": {"in": ["x"] * (LIST_INPUT + 1)}},
    {"domain": {"in": ["x"] * (LIST_INPUT + 1)}},
    {"anyOf": [{}] * FILTER_NODES},
    {"allOf": [{"not": {}}] * FILTER_NODES},
    {"not": {"sessionIds": ["s"] * (LIST_INPUT + 1)}},
    nested(FILTER_NODES + 1),
    nested(150),
    nested(700),
]


async def test_filters_may_be_as_large_as_the_limits(world: World):
    asker = await world.super_admin()

    for where in LARGEST:
        assert await asker.ask(BEHAVIORS, where=where) == {"behaviors": {"nodes": []}}


async def test_larger_filters_are_refused(world: World):
    asker = await world.super_admin()

    for where in TOO_LARGE:
        error = await asker.refused(BEHAVIORS, where=where)

        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert "at most" in error["message"] or "too deeply" in error["message"]
