"""Siblings ask together: the number of SQL statements does not grow with the number of rows."""

import asyncio
import gc

from core.roles import Role
from db.queries import memberships
from db.queries.behaviors import BehaviorRow
from db.queries.organizations import OrganizationRow
from tests.conftest import StatementCounter
from tests.world import World, raw

PERIOD = 'period: {between: {start: "2026-08-03T00:00:00Z", end: "2026-08-04T00:00:00Z"}}'

PEOPLE = f"""{{
    extensionUsers(first: 100) {{
        nodes {{
            organization {{ name }}
            behaviors(first: 3) {{ nodes {{ extensionUser {{ username }} }} }}
            sessions({PERIOD}, first: 2) {{ nodes {{ extensionUser {{ username }} domains urls }} }}
            usage({PERIOD}) {{ total {{ events }} }}
        }}
    }}
}}"""
# The sign-in; the people; and one statement each for their organizations, behaviors, sessions and totals, for the
# sessions' domains and urls, and for the people at the leaves, whom behaviors and sessions share.
PEOPLE_STATEMENTS = 1 + 1 + 4 + 2 + 1

ORGANIZATIONS = f"""{{
    organizations(first: 100) {{
        totalCount
        nodes {{
            members {{ totalCount nodes {{ user {{ username memberships {{ organization {{ name }} }} }} }} }}
            extensionUserCounts {{ total }}
            extensionUsers {{ totalCount nodes {{ username organization {{ name }} }} }}
            usage({PERIOD}) {{ total {{ events }} }}
        }}
    }}
}}"""
# The sign-in; the organizations and their number; one statement each for members and their number, people and their
# number, counts, totals; for the members' accounts and memberships; for the organizations named at the leaves.
ORGANIZATIONS_STATEMENTS = 1 + 2 + 6 + 2 + 1


async def populate(world: World, organization: OrganizationRow, number: int) -> None:
    """Create that many more people, each with events in two sessions."""
    people = [await world.recorded(organization) for _ in range(number)]
    await asyncio.gather(
        *(
            world.browse(person, raw("09:00:00"), raw("09:01:00"), raw("09:02:00", session="s2"), raw("09:03:00"))
            for person in people
        )
    )


async def test_people_cost_the_same_number_of_statements_however_many(world: World, statements: StatementCounter):
    organization = await world.organization()
    asker = await world.member(organization, Role.VIEWER)

    counts = {}
    for number in (5, 45):
        await populate(world, organization, number)
        statements.clear()
        answer = await asker.ask(PEOPLE)
        nodes = answer["extensionUsers"]["nodes"]
        counts[len(nodes)] = len(statements)

    assert counts == {5: PEOPLE_STATEMENTS, 50: PEOPLE_STATEMENTS}
    assert all(len(node["behaviors"]["nodes"]) == 3 and len(node["sessions"]["nodes"]) == 2 for node in nodes)
    assert all(node["usage"]["total"]["events"] == 4 for node in nodes)


async def test_organizations_cost_the_same_number_of_statements_however_many(
    world: World, statements: StatementCounter
):
    asker = await world.super_admin()

    counts = {}
    for number in (3, 17):
        for _ in range(number):
            organization = await world.organization()
            await populate(world, organization, 1)
            async with world.services.database.write() as db:
                for user in (await world.user(), await world.user()):
                    await memberships.add(db, organization.id, user.id, Role.ADMIN)
        statements.clear()
        answer = await asker.ask(ORGANIZATIONS)
        nodes = answer["organizations"]["nodes"]
        counts[len(nodes)] = len(statements)

    assert counts == {3: ORGANIZATIONS_STATEMENTS, 20: ORGANIZATIONS_STATEMENTS}
    assert all(node["members"]["totalCount"] == len(node["members"]["nodes"]) == 2 for node in nodes)
    assert all(node["extensionUsers"]["totalCount"] == node["extensionUserCounts"]["total"] == 1 for node in nodes)
    assert all(node["usage"]["total"]["events"] == 4 for node in nodes)


async def test_what_is_not_selected_is_not_asked_for(world: World, statements: StatementCounter):
    organization = await world.organization()
    await populate(world, organization, 2)
    asker = await world.member(organization)
    statements.clear()

    await asker.ask(f"{{ organizations {{ nodes {{ name usage({PERIOD}) {{ start }} }} }} }}")

    assert len(statements) == 2  # the sign-in, and the organizations


