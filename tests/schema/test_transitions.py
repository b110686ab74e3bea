"""Transitions and distributions, as clients ask for them."""

from typing import Any

import pytest

from core.categories import Category
from tests.schema.usage_queries import DAY, usage
from tests.world import Asker, Recorded, World, own_rules, raw

ROWS = "nodes { from to count users medianSecondsBefore }"


def walk(start: int, *domains: str) -> list[Any]:
    """Clicks, a minute apart; "" is an event without a url."""
    return [
        raw(f"{start:02}:{minute:02}:00", "click", domain and f"https://{domain}/")
        for minute, domain in enumerate(domains)
    ]


@pytest.fixture
async def asker(world: World) -> Asker:
    """An admin of ada, who goes to and fro, and of bob, who does so once; somebody else's events are not theirs."""
    acme = await world.organization("Acme")
    await own_rules(world, acme, {".com": Category.DEVELOPMENT, "chat.com": Category.COMMUNICATION})
    ada, bob = await world.recorded(acme, "ada"), await world.recorded(acme, "bob")
    await world.browse(ada, *walk(9, "a.com", "a.com", "chat.com", "a.com", "b.com", "", "a.com"))
    await world.browse(bob, *walk(9, "a.com", "chat.com"))
    await world.browse(await world.recorded(await world.organization(), "outsider"), *walk(9, "c.com", "d.com"))
    await world.browse(None, *walk(10, "a.com", "chat.com"))
    return await world.member(acme)


def rows(found: Any) -> list[tuple[Any, ...]]:
    return [tuple(node.values()) for node in found["transitions"]["nodes"]]


async def test_transitions_by_domain(asker: Asker):
    found = await usage(asker, f"total {{ contextSwitches }} transitions(by: DOMAIN) {{ {ROWS} totalCount }}")

    assert rows(found) == [
        ("a.com", "chat.com", 2, 2, 90),
        ("a.com", "b.com", 1, 1, 60),
        ("b.com", None, 1, 1, 60),
        ("chat.com", "a.com", 1, 1, 60),
        (None, "a.com", 1, 1, 60),
    ]
    assert found["transitions"]["totalCount"] == 5
    assert found["total"] == {"contextSwitches": 6}


async def test_by_category_the_same_switches_are_told_apart_by_their_categories(asker: Asker):
    found = await usage(asker, f"transitions(by: CATEGORY) {{ {ROWS} }}")

    assert rows(found) == [
        ("DEVELOPMENT", "COMMUNICATION", 2, 2, 90),
        ("COMMUNICATION", "DEVELOPMENT", 1, 1, 60),
        ("DEVELOPMENT", "DEVELOPMENT", 1, 1, 60),
        ("DEVELOPMENT", None, 1, 1, 60),
        (None, "DEVELOPMENT", 1, 1, 60),
    ]


async def test_by_site_the_same_switches_are_told_apart_by_their_sites(world: World):
    person = await world.recorded(await world.organization())
    await world.browse(person, *walk(9, "mail.google.com", "docs.google.com:8080", "bbc.co.uk", "", "google.com"))

    found = await usage(await world.super_admin(), f"total {{ contextSwitches }} transitions(by: SITE) {{ {ROWS} }}")

    assert rows(found) == [
        ("bbc.co.uk", None, 1, 1, 60),
        ("google.com", "bbc.co.uk", 1, 1, 60),
        ("google.com", "google.com", 1, 1, 60),
        (None, "google.com", 1, 1, 60),
    ]
    assert found["total"] == {"contextSwitches": 4}


