"""Only what is selected is computed, however the selection is written."""

from typing import Any

import pytest

from tests.conftest import StatementCounter
from tests.schema.usage_queries import DAY, computed, metrics_statements
from tests.world import Asker, World, raw

COUNTED = {"events", "active_events"}  # one part of a statement gives both
MINUTES = {"tracked_minutes", "engaged_minutes"}
VALUES = {"events": 3, "users": 1, "sessions": 1, "trackedMinutes": 2, "idleMinutes": 1, "engagementRate": 50}


@pytest.fixture
async def asker(world: World) -> Asker:
    """An asker who may see three events of one person."""
    organization = await world.organization()
    person = await world.recorded(organization)
    await world.browse(person, raw("09:00:00", "click"), raw("09:00:20", "click"), raw("09:05:00", "idle"))
    return await world.member(organization)


async def test_events_alone_are_counted_by_one_statement_without_any_window(asker: Asker, statements: StatementCounter):
    await asker.ask(f"{{ usage({DAY}) {{ total {{ events }} }} }}")

    [statement] = metrics_statements(statements)
    assert computed(statement) == COUNTED
    assert not [word for word in (" OVER ", "percentile", "lag(", "lead(", "count(*)") if word in statement]


TOTALS: list[tuple[str, set[str]]] = [
    ("total { events }", COUNTED),
    ("total { idleMinutes }", MINUTES),
    ("total { users sessions }", {"users", "sessions"}),
    ("total { ...Minutes }", MINUTES),
    ("total { ...Nested }", MINUTES | COUNTED),
    ("total { ... { users } ... on UsageMeasures { sessions ... { events } } }", {"users", "sessions"} | COUNTED),
    ("...Whole", {"users"} | MINUTES),
    ("... on Usage { total { events } } ...Whole", COUNTED | {"users"} | MINUTES),
    ("total { events } total { users } ... { total { sessions } }", COUNTED | {"users", "sessions"}),
    ("total { number: events people: users }", COUNTED | {"users"}),
    ("total { __typename users }", {"users"}),
    ("total { events @include(if: $yes) users @include(if: $no) sessions @skip(if: $yes) }", COUNTED),
    ("total { events @skip(if: $no) users @skip(if: $byDefault) }", COUNTED),
    ("total { users ...Minutes @include(if: $no) ... @skip(if: $yes) { sessions } }", {"users"}),
    ("total { events @include(if: $yes) @skip(if: $yes) users }", {"users"}),
    ("total { events } total @include(if: $no) { sessions }", COUNTED),
]
FRAGMENTS = """
    fragment Minutes on UsageMeasures { trackedMinutes engagementRate }
    fragment Nested on UsageMeasures { ...Minutes ... on UsageMeasures { events } }
    fragment Whole on Usage { total { users } ... { total { ...Minutes } } }
"""
# Every fragment must be used, if only where it counts for nothing.
USED = f"unused: usage({DAY}) {{ total @skip(if: true) {{ ...Nested }} ...Whole @include(if: false) start }}"


@pytest.mark.parametrize(("selection", "wanted"), TOTALS, ids=[selection for selection, _ in TOTALS])
async def test_just_what_is_selected_is_computed(
    asker: Asker, statements: StatementCounter, selection: str, wanted: set[str]
):
    document = f"""
        query ($yes: Boolean!, $no: Boolean!, $byDefault: Boolean! = true) {{
            viewer @include(if: $yes) {{ id @skip(if: $no) username @skip(if: $byDefault) }}
            usage({DAY}) {{ {selection} }}
            {USED}
        }}
        {FRAGMENTS}
    """
    statements.clear()

    answer = await asker.ask(document, yes=True, no=False)

    assert [computed(statement) for statement in metrics_statements(statements)] == [wanted]
    total = answer["usage"]["total"]
    aliases = {"number": "events", "people": "users"}
    given = {aliases.get(name, name): value for name, value in total.items() if name != "__typename"}
    assert given == {name: VALUES[name] for name in given}
    assert given


@pytest.mark.parametrize(
    "selection",
    [
        "total { __typename }",
        "previous { __typename }",
        "series(every: DAY) { measures { __typename } }",
        "series(every: DAY) { start previous { __typename } }",
        "start end timezone",
    ],
)
async def test_where_no_measure_is_selected_nothing_is_asked(
    asker: Asker, statements: StatementCounter, selection: str
):
    await asker.ask(f"{{ usage({DAY}) {{ {selection} }} }}")

    assert metrics_statements(statements) == []