async def test_siblings_with_other_arguments_are_not_mixed_up(world: World):
    organization, other = await world.organization("One"), await world.organization("Other")
    ann, bob = await world.recorded(organization, "ann"), await world.recorded(other, "bob")
    await world.browse(ann, raw("09:00:00", "click", session="a1"), raw("09:30:00", "idle", session="a2"))
    await world.browse(bob, raw("09:10:00", "idle", session="b1"), raw("10:10:00", "click", session="b2"))
    asker = await world.super_admin()

    def hour(start: int) -> str:
        return (
            f'period: {{between: {{start: "2026-08-03T{start:02}:00:00Z", end: "2026-08-03T{start + 1:02}:00:00Z"}}}}'
        )

    answer = await asker.ask(f"""{{
        extensionUsers {{
            nodes {{
                newest: behaviors(first: 1) {{ nodes {{ sessionId }} }}
                oldest: behaviors(first: 1, orderBy: OLDEST_FIRST) {{ nodes {{ sessionId }} }}
                last: behaviors(last: 1) {{ nodes {{ sessionId }} }}
                idle: behaviors(where: {{eventTypes: [IDLE]}}) {{ nodes {{ sessionId }} }}
                at9: usage({hour(9)}) {{ total {{ events }} }}
                at10: usage({hour(10)}) {{ total {{ events }} }}
                clicks: usage({hour(9)}, where: {{eventTypes: [CLICK]}}) {{ total {{ events }} }}
                sessions9: sessions({hour(9)}) {{ nodes {{ sessionId }} }}
                sessions10: sessions({hour(10)}) {{ nodes {{ sessionId }} }}
            }}
        }}
        organizations {{
            nodes {{
                anns: extensionUsers(where: {{search: "ANN"}}) {{ totalCount nodes {{ username }} }}
                bobs: extensionUsers(where: {{search: "bob"}}) {{ totalCount nodes {{ username }} }}
            }}
        }}
    }}""")

    def ids(connection: dict[str, list[dict[str, str]]]) -> list[str]:
        return [node["sessionId"] for node in connection["nodes"]]

    of_ann, of_bob = answer["extensionUsers"]["nodes"]
    lists = ("newest", "oldest", "last", "idle", "sessions9", "sessions10")
    assert {name: ids(of_ann[name]) for name in lists} == {
        "newest": ["a2"], "oldest": ["a1"], "last": ["a1"], "idle": ["a2"], "sessions9": ["a2", "a1"], "sessions10": [],
    }  # fmt: skip
    assert {name: ids(of_bob[name]) for name in lists} == {
        "newest": ["b2"], "oldest": ["b1"], "last": ["b1"], "idle": ["b1"], "sessions9": ["b1"], "sessions10": ["b2"],
    }  # fmt: skip
    totals = [[person[name]["total"]["events"] for name in ("at9", "at10", "clicks")] for person in (of_ann, of_bob)]
    assert totals == [[2, 0, 1], [1, 1, 0]]
    of_one, of_other = answer["organizations"]["nodes"]
    nobody = {"totalCount": 0, "nodes": []}
    assert of_one == {"anns": {"totalCount": 1, "nodes": [{"username": "ann"}]}, "bobs": nobody}
    assert of_other == {"anns": nobody, "bobs": {"totalCount": 1, "nodes": [{"username": "bob"}]}}


async def test_what_was_loaded_for_a_request_goes_with_it(world: World):
    organization = await world.organization()
    await populate(world, organization, 1)
    asker = await world.member(organization, Role.VIEWER)
    gc.collect()
    gc.disable()  # it would take long to come by, and clear up for us
    try:
        answer = await asker.ask("{ extensionUsers { nodes { behaviors { nodes { id } } } } }")
        await asyncio.sleep(0.01)  # the event loop lets go of what it did last
        left = [each for each in gc.get_objects() if type(each) is BehaviorRow]
    finally:
        gc.enable()

    assert answer["extensionUsers"]["nodes"][0]["behaviors"]["nodes"]
    assert left == []
