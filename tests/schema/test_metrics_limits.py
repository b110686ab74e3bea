"""Requests for metrics that are refused: too much, nonsense, and unsupported splits of measures; and the catalogue."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.cursors import encode_cursor
from core.dimensions import Dimension, Granularity
from db.metrics.measure import Measure
from db.metrics.measures import MEASURES
from tests.schema.usage_queries import DAY, SESSION_SECONDS, between
from tests.world import Asker, World, raw


@pytest.fixture
async def asker(world: World) -> Asker:
    """An asker who may see one event, of somebody in a team."""
    organization = await world.organization()
    person = await world.recorded(organization)
    await world.team(organization, person)
    await world.browse(person, raw("09:00:00"))
    return await world.member(organization)


def selection(measure: Measure) -> str:
    """The measure as it is selected."""
    return SESSION_SECONDS if measure.name == "session_seconds" else measure.field


async def message(asker: Asker, query: str, **variables: Any) -> str:
    """Return the message of the error of an invalid request."""
    error = await asker.refused(query, **variables)
    assert error["extensions"]["code"] == "BAD_USER_INPUT", error
    return str(error["message"])


async def test_a_series_has_at_most_2000_buckets(asker: Asker):
    query = """query ($period: Period!) { usage(period: $period) {
        series(every: QUARTER_HOUR) { start measures { events } previous { events } }
    } }"""
    hours = "2026-08-01T00:00:00Z"  # 500 hours have 2000 quarters

    exactly = await asker.ask(query, period=between(hours, "2026-08-21T20:00:00Z"))

    assert len(exactly["usage"]["series"]) == 2000
    assert "at most 2000 buckets" in await message(asker, query, period=between(hours, "2026-08-21T20:00:00.001Z"))


async def test_a_series_of_deep_work_and_of_groups_have_the_same_limit(asker: Asker):
    month = 'period: {between: {start: "2026-08-01T00:00:00Z", end: "2026-08-31T00:00:00Z"}}'

    of_deep_work = await message(asker, f"{{ deepWork({month}) {{ series(every: QUARTER_HOUR) {{ seconds }} }} }}")
    of_group = await message(
        asker,
        f"""{{ usage({month}) {{ groups(by: DOMAIN) {{ nodes {{
            series(every: QUARTER_HOUR) {{ measures {{ events }} }}
        }} }} }} }}""",
    )

    assert "at most 2000 buckets" in of_deep_work
    assert "at most 2000 buckets" in of_group


CURSORS = {
    "of another list": encode_cursor("deepWorkBlocks", ("x", datetime(2026, 8, 3, tzinfo=UTC), [])),
    "of another shape": encode_cursor("usageGroups", (1, 1)),
    "of another type": encode_cursor("usageGroups", ("1",)),
}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("by: []", "`by` takes 1 to 3 dimensions"),
        ("by: [DOMAIN, URL, SESSION, EVENT_TYPE]", "`by` takes 1 to 3 dimensions"),
        ("by: [DOMAIN, URL, DOMAIN]", "`by` names a dimension twice"),
        ("by: DOMAIN, first: 0", "`first` must be between 1 and 200"),
        ("by: DOMAIN, first: -1", "`first` must be between 1 and 200"),
        ("by: DOMAIN, first: 201", "`first` must be between 1 and 200"),
        ('by: DOMAIN, after: "garbage"', "cursor"),
        ('by: DOMAIN, after: ""', "cursor"),
        *((f'by: DOMAIN, after: "{cursor}"', "cursor") for cursor in CURSORS.values()),
    ],
)
async def test_groups_are_refused_arguments_without_sense(asker: Asker, arguments: str, told: str):
    query = f"{{ usage({DAY}) {{ groups({arguments}) {{ nodes {{ measures {{ events }} }} }} }} }}"

    assert told in await message(asker, query)


@pytest.mark.parametrize("first", [1, 200])
async def test_groups_come_as_many_as_allowed(asker: Asker, first: int):
    found = await asker.ask(f"{{ usage({DAY}) {{ groups(by: DOMAIN, first: {first}) {{ totalCount }} }} }}")

    assert found["usage"]["groups"]["totalCount"] == 1


@pytest.mark.parametrize(
    "selected",
    ["topDomains(first: 0) { domain }", "topDomains(first: 101) { domain }", "blocks(first: 101) { nodes { start } }"],
)
async def test_lists_of_deep_work_have_1_to_100_elements(asker: Asker, selected: str):
    assert "`first` must be between 1 and 100" in await message(asker, f"{{ deepWork({DAY}) {{ {selected} }} }}")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ usage(period: {}) { start } }", "GRAPHQL_VALIDATION_FAILED"),
        ('{ usage(period: {last: "P1D", preset: TODAY}) { start } }', "GRAPHQL_VALIDATION_FAILED"),
        ("{ usage(period: {last: null}) { start } }", "GRAPHQL_VALIDATION_FAILED"),
        ('{ deepWork(period: {last: "P1D"}, where: {url: {eq: "a", contains: "b"}}) { rate } }',
         "GRAPHQL_VALIDATION_FAILED"),
        ('{ usage(period: {last: "P1D"}, timezone: "Mars/Olympus") { start } }', "BAD_USER_INPUT"),
        ('{ usage(period: {last: "P401D"}) { start } }', "BAD_USER_INPUT"),
        ('{ deepWork(period: {last: "P401D"}) { rate } }', "BAD_USER_INPUT"),
        ('{ usage(period: {between: {start: "2026-08-03T10:00:00Z", end: "2026-08-03T09:00:00Z"}}) { start } }',
         "BAD_USER_INPUT"),
        ('{ usage(period: {between: {start: "2025-01-01T00:00:00Z", end: "2026-02-05T00:00:00.001Z"}}) { start } }',
         "BAD_USER_INPUT"),
    ],
)  # fmt: skip
async def test_periods_filters_and_zones_without_sense_are_refused(asker: Asker, query: str, code: str):
    error = await asker.refused(query)

    assert error["extensions"]["code"] == code
    assert error["message"]


@pytest.mark.parametrize("period", [{}, {"last": "P1D", "preset": "TODAY"}, {"last": None}])
async def test_a_period_in_a_variable_is_given_in_one_way_exactly(asker: Asker, period: dict[str, Any]):
    await message(asker, "query ($period: Period!) { usage(period: $period) { start } }", period=period)


FORBIDDEN = [
    (measure, dimension) for measure in MEASURES for dimension in Dimension if dimension not in measure.dimensions
]
PLACES = {
    "nodes": "groups(by: [%(by)s]) { nodes { measures { %(it)s } } }",
    "edges": "groups(by: [%(by)s]) { edges { node { measures { %(it)s } } } }",
    "previous": "groups(by: [%(by)s]) { nodes { previous { %(it)s } } }",
    "series": "groups(by: [%(by)s]) { nodes { series(every: DAY) { measures { %(it)s } } } }",
    "bucket": "groups(by: [%(by)s]) { nodes { series(every: DAY) { previous { %(it)s } } } }",
    "other": "groups(by: [%(by)s]) { other { %(it)s } }",
    "beside another": "groups(by: [EXTENSION_USER, %(by)s]) { nodes { measures { events %(it)s } } }",
}
NAMED_IN_ARGUMENTS = {
    "order": "groups(by: [%(by)s], orderBy: {measure: %(name)s}) { totalCount }",
    "share": "groups(by: [%(by)s]) { nodes { share(of: %(name)s) } }",
}


def test_some_pairs_are_forbidden():
    assert len(FORBIDDEN) > 10


@pytest.mark.parametrize("place", [*PLACES, *NAMED_IN_ARGUMENTS])
async def test_pairs_that_make_no_sense_are_named(asker: Asker, place: str):
    # `sessionSeconds` is four numbers: nothing can be sorted by it, nor shares taken of it
    pairs = [
        (measure, dimension)
        for measure, dimension in FORBIDDEN
        if measure.name != "session_seconds" or place not in NAMED_IN_ARGUMENTS
    ]
    text = (PLACES | NAMED_IN_ARGUMENTS)[place]
    questions = " ".join(
        f"q{number}: usage({DAY}) {{ {text} }}"
        % {"by": dimension.name, "it": selection(measure), "name": measure.name.upper()}
        for number, (measure, dimension) in enumerate(pairs)
    )

    answer = await asker.post(f"{{ {questions} }}")

    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
    told = {pairs[int(error["path"][0][1:])]: error["message"] for error in answer["errors"]}
    unclear = {
        pair: text
        for pair, text in told.items()
        if f"`{pair[0].field}` cannot be split by {pair[1].name}." not in text
        and not ("`sessionSeconds` cannot be split into buckets" in text and place in {"series", "bucket"})
    }
    assert set(told) == set(pairs)
    assert unclear == {}


async def test_measures_that_have_no_buckets_are_named(asker: Asker):
    timeless = [measure for measure in MEASURES if not measure.by_time]

    places = [
        f"series(every: {every.name}) {{ {part} {{ %s }} }}"
        for every in Granularity
        for part in ("measures", "previous")
    ]

    told = [
        await message(asker, f"{{ usage({DAY}) {{ {place % selection(measure)} }} }}")
        for measure in timeless
        for place in places
    ]

    assert [measure.field for measure in timeless] == ["sessionSeconds"]
    assert all("`sessionSeconds` cannot be split into buckets of time" in text for text in told)


async def test_the_catalogue_says_what_is_accepted(asker: Asker):
    catalogue = (await asker.ask("{ measures { name dimensions byTime additivity } }"))["measures"]

    by_field = {measure.field: measure for measure in MEASURES}
    told = {info["name"]: (set(info["dimensions"]), info["byTime"], info["additivity"]) for info in catalogue}
    assert told == {
        field: ({dimension.name for dimension in measure.dimensions}, measure.by_time, measure.additivity.name)
        for field, measure in by_field.items()
    }
    groups = {
        dimension.name: " ".join(selection(by_field[i["name"]]) for i in catalogue if dimension.name in i["dimensions"])
        for dimension in Dimension
    }
    series = " ".join(selection(by_field[info["name"]]) for info in catalogue if info["byTime"])
    questions = [f"{name}: groups(by: {name}) {{ nodes {{ measures {{ {of} }} }} }}" for name, of in groups.items()]
    answer = await asker.ask(
        f"{{ usage({DAY}) {{ {' '.join(questions)} series(every: DAY) {{ measures {{ {series} }} }} }} }}"
    )
    assert all(len(answer["usage"][name]["nodes"]) == 1 for name in groups)
    assert len(answer["usage"]["series"]) == 1


async def test_a_series_reaches_the_last_day_there_is(asker: Asker):
    query = "query ($period: Period!) { usage(period: $period) { series(every: DAY) { measures { events } } } }"

    found = await asker.ask(query, period=between("9999-12-30", "9999-12-31T23:59:59Z"))

    assert [bucket["measures"]["events"] for bucket in found["usage"]["series"]] == [0, 0]


@pytest.mark.parametrize("shift", ["PRECEDING", "DAY", "WEEK", "MONTH", "YEAR"])
async def test_before_the_beginning_of_time_nothing_happened(asker: Asker, shift: str):
    query = f"""query ($period: Period!) {{ usage(period: $period) {{
        total {{ events }} previous(by: {shift}) {{ events }}
        series(every: DAY) {{ previous(by: {shift}) {{ events }} }}
    }} }}"""

    found = await asker.ask(query, period=between("0001-01-01", "0001-01-03"))

    assert found["usage"] == {
        "total": {"events": 0}, "previous": {"events": 0}, "series": [{"previous": {"events": 0}}] * 2,
    }  # fmt: skip