async def test_where_no_measure_of_groups_is_selected_only_the_groups_are_asked_for(
    asker: Asker, statements: StatementCounter
):
    answer = await asker.ask(f"""{{ usage({DAY}) {{
        groups(by: DOMAIN) {{ nodes {{ previous {{ __typename }} }} other {{ __typename }} totalCount }}
    }} }}""")

    assert answer["usage"]["groups"] == {
        "nodes": [{"previous": {"__typename": "UsageMeasures"}}],
        "other": {"__typename": "UsageMeasures"},
        "totalCount": 1,
    }
    assert [computed(statement) for statement in metrics_statements(statements)] == [COUNTED]


async def test_groups_under_two_aliases_bring_each_their_own(asker: Asker, statements: StatementCounter):
    answer = await asker.ask(f"""{{ usage({DAY}) {{
        ones: groups(by: DOMAIN, orderBy: {{measure: EVENTS}}) {{ nodes {{ measures {{ users }} }} }}
        others: groups(by: DOMAIN, orderBy: {{measure: EVENTS}}) {{
            edges {{ node {{ measures {{ trackedMinutes }} share(of: SESSIONS) }} }}
        }}
        third: groups(by: EVENT_TYPE) {{ nodes {{ key {{ eventType }} measures {{ events }} }} }}
    }} }}""")

    assert answer["usage"] == {
        "ones": {"nodes": [{"measures": {"users": 1}}]},
        "others": {"edges": [{"node": {"measures": {"trackedMinutes": 2}, "share": 1}}]},
        "third": {
            "nodes": [
                {"key": {"eventType": "CLICK"}, "measures": {"events": 2}},
                {"key": {"eventType": "IDLE"}, "measures": {"events": 1}},
            ]
        },
    }
    found = [computed(statement) for statement in metrics_statements(statements)]
    assert sorted(map(sorted, found)) == sorted(
        map(sorted, (COUNTED | {"users"}, COUNTED | MINUTES | {"sessions"}, COUNTED, {"sessions"}))
    )


async def test_what_is_selected_on_groups_in_several_ways_is_taken_together(asker: Asker, statements: StatementCounter):
    answer = await asker.ask(f"""
        query ($no: Boolean!) {{ usage({DAY}) {{
            groups(by: DOMAIN) {{ nodes {{ measures {{ events }} }} }}
            groups(by: DOMAIN) {{
                nodes {{ again: measures {{ users }} ...Rest }}
                nodes @include(if: $no) {{ measures {{ uniqueUrls }} }}
                edges {{ node {{ measures {{ events }} ... on UsageGroup {{ more: measures {{ idleMinutes }} }} }} }}
            }}
        }} }}
        fragment Rest on UsageGroup {{ measures {{ sessions }} }}
    """, no=False)  # fmt: skip

    [node] = answer["usage"]["groups"]["nodes"]
    [edge] = answer["usage"]["groups"]["edges"]
    assert node == {"measures": {"events": 3, "sessions": 1}, "again": {"users": 1}}
    assert edge == {"node": {"measures": {"events": 3}, "more": {"idleMinutes": 1}}}
    [statement] = metrics_statements(statements)
    assert computed(statement) == COUNTED | MINUTES | {"sessions", "users"}


async def test_buckets_and_their_counterparts_are_computed_each_as_selected(asker: Asker, statements: StatementCounter):
    answer = await asker.ask(f"""{{ usage({DAY}) {{
        series(every: DAY) {{ measures {{ events }} another: measures {{ users }} previous {{ sessions }} }}
        series(every: DAY) {{ previous {{ __typename }} day: previous(by: DAY) {{ trackedMinutes }} }}
    }} }}""")

    assert answer["usage"]["series"] == [
        {
            "measures": {"events": 3},
            "another": {"users": 1},
            "previous": {"sessions": 0, "__typename": "UsageMeasures"},
            "day": {"trackedMinutes": 0},
        }
    ]
    found = [computed(statement) for statement in metrics_statements(statements)]
    assert sorted(map(sorted, found)) == sorted(map(sorted, (COUNTED | {"users"}, {"sessions"}, MINUTES)))


async def test_a_share_may_be_of_a_variables_measure(asker: Asker):
    query = f"""query ($of: UsageMeasure!, $also: UsageMeasure! = USERS) {{ usage({DAY}) {{
        groups(by: EVENT_TYPE) {{ nodes {{ share(of: $of) more: share(of: $also) }} }}
    }} }}"""

    found: dict[str, Any] = await asker.ask(query, of="EVENTS")

    assert found["usage"]["groups"]["nodes"] == [
        {"share": pytest.approx(2 / 3), "more": 1},
        {"share": pytest.approx(1 / 3), "more": 1},
    ]
