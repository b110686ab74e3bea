"""Filters of events, against a predicate in plain Python."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.limits import FILTER_NODES, LIST_INPUT, URL_PATTERN_CHARACTERS
from tests.metrics.reference_categories import category
from tests.metrics.reference_sites import site
from tests.world import Asker, World, raw

URLS = [
    "https://a.com/1",
    "https://A.com/x%y",
    "https://b.com/x_y",
    "https://b.com/xzy",
    "https://c.com/a\\b",
    "https://c.com/a/b",
    "https://ä.de/Ä",
    "https://docs.A.com:8443/Docs/x?y=/z",
    "http://b.com",
    "b.com:80/x-y/",
    "https://b.com?x-y",
    "https://a.com.evil/",
    "chrome://newtab",
    "/no/domain",
    "100%",
    "",
]
TYPES = ["CLICK", "FOCUS", "BLUR", "IDLE"]
SESSIONS = ["s1", "s2", "S1", "s%"]
PIECES = ["", "a", "A", "%", "_", "\\", "/", "a.com", "x_y", "x%y", "a\\b", "ä", "https://", "chrome:", "z' OR 1=1 --"]

HOSTS = ["a.com", ".a.com", ".com", "*.com", "a*.com", "*.a.com", "docs.*.com", "b.com", "c.com", ".de", "chrome:"]
NAMES = ["a.com", "docs.a.com", "com", "b.com", "de", "localhost"]
PATHS = [
    "/",
    "/*",
    "/1",
    "/x_*",
    "/x%y",
    "/*y*",
    "/Docs/*",
    "/docs/*",
    "/*/*",
    "/a\\b",
    "/a*b",
    "/*a*b*",
    "/*?*",
    "/**x**",
]

BEHAVIORS = """query ($where: BehaviorFilter) { behaviors(where: $where, first: 1000) {
    nodes { id sessionId type url domain extensionUser { uuid organization { uuid } } }
} }"""
USAGE = """query ($period: Period!, $where: UsageFilter) {
    usage(period: $period, where: $where) { total { events } }
    sessions(period: $period, where: $where, first: 100) { nodes { events } }
}"""
PERIOD = {"between": {"start": "2026-08-03T00:00:00Z", "end": "2026-08-04T00:00:00Z"}}


def text_matches(value: str | None, where: dict[str, Any]) -> bool:
    """True if a text meets a StringFilter; a missing text meets none."""
    if value is None:
        return False
    [(condition, operand)] = where.items()
    if condition in {"matches", "under"}:
        pattern = operand if condition == "matches" else f".{operand}"
        return category(value, {pattern: "matched"}) == "matched"
    match condition:
        case "eq":
            return bool(value == operand)
        case "in":
            return value in operand
        case "contains":
            return operand.lower() in value.lower()
        case _:
            return value.startswith(operand)


def domain_matches(value: str | None, where: dict[str, Any]) -> bool:
    """True if a domain or site, which is stored in ASCII, meets a StringFilter, whose text may be in other letters."""
    [(condition, operand)] = where.items()
    if isinstance(operand, str) and not operand.isascii():
        return text_matches(value, {condition: operand.encode("idna").decode()})
    return text_matches(value, where)


def url_matches(event: dict[str, Any], where: dict[str, Any]) -> bool:
    """True if an event's url meets a StringFilter."""
    if "matches" not in where:
        return text_matches(event["url"], where)
    host, slash, path = where["matches"].partition("/")
    on_host = text_matches(event["domain"], {"matches": host})
    return on_host and (not slash or glob_matches("/" + path, after_host(event["url"])))


def after_host(url: str) -> str:
    """The path, query and fragment."""
    after = url.partition("://")[2] or url
    host = after.replace("?", "/").replace("#", "/").split("/")[0]
    rest = after.removeprefix(host)
    return rest if rest.startswith("/") else "/" + rest


def glob_matches(pattern: str, text: str) -> bool:
    """True if a text is like the pattern, in which `*` stands for anything."""
    if not pattern.startswith("*"):
        return pattern[:1] == text[:1] and (not pattern or glob_matches(pattern[1:], text[1:]))
    return any(glob_matches(pattern[1:], text[start:]) for start in range(len(text) + 1))


