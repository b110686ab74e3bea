"""The cost of a query, computed before it is run."""

import json
from math import ceil
from typing import Any

import pytest

from bench.dashboard import QUERY as DASHBOARD
from core.limits import BUCKETS
from execution.documents.cost import Cost
from execution.documents.document_cache import DocumentCache
from execution.documents.limits import DocumentLimits
from pages.html import load_examples
from schema.build import schema
from tests.schema.test_cookbook import RECIPES
from tests.schema.usage_queries import between

LIMIT = 10_000
MONTH = between("2026-08-01", "2026-08-31")
DOCUMENTS = DocumentCache(schema._schema, DocumentLimits())


def cost(text: str, **variables: Any) -> Cost:
    """The cost of a request whose document fits the schema."""
    document = DOCUMENTS.known(text) or DOCUMENTS.read(text)
    assert document.errors == []
    operation = document.operation(None)
    assert operation is not None
    return operation.cost.of(variables)


def points(text: str, **variables: Any) -> int:
    return cost(text, **variables).points


def up(found: float) -> int:
    """Points are whole: what is begun is paid."""
    return ceil(round(found, 6))


def of_person(selected: str, period: str = 'last: "P10D"', **arguments: str) -> int:
    """The cost of a person's figures."""
    more = "".join(f", {name}: {value}" for name, value in arguments.items())
    return points(f'{{ extensionUser(id: "1") {{ usage(period: {{{period}}}{more}) {{ {selected} }} }} }}')


EVERYDAY = {
    **{recipe.title: (recipe.query, recipe.variables) for recipe in RECIPES},
    **{example.title: (example.query, json.loads(example.variables or "{}")) for example in load_examples()},
    "the dashboard of a person": (DASHBOARD % "extensionUser", {"id": "1", "period": MONTH}),
    "the dashboard of an organization": (DASHBOARD % "organization", {"id": "1", "period": MONTH}),
}


@pytest.mark.parametrize("title", EVERYDAY)
def test_what_people_ask_every_day_stays_far_within_the_limit(title: str):
    text, variables = EVERYDAY[title]

    assert 3 * points(text, **variables) < LIMIT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ __typename }", 1),
        ("{ viewer { __typename } }", 1),
        ("{ viewer { a: uuid b: uuid } organizations(first: 48) { nodes { __typename } } }", 1 + 0.2 + 1 + 48),
        # a connection and its elements; the elements, and a user each
        ("{ organizations(first: 7) { nodes { name } } }", 1 + 7 * 1.1),
        ("{ organizations { nodes { name } edges { node { name } cursor } } }", 1 + 20 * 1.1 + 20 * 2.2),
        ("{ organizations(first: 7) { nodes { members(first: 3) { nodes { role } } } } }", 1 + 7 + 7 + 7 * 3 * 1.1),
        ("{ behaviors { nodes { ts } } }", 1 + 50 * 1.1),
        ("{ behaviors(last: 30) { nodes { ts } } }", 1 + 30 * 1.1),
        ("{ behaviors(first: 1000) { nodes { extensionUser { username } } } }", 1 + 1000 + 1000 * 1.1),
        # a session's figures are read from ten days of everybody's events, 5 points each; its list of texts is cheap
        ('{ sessions(period: {last: "P10D"}, first: 10) { nodes { urls(first: 100) } } }', 50 + 1 + 10 + 100),
        ("mutation { logout { __typename } }", 10 + 1),
    ],
)
def test_an_object_of_the_answer_is_a_point_and_a_plain_value_a_tenth(text: str, expected: float):
    assert points(text) == up(expected)


def test_a_measure_is_paid_by_the_day():
    bare = 3  # a person, a usage, a total

    assert of_person("total { __typename }") == bare
    assert of_person("total { events }") == up(bare + 1.1)  # ten days of a person, a tenth each; and the value
    assert of_person("total { events users trackedMinutes }") == up(bare + 3.3)
    assert of_person("total { events }", 'last: "P100D"') == up(bare + 10.1)
    assert of_person("total { uniqueUrls }") == up(bare + 5.1)  # urls are read from single events
    assert of_person("total { events }", where='{not: {url: {contains: "x"}}}') == up(bare + 5.1)
    assert of_person("total { events }", where='{domain: {eq: "a.com"}}') == up(bare + 1.1)


def test_more_people_are_more_days():
    ten_days = '(period: {last: "P10D"}) { total { events users } }'

    assert points(f'{{ extensionUser(id: "1") {{ usage{ten_days} }} }}') == up(3 + 2.2)
    assert points(f'{{ organization(id: "1") {{ usage{ten_days} }} }}') == up(3 + 10.2)
    assert points(f"{{ usage{ten_days} }}") == up(2 + 20.2)
    assert points(f"{{ extensionUsers(first: 50) {{ nodes {{ usage{ten_days} }} }} }}") == up(1 + 50 * 5.2)


