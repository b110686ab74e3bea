"""Sessions as a list: their order, their ids, their events."""

import base64
import json
from typing import Any

import pytest

from core.cursors import encode_cursor
from tests.conftest import StatementCounter
from tests.schema.usage_queries import DAY
from tests.world import Asker, Recorded, World, raw


@pytest.fixture
async def ada(world: World) -> Recorded:
    """A person with four sessions: early, of a minute; middle, of ten; late, of ten; last, of a single event."""
    person = await world.recorded(await world.organization("Acme"), "ada")
    await world.browse(
        person,
        raw("08:00:00", "click", "https://a.com/", "early"),
        raw("08:01:00", "click", "https://b.com/", "early"),
        raw("09:00:00", "click", "https://a.com/", "middle"),
        raw("09:05:00", "focus", "https://b.com/", "middle"),
        raw("09:10:00", "click", "https://a.com/", "middle"),
        raw("09:02:00", "click", "https://a.com/", "late"),
        raw("09:12:00", "click", "https://c.com/", "late"),
        raw("10:00:00", "click", "https://a.com/", "last"),
    )
    return person


@pytest.fixture
async def asker(world: World, ada: Recorded) -> Asker:
    """An asker who sees ada."""
    del ada  # known to the database
    return await world.super_admin()


async def listed(asker: Asker, arguments: str = DAY, selection: str = "sessionId") -> list[Any]:
    """The sessions, page by page, two a page."""
    seen: list[Any] = []
    after = None
    while True:
        given = "" if after is None else f', after: "{after}"'
        query = f"""{{ sessions({arguments}, first: 2{given}) {{
            nodes {{ {selection} }} pageInfo {{ endCursor hasNextPage }} }} }}"""
        page = (await asker.ask(query))["sessions"]
        seen += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return seen
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("NEWEST_FIRST", ["last", "late", "middle", "early"]),
        ("OLDEST_FIRST", ["early", "middle", "late", "last"]),
        ("LONGEST_FIRST", ["late", "middle", "early", "last"]),
        ("SHORTEST_FIRST", ["last", "early", "middle", "late"]),
    ],
)
async def test_sessions_are_paged_in_each_order(asker: Asker, ada: Recorded, order: str, expected: list[str]):

    everybodys = await listed(asker, f"{DAY}, orderBy: {order}", "id sessionId")
    hers = await asker.ask(
        f'{{ extensionUser(id: "{ada.id}") {{ sessions({DAY}, orderBy: {order}) {{ nodes {{ id sessionId }} }} }} }}'
    )

    assert [node["sessionId"] for node in everybodys] == expected
    assert hers["extensionUser"]["sessions"]["nodes"] == everybodys


async def test_the_order_by_length_is_by_the_part_that_meets_the_filter(asker: Asker):

    found = await listed(asker, DAY + ', orderBy: LONGEST_FIRST, where: {domain: {eq: "a.com"}}', "sessionId seconds")

    assert [(node["sessionId"], node["seconds"]) for node in found] == [
        ("late", 600), ("middle", 300), ("early", 60), ("last", 0),
    ]  # fmt: skip


async def test_a_persons_sessions_take_a_filter(asker: Asker, ada: Recorded):
    where = '{domain: {eq: "b.com"}, eventTypes: [CLICK]}'

    found = await asker.ask(
        f"""{{ extensionUser(id: "{ada.id}") {{
            sessions({DAY}, where: {where}) {{ nodes {{ sessionId events }} }} }} }}"""
    )

    assert found["extensionUser"]["sessions"]["nodes"] == [{"sessionId": "early", "events": 1}]


async def test_a_session_has_one_id_in_one_question_and_others_in_others(asker: Asker):
    once, again = await listed(asker, DAY, "id"), await listed(asker, DAY + ", orderBy: OLDEST_FIRST", "id")
    moving = 'period: {last: "P400D"}'

    others = [
        await listed(asker, DAY.replace("03T00", "03T01"), "id"),
        await listed(asker, DAY + ", where: {eventTypes: [CLICK]}", "id"),
        await listed(asker, DAY + ', timezone: "Asia/Tokyo"', "id"),
        await listed(asker, moving, "id"),
    ]

    assert again == once[::-1]
    assert others[-1] == await listed(asker, moving, "id")
    ids = [node["id"] for found in [once, *others] for node in found]
    assert len(ids) == len(set(ids)) == 20


async def test_a_session_is_no_node_and_the_refusal_says_so(asker: Asker):
    [first, *_] = await listed(asker, DAY, "id")

    error = await asker.refused("query ($id: ID!) { node(id: $id) { id } }", id=first["id"])

    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "id"}
    assert "ask for them again by `sessions`" in error["message"]