def meets(event: dict[str, Any], where: dict[str, Any]) -> bool:
    """True if an event meets a filter."""
    person = event["extensionUser"]
    conditions: dict[str, Callable[[Any], bool]] = {
        "organizationIds": lambda ids: person is not None and person["organization"]["uuid"] in ids,
        "extensionUserIds": lambda ids: person is not None and person["uuid"] in ids,
        "sessionIds": lambda ids: event["sessionId"] in ids,
        "eventTypes": lambda types: event["type"] in types,
        "domain": lambda text: domain_matches(event["domain"], text),
        "site": lambda text: domain_matches(event["domain"] and site(event["domain"]), text),
        "url": lambda text: url_matches(event, text),
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
    matches = st.sampled_from(HOSTS).map(lambda host: {"matches": host})
    under = st.sampled_from(NAMES).map(lambda name: {"under": name})
    urls = st.builds(lambda host, path: {"matches": host + path}, st.sampled_from(HOSTS[:-1]), st.sampled_from(PATHS))
    members: dict[str, st.SearchStrategy[Any]] = {
        "organizationIds": st.lists(st.sampled_from(organizations), max_size=2),
        "extensionUserIds": st.lists(st.sampled_from(people), max_size=2),
        "sessionIds": st.lists(st.sampled_from(SESSIONS), max_size=2),
        "eventTypes": st.lists(st.sampled_from(TYPES), max_size=2),
        "domain": string | matches | under,
        "site": string | matches | under,
        "url": string | matches | urls,
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


async def test_a_domain_is_found_by_its_own_letters(asker: Asker):
    found = {
        (name, condition): (await asker.ask(BEHAVIORS, where={"period": PERIOD, name: {condition: "ä"}}))["behaviors"]
        for name in ("domain", "site")
        for condition in ("contains", "startsWith", "eq")
    }

    urls = {place: {node["url"] for node in page["nodes"]} for place, page in found.items()}
    assert urls == {place: set() if place[1] == "eq" else {"https://ä.de/Ä"} for place in urls}


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

    listed = (await asker.ask(BEHAVIORS, where={"period": PERIOD, **where}))["behaviors"]["nodes"]
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
        ({"domain": {"matches": "A.com."}}, {"https://a.com/1", "https://A.com/x%y"}),
        ({"domain": {"matches": "*.a.com"}}, {"https://docs.A.com:8443/Docs/x?y=/z"}),
        ({"domain": {"matches": "chrome:"}}, {"chrome://newtab"}),
        (
            {"domain": {"under": " A.com. "}},
            {"https://a.com/1", "https://A.com/x%y", "https://docs.A.com:8443/Docs/x?y=/z"},
        ),
        ({"url": {"matches": ".a.com/Docs/*"}}, {"https://docs.A.com:8443/Docs/x?y=/z"}),
        ({"url": {"matches": ".a.com/docs/*"}}, set()),
        ({"url": {"matches": "b.com/x_y"}}, {"https://b.com/x_y"}),
        ({"url": {"matches": "b.com/"}}, {"http://b.com"}),
        ({"url": {"matches": "b.com/?x-y"}}, {"https://b.com?x-y"}),
        ({"anyOf": []}, set()),
        ({"allOf": []}, set(URLS)),
        ({"organizationIds": []}, set()),
        ({"extensionUserIds": []}, set()),
        ({"eventTypes": []}, set()),
        ({"url": {"in": []}}, set()),
        ({"not": {"url": {"in": []}}}, set(URLS)),
        ({"organizationIds": None, "extensionUserIds": None, "eventTypes": None, "categories": None}, set(URLS)),
        ({"allOf": None, "anyOf": None, "url": None}, set(URLS)),
        ({"not": {"allOf": []}}, set()),
        ({"sessionIds": []}, set()),
        ({"allOf": [], "sessionIds": None, "not": None, "domain": None}, set(URLS)),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
async def test_the_odd_cases(asker: Asker, where: dict[str, Any], urls: set[str]):
    listed = (await asker.ask(BEHAVIORS, where=where))["behaviors"]["nodes"]

    assert {event["url"] for event in listed} == urls


@pytest.mark.parametrize("member", ["eq", "in", "contains", "startsWith", "matches", "under"])
async def test_a_condition_on_a_text_is_not_null(world: World, member: str):
    asker = await world.super_admin()

    given = await asker.refused(BEHAVIORS, where={"domain": {member: None}})
    written = await asker.refused(f"{{ behaviors(where: {{domain: {{{member}: null}}}}) {{ nodes {{ id }} }} }}")

    assert "null" in given["message"]
    assert "null" in written["message"]


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ({"url": {"under": "a.com"}}, "use `matches`: `.example.com`"),
        ({"url": {"matches": "https://a.com/x"}}, "Leave the scheme out"),
        ({"url": {"matches": "chrome:/x"}}, "Leave the scheme out"),
        ({"url": {"matches": "/x"}}, "empty part"),
        ({"url": {"matches": "*/x"}}, "nothing but `*`"),
        ({"url": {"matches": "a.com/" + "x" * URL_PATTERN_CHARACTERS}}, "at most 2048 characters"),
        ({"domain": {"matches": "a.com/x"}}, "where a domain is wanted"),
        ({"domain": {"matches": "a.com:8443"}}, "has a port"),
        ({"domain": {"matches": "a**.com"}}, "more than one `*`"),
        ({"domain": {"under": "https://a.com"}}, "`under` takes one like `example.com`"),
        ({"domain": {"under": "a.com:8443"}}, "`under` takes one like `example.com`"),
        ({"domain": {"under": "*.com"}}, "`under` takes one like `example.com`"),
        ({"domain": {"under": ""}}, "`under` takes one like `example.com`"),
        ({"domain": {"under": "a..com"}}, "`under` takes one like `example.com`"),
        ({"domain": {"under": "a." * 130 + "com"}}, "`under` takes one like `example.com`"),
        ({"not": {"allOf": [{"domain": {"matches": " "}}]}}, "is empty"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_condition_that_nothing_could_meet_is_refused_with_what_is_allowed(
    world: World, where: dict[str, Any], told: str
):
    error = await (await world.super_admin()).refused(BEHAVIORS, where=where)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert told in error["message"]


async def test_a_site_is_every_domain_of_it_and_wants_a_period_in_a_list(asker: Asker):
    where = {"site": {"eq": "a.com"}}

    found = (await asker.ask(BEHAVIORS, where={"period": PERIOD, **where}))["behaviors"]["nodes"]
    error = await asker.refused(BEHAVIORS, where={"not": where})

    assert {event["domain"] for event in found} == {"a.com", "docs.a.com:8443"}
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "needs a `period`" in error["message"]


@pytest.mark.parametrize(
    ("where", "events"), [({"categories": []}, 0), ({"site": {"in": []}}, 0), ({"site": None}, 48)]
)
async def test_an_empty_list_is_met_by_nothing_and_null_by_everything(asker: Asker, where: dict[str, Any], events: int):
    found = await asker.ask(USAGE, where=where, period=PERIOD)

    assert found["usage"]["total"]["events"] == events == 3 * len(URLS) * bool(events)


async def test_a_thousand_stars_are_compared_like_one(world: World):
    """To try every place for every star would take longer than there is time."""
    long = "https://a.com/" + "a" * 8000
    await world.browse(None, raw("09:00:00", "click", long), raw("09:00:01", "click", long + "b"))
    stars = "a.com/" + "a*" * 1000 + "b"

    listed = (await (await world.super_admin()).ask(BEHAVIORS, where={"url": {"matches": stars}}))["behaviors"]["nodes"]

    assert [event["url"] for event in listed] == [long + "b"]


async def test_a_variable_of_a_string_filter_goes_for_a_domain_a_site_and_a_url(asker: Asker):
    query = """query ($text: StringFilter, $period: Period!) {
        behaviors(where: {period: $period, anyOf: [{domain: $text}, {site: $text}, {url: $text}]}) { nodes { url } }
    }"""

    listed = (await asker.ask(query, text={"eq": "100%"}, period=PERIOD))["behaviors"]["nodes"]

    assert {event["url"] for event in listed} == {"100%"}


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
