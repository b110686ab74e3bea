"""The number of SQL statements of an answer: one for each thing asked, however many buckets, groups or people."""

import asyncio

import pytest
from sqlalchemy import QueuePool, event

from resolvers.batches import STATEMENTS_AT_ONCE
from tests.conftest import StatementCounter
from tests.schema.usage_queries import ALL, DAY, metrics_statements
from tests.world import Asker, World, raw

KEYS = "key { domain }"
GROUPS = f"""groups(by: DOMAIN, first: 10, orderBy: {{measure: TRACKED_SECONDS}}) {{
    nodes {{ {KEYS} measures {{ events trackedSeconds }} %s }} totalCount %s
}}"""
SERIES = "series(every: HOUR) { start measures { events users } %s }"
DEEP_WORK = """deepWork(%s) {
    sessionsCount totalSeconds focusLevels { high } rate
    blocks { nodes { start domains { domain seconds } extensionUser { username } } }
    series { seconds } topDomains { domain seconds }
}"""


@pytest.fixture
async def asker(world: World) -> Asker:
    """An asker who may see an hour's work of two people on twelve domains."""
    organization = await world.organization()
    for _ in range(2):
        person = await world.recorded(organization)
        await world.browse(
            person,
            *(
                raw(f"09:{place * 2:02}:00", "keydown", f"https://{'abcdefghijkl'[place % 12]}.com/")
                for place in range(30)
            ),
        )
    return await world.member(organization)


# One statement for each line of a list; the sign-in and names at the leaves are counted beside.
COSTS = {
    f"usage({DAY}) {{ total {{ {ALL} }} }}": 1,
    f"usage({DAY}) {{ total {{ {ALL} }} previous {{ {ALL} }} }}": 2,
    f"usage({DAY}) {{ {SERIES % ''} }}": 1,
    f"usage({DAY}) {{ {SERIES % 'previous { events users }'} }}": 2,
    f"usage({DAY}) {{ {SERIES % 'day: previous(by: DAY) { events } week: previous(by: WEEK) { events }'} }}": 3,
    f"usage({DAY}) {{ {GROUPS % ('', '')} }}": 1,
    f"usage({DAY}) {{ {GROUPS % ('share(of: TRACKED_SECONDS)', '')} }}": 2,
    f"usage({DAY}) {{ {GROUPS % ('', 'other { events trackedSeconds }')} }}": 2,
    f"usage({DAY}) {{ {GROUPS % ('previous { events }', '')} }}": 2,
    f"usage({DAY}) {{ {GROUPS % ('series(every: HOUR) { measures { events } }', '')} }}": 2,
    f"""usage({DAY}) {{ {GROUPS % (
        'share(of: EVENTS) previous { events } series(every: HOUR) { measures { events } previous { events } }',
        'other { events }',
    )} }}""": 6,  # the page, the whole, the rest, the groups before, their buckets, their buckets before
    DEEP_WORK % DAY: 6,  # the sum, the tracked minutes, the blocks, their domains, the series, the top domains
    # The dashboard: the whole and its past, the days, the top ten with their share and the rest; and deep work's six.
    f"""
        usage({DAY}) {{
            total {{ {ALL} }} previous {{ {ALL} }}
            series(every: DAY) {{ measures {{ events }} }}
            {GROUPS % ('share(of: TRACKED_SECONDS)', 'other { trackedSeconds }')}
        }}
        {DEEP_WORK % DAY}
    """: 6 + 6,
}  # fmt: skip


@pytest.mark.parametrize(("query", "cost"), COSTS.items(), ids=map(str, range(len(COSTS))))
async def test_an_answer_takes_so_many_statements(asker: Asker, statements: StatementCounter, query: str, cost: int):
    await asker.ask(f"{{ {query} }}")

    names = 1 if "username" in query else 0
    assert len(metrics_statements(statements)) == cost
    assert len(statements) == 1 + cost + names


PEOPLE = f"""{{ extensionUsers(first: 100) {{ nodes {{
    usage({DAY}) {{
        total {{ {ALL} }} previous {{ events }}
        {SERIES % "previous { events }"}
        groups(by: DOMAIN) {{ nodes {{ {KEYS} measures {{ events }} share(of: EVENTS)
                                       previous {{ events }} series(every: HOUR) {{ measures {{ events }} }} }} }}
    }}
    deepWork({DAY}) {{ sessionsCount rate blocks {{ nodes {{ domains {{ domain }} }} }} topDomains {{ domain }} }}
}} }} }}"""
# The whole, the past, the hours and theirs, the groups, their whole, their past, their hours; and deep work: the sum,
# the tracked minutes, the blocks, their domains, the top domains. With the sign-in and the people.
PEOPLE_STATEMENTS = 8 + 5 + 2


async def test_people_cost_the_same_number_of_statements_however_many(world: World, statements: StatementCounter):
    organization = await world.organization()
    asker = await world.member(organization)
    events = [raw(f"09:{minute:02}:00", url=f"https://{minute}.com/") for minute in range(0, 30, 3)]

    counts = {}
    for number in (5, 45):
        people = [await world.recorded(organization) for _ in range(number)]
        await asyncio.gather(*(world.browse(person, *events) for person in people))
        statements.clear()
        answer = await asker.ask(PEOPLE)
        nodes = answer["extensionUsers"]["nodes"]
        counts[len(nodes)] = len(statements)

    assert counts == {5: PEOPLE_STATEMENTS, 50: PEOPLE_STATEMENTS}
    for node in nodes:
        assert node["usage"]["total"]["events"] == 10
        assert len(node["usage"]["groups"]["nodes"]) == 10
        assert node["usage"]["groups"]["nodes"][0]["share"] == 0.1
        assert node["deepWork"]["sessionsCount"] == 1


async def test_one_request_leaves_connections_to_others(world: World, asker: Asker):
    pool = world.services.database.engine.pool
    assert isinstance(pool, QueuePool)
    lent: list[int] = []

    def note(*_: object) -> None:
        lent.append(pool.checkedout())

    questions = "\n".join(
        f'u{days}: usage(period: {{last: "P{days}D"}}) {{ total {{ {ALL} }} }}' for days in range(1, 21)
    )
    event.listen(pool, "checkout", note)

    try:
        await asker.ask(f"{{ {questions} }}")
    finally:
        event.remove(pool, "checkout", note)

    assert len(lent) >= 20
    assert max(lent) <= STATEMENTS_AT_ONCE