@pytest.mark.parametrize("measure", ["COUNT", "USERS", "MEDIAN_SECONDS_BEFORE"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_pages_of_transitions_hold_each_once(asker: Asker, measure: str, direction: str):
    order = f"orderBy: {{measure: {measure}, direction: {direction}}}"
    whole = (await usage(asker, f"transitions(by: DOMAIN, {order}) {{ {ROWS} }}"))["transitions"]["nodes"]

    seen, more, after = [], True, ""
    while more:
        field = f"transitions(by: DOMAIN, {order}, first: 2{after})"
        page = (await usage(asker, f"{field} {{ {ROWS} edges {{ cursor }} pageInfo {{ hasNextPage endCursor }} }}"))[
            "transitions"
        ]
        seen += page["nodes"]
        cursor = page["edges"][-1]["cursor"]
        more, after = page["pageInfo"]["hasNextPage"], f', after: "{cursor}"'

    assert seen == whole
    assert len(seen) == 5


@pytest.mark.parametrize("first", [0, -1, 201])
async def test_the_number_of_transitions_is_bounded(asker: Asker, first: int):
    error = await asker.refused(f"{{ usage({DAY}) {{ transitions(by: DOMAIN, first: {first}) {{ {ROWS} }} }} }}")

    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "first"}
    assert "between 1 and 200" in error["message"]


async def test_nobody_has_no_transitions(asker: Asker):
    found = await usage(
        asker,
        f"transitions(by: CATEGORY) {{ {ROWS} totalCount pageInfo {{ hasNextPage endCursor }} }}",
        'period: {between: {start: "2026-01-01T00:00:00Z", end: "2026-01-02T00:00:00Z"}}',
    )

    assert found["transitions"] == {
        "nodes": [], "totalCount": 0, "pageInfo": {"hasNextPage": False, "endCursor": None},
    }  # fmt: skip


async def test_everybody_sees_the_transitions_of_their_own_people_alone(world: World, asker: Asker):
    theirs = await world.organization("Theirs")
    theo = await world.recorded(theirs, "theo")
    await world.browse(theo, *walk(9, "theirs.com", "theirs.org"))
    outsider, super_admin = await world.member(theirs), await world.super_admin()
    both = f'{DAY}, where: {{organizationIds: ["{theirs.id}"]}}'

    pairs = "transitions(by: DOMAIN) { nodes { from to } totalCount }"
    found = [await usage(each, pairs) for each in (asker, outsider, super_admin)]
    named = [await usage(each, pairs, both) for each in (asker, outsider, super_admin)]

    assert [each["transitions"]["totalCount"] for each in found] == [5, 1, 7]  # with that of the fixture's outsider
    own = {"transitions": {"nodes": [{"from": "theirs.com", "to": "theirs.org"}], "totalCount": 1}}
    assert named == [{"transitions": {"nodes": [], "totalCount": 0}}, own, own]


DISTRIBUTION = "distribution(of: EVENTS, over: EXTENSION_USER) { n min p25 p50 p75 p90 max }"


async def crowd(world: World, number: int) -> list[Recorded]:
    """People of an organization with one, two, three … events."""
    organization = await world.organization()
    people = [await world.recorded(organization) for _ in range(number)]
    for place, person in enumerate(people):
        await world.browse(person, *walk(9, *["a.com"] * (place + 1)))
    return people


async def test_a_distribution_tells_of_five_people_and_not_of_four(world: World):
    people = await crowd(world, 5)
    await world.browse(None, *walk(9, "a.com"))  # no sixth: anonymous events are nobody's
    asker = await world.super_admin()
    five = await usage(asker, DISTRIBUTION)
    named = ", ".join(f'"{person.id}"' for person in people[:4])
    filters = [f"extensionUserIds: [{named}]", f'not: {{extensionUserIds: ["{people[4].id}"]}}', 'url: {eq: "x"}']

    four = [await usage(asker, DISTRIBUTION, f"{DAY}, where: {{{where}}}") for where in filters]
    of_one = await asker.ask(f'{{ extensionUser(id: "{people[0].id}") {{ usage({DAY}) {{ {DISTRIBUTION} }} }} }}')

    assert five == {"distribution": {"n": 5, "min": 1, "p25": 2, "p50": 3, "p75": 4, "p90": 4.6, "max": 5}}
    assert four == [{"distribution": None}] * 3
    assert of_one["extensionUser"]["usage"] == {"distribution": None}


async def test_people_without_what_is_measured_are_part_of_the_distribution(world: World):
    await crowd(world, 6)
    asker = await world.super_admin()

    found = await usage(
        asker,
        "switches: distribution(of: CONTEXT_SWITCHES) { n max } rate: distribution(of: ENGAGEMENT_RATE) { n min max }",
    )

    assert found == {"switches": {"n": 6, "max": 0}, "rate": {"n": 6, "min": 100, "max": 100}}


async def test_a_member_compares_with_their_own_organization_alone(world: World):
    await crowd(world, 6)
    own = await world.organization()
    mates = [await world.recorded(own) for _ in range(4)]
    for mate in mates:
        await world.browse(mate, *walk(9, "a.com"))

    found = await usage(await world.member(own), DISTRIBUTION)

    assert found == {"distribution": None}