async def test_a_session_lists_the_events_that_it_counts(world: World, asker: Asker, ada: Recorded):
    await world.browse(None, raw("09:01:00", "click", "https://d.com/", "middle"))  # of nobody, by the same id
    where = f'{{extensionUserIds: ["{ada.id}"], sessionIds: ["middle"]}}'
    query = f"""{{ sessions({DAY}, where: {where}) {{ nodes {{
        events
        all: behaviors {{ nodes {{ ts sessionId extensionUser {{ username }} }} pageInfo {{ hasNextPage }} }}
        newest: behaviors(orderBy: NEWEST_FIRST, first: 1) {{ nodes {{ ts }} pageInfo {{ hasNextPage endCursor }} }}
        last: behaviors(last: 2) {{ nodes {{ ts }} pageInfo {{ hasPreviousPage }} }}
    }} }} }}"""

    [session] = (await asker.ask(query))["sessions"]["nodes"]
    after = session["newest"]["pageInfo"]["endCursor"]
    [rest] = (
        await asker.ask(
            f"""{{ sessions({DAY}, where: {where}) {{ nodes {{
                behaviors(orderBy: NEWEST_FIRST, after: "{after}") {{ nodes {{ ts }} }} }} }} }}"""
        )
    )["sessions"]["nodes"]

    times = [f"2026-08-03T09:{minute}:00.000Z" for minute in ("00", "05", "10")]
    assert session["events"] == 3
    assert [node["ts"] for node in session["all"]["nodes"]] == times
    assert {node["extensionUser"]["username"] for node in session["all"]["nodes"]} == {"ada"}
    assert [node["ts"] for node in session["newest"]["nodes"]] == times[2:]
    assert session["newest"]["pageInfo"]["hasNextPage"]
    assert [node["ts"] for node in session["last"]["nodes"]] == times[1:]
    assert session["last"]["pageInfo"] == {"hasPreviousPage": True}
    assert [node["ts"] for node in rest["behaviors"]["nodes"]] == times[1::-1]


async def test_a_session_lists_no_event_that_misses_the_filter_or_the_period(world: World, asker: Asker, ada: Recorded):
    await world.browse(ada, raw("23:30:00", "click", "https://a.com/", "last"))
    period = 'period: {between: {start: "2026-08-03T09:00:00Z", end: "2026-08-03T12:00:00Z"}}'

    found = await asker.ask(
        f"""{{ sessions({period}, where: {{domain: {{eq: "a.com"}}}}, orderBy: OLDEST_FIRST) {{
            nodes {{ sessionId events behaviors {{ nodes {{ domain }} }} }} }} }}"""
    )

    counted = [(node["sessionId"], node["events"]) for node in found["sessions"]["nodes"]]
    assert counted == [("middle", 2), ("late", 1), ("last", 1)]
    for node in found["sessions"]["nodes"]:
        assert node["behaviors"]["nodes"] == [{"domain": "a.com"}] * node["events"]


async def test_anonymous_sessions_list_their_events_to_super_admins(world: World):
    await world.browse(None, raw("09:00:00"), raw("09:01:00"))

    [session] = await listed(await world.super_admin(), DAY, "behaviors { nodes { ts extensionUser { id } } }")

    assert [node["extensionUser"] for node in session["behaviors"]["nodes"]] == [None, None]


async def test_the_events_of_many_sessions_take_one_statement(asker: Asker, statements: StatementCounter):
    taken = []
    for first in (1, 4):
        statements.clear()
        found = await asker.ask(
            f"{{ sessions({DAY}, first: {first}) {{ nodes {{ behaviors {{ nodes {{ id }} }} }} }} }}"
        )
        taken.append(len(statements))
        assert all(node["behaviors"]["nodes"] for node in found["sessions"]["nodes"])

    assert taken[0] == taken[1]


@pytest.mark.parametrize(
    "arguments",
    [DAY.replace("03T00", "03T01"), DAY + ", orderBy: LONGEST_FIRST", DAY + ', where: {domain: {eq: "a.com"}}'],
)
async def test_a_cursor_of_another_list_of_sessions_is_refused(asker: Asker, arguments: str):
    found = await asker.ask(f"{{ sessions({DAY}, first: 1) {{ pageInfo {{ endCursor }} }} }}")
    cursor = found["sessions"]["pageInfo"]["endCursor"]

    error = await asker.refused(f'{{ sessions({arguments}, after: "{cursor}") {{ nodes {{ id }} }} }}')

    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "after"}
    assert "belongs to another question" in error["message"]


async def test_a_cursor_with_a_session_id_that_cannot_be_stored_is_refused(asker: Asker):
    found = await asker.ask(f"{{ sessions({DAY}, first: 1) {{ pageInfo {{ endCursor }} }} }}")
    cursor = found["sessions"]["pageInfo"]["endCursor"]
    name, asked, moment, (start, person, _) = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    tampered = encode_cursor(name, (asked, moment, [start, person, "a\0"]))

    error = await asker.refused(f'{{ sessions({DAY}, after: "{tampered}") {{ nodes {{ id }} }} }}')

    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_blocks_are_paged_in_each_order(world: World):
    asker = await world.super_admin()
    person = await world.recorded(await world.organization())
    for hour, minutes in (("08", 30), ("10", 50), ("12", 30)):
        events = (raw(f"{hour}:{minute:02}:00", "click") for minute in range(0, minutes + 1, 2))
        await world.browse(person, *events)
    expected = {
        "OLDEST_FIRST": ["08", "10", "12"],
        "NEWEST_FIRST": ["12", "10", "08"],
        "LONGEST_FIRST": ["10", "12", "08"],
        "SHORTEST_FIRST": ["08", "12", "10"],
    }

    for order, hours in expected.items():
        seen, after = [], None
        for _ in hours:
            given = "" if after is None else f', after: "{after}"'
            query = f"""{{ deepWork({DAY}) {{ blocks(orderBy: {order}, first: 1{given}) {{
                nodes {{ start }} pageInfo {{ endCursor hasNextPage }} }} }} }}"""
            page = (await asker.ask(query))["deepWork"]["blocks"]
            seen += [node["start"][11:13] for node in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
        assert not page["pageInfo"]["hasNextPage"]
        assert seen == hours

    other = await asker.refused(
        f'{{ deepWork({DAY}) {{ blocks(orderBy: OLDEST_FIRST, after: "{after}") {{ nodes {{ start }} }} }} }}'
    )
    assert "belongs to another question" in other["message"]