def test_a_series_has_a_bucket_and_its_measures_for_each_mark():
    def of(every: str) -> int:
        return of_person(f"series(every: {every}) {{ measures {{ events }} }}")

    assert of("DAY") == up(2 + 11 * 2.1 + 1)
    assert of("HOUR") == up(2 + 241 * 2.1 + 1)
    assert of("QUARTER_HOUR") == up(2 + 961 * 2.1 + 5)  # finer than the rollups
    assert of("WEEK") == up(2 + 3 * 2.1 + 1)


def test_groups_times_buckets_have_a_limit_together():
    selected = "groups(by: DOMAIN, first: 200) { nodes { series(every: %s) { measures { events } } } }"

    by_day, by_hour = (of_person(selected % every) for every in ("DAY", "HOUR"))

    assert by_day == up(2 + 1 + 200 + 200 * 11 * 2.1 + 1 + 1)
    assert by_day < LIMIT < by_hour


def test_splitting_by_more_costs_more():
    def by(dimensions: str) -> int:
        return of_person(f"groups(by: {dimensions}, first: 1) {{ nodes {{ measures {{ events }} }} }}")

    base = 2 + 3.1 + 1  # the order is by events, too
    assert by("DOMAIN") == by("[DOMAIN]") == up(base + 1)
    assert by("[DOMAIN, HOUR_OF_DAY]") == up(base + 2)
    assert by("URL") == up(base + 5)


@pytest.mark.parametrize(
    "arguments",
    [
        {"first": 100, "period": {"preset": "LAST_30_DAYS"}, "with": True},
        {"first": 100, "period": {"last": "P30D"}, "with": True},
        {"first": 100, "period": between("2026-08-01", "2026-08-31"), "with": True},
    ],
)
def test_variables_say_as_much_as_literals(arguments: dict[str, Any]):
    text = """query ($first: Int!, $period: Period!, $with: Boolean! = true) {
        extensionUsers(first: $first) {
            nodes { usage(period: $period) { total { events } } ... @include(if: $with) { id } }
        }
    }"""
    literal = """{ extensionUsers(first: 100) { nodes { usage(period: {last: "P30D"}) { total { events } } id } } }"""

    assert points(text, **arguments) == points(text, **arguments) == points(literal)


def test_what_is_left_out_costs_nothing():
    text = """query ($more: Boolean = false, $size: Int = 5) {
        viewer { __typename } organizations(first: $size) @include(if: $more) { nodes { __typename } }
    }"""

    assert points(text) == 1
    assert points(text, more=True) == 1 + 1 + 5
    assert points(text, more=True, size=50) == 1 + 1 + 50
    assert points(text, more=False, size=50) == 1
    assert points("{ viewer { __typename } organizations @skip(if: true) { nodes { __typename } } }") == 1


def test_fragments_cost_what_they_stand_for_and_the_same_field_once():
    once = "{ organizations { nodes { name } } }"
    twice = "{ organizations { nodes { name } } ...More ... on Query { organizations { nodes { name } } } }"

    assert points(f"{twice} fragment More on Query {{ organizations {{ nodes {{ name }} }} }}") == points(once)
    assert points("{ a: organizations { nodes { name } } b: organizations { nodes { name } } }") == 2 * points(once)


def test_what_is_dearest_is_named_by_its_path():
    text = """{ mine: organization(id: "1") {
        usage(period: {last: "P365D"}) { start } members { nodes { user { __typename } role } }
    } }"""

    found = cost(text)

    assert (found.most_expensive, found.most_expensive_points) == ("mine.members.nodes", 55)


@pytest.mark.parametrize(
    "period",
    [
        None,
        {},
        7,
        {"last": "soon"},
        {"last": 5},
        {"last": "P9999999D"},
        {"last": "-P3D"},
        {"preset": "SOME_DAY"},
        {"between": {"start": "2026", "end": "2027"}},
        {"between": {"start": "2026-01-01T00:00:00Z"}},
    ],
)
def test_a_period_that_will_be_refused_costs_what_one_may_at_most(period: Any):
    text = 'query ($period: Period!) { extensionUser(id: "1") { usage(period: $period) { total { events } } } }'

    assert points(text, period=period) <= points(text, period={"last": "P400D"})


def test_sizes_that_will_be_refused_cost_what_they_may_at_most():
    assert points("{ behaviors(first: 2147483647) { nodes { __typename } } }") == 1 + 1000
    assert points("{ behaviors(first: -5) { nodes { id } } }") == 1
    assert of_person("series(every: QUARTER_HOUR) { __typename }", 'last: "P400D"') == 2 + BUCKETS


def test_asking_about_the_schema_costs_what_it_is_long():
    names = points("{ __schema { types { name } } }")
    fields = points("{ __schema { types { fields { name } } } }")

    assert 100 < names < fields < LIMIT
