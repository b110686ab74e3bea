"""Filters of lists, and their counts."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from core.clock import now
from core.roles import Role
from tests.conftest import StatementCounter
from tests.schema.sample_tenants import PERIOD, outcome
from tests.world import Recorded, World, raw


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("", ["100%", "a_b", "acb", "back\\slash", "Ärger"]),
        ("A", ["a_b", "acb", "back\\slash"]),
        ("%", ["100%"]),
        ("_", ["a_b"]),
        ("\\", ["back\\slash"]),
        ("ä", ["Ärger"]),
        ("/", []),
        ("' OR 1=1 --", []),
    ],
)
async def test_searches_take_the_text_literally_whatever_the_case(world: World, search: str, names: list[str]):
    organization = await world.organization("Elsewhere")
    for name in ("100%", "a_b", "acb", "back\\slash", "Ärger"):
        await world.organization(name)
        await world.recorded(organization, name)
        await world.user(name)
    boss = await world.sign_in(await world.user("zz-boss", is_super_admin=True))

    found = await boss.ask(
        """query ($search: String!) {
            organizations(search: $search) { totalCount nodes { name } }
            extensionUsers(where: {search: $search}) { totalCount nodes { username } }
            users(search: $search) { totalCount nodes { username } }
        }""",
        search=search,
    )

    people = found["extensionUsers"]
    assert {node["username"] for node in people["nodes"]} == set(names)
    assert people["totalCount"] == len(names)
    others = {"Elsewhere"} if search.lower() in "elsewhere" else set()
    assert {node["name"] for node in found["organizations"]["nodes"]} == set(names) | others
    bosses = {"zz-boss"} if search.lower() in "zz-boss" else set()
    assert {node["username"] for node in found["users"]["nodes"]} == set(names) | bosses
    assert found["users"]["totalCount"] == len(found["users"]["nodes"])


async def test_extension_users_are_told_apart_by_activity(world: World):
    organization = await world.organization()
    for name, active in (("ann", True), ("bob", False), ("cyd", False)):
        person = await world.recorded(organization, name)
        async with world.services.database.write() as db:
            update = text("UPDATE extension_users SET is_active = :active WHERE id = :id")
            await db.execute(update, {"active": active, "id": person.id})
    asker = await world.member(organization)

    async def names(where: str) -> Any:
        query = f"{{ extensionUsers(where: {where}) {{ nodes {{ username }} totalCount }} }}"
        return await outcome(asker, query)

    assert await names("{isActive: true}") == ["ann", 1]
    assert await names("{isActive: false}") == ["bob", "cyd", 2]
    assert await names('{isActive: false, search: "C"}') == ["cyd", 1]
    assert await names("{isActive: null, search: null, organizationIds: null}") == ["ann", "bob", "cyd", 3]
    assert await names("{organizationIds: []}") == 0


async def test_extension_users_are_counted_by_activity_and_use(world: World):
    organization = await world.organization()
    today = now().replace(hour=0, minute=0, second=0, microsecond=0)
    last_uses = [None, today, today - timedelta(microseconds=1), today - timedelta(days=6),
                 today - timedelta(days=6, microseconds=1), now()]  # fmt: skip
    for number, last_use in enumerate(last_uses):
        person = await world.recorded(organization)
        async with world.services.database.write() as db:
            update = text("UPDATE extension_users SET last_used_at = :at, is_active = :active WHERE id = :id")
            await db.execute(update, {"at": last_use, "active": number > 0, "id": person.id})
    empty = await world.organization()
    asker = await world.super_admin()
    query = """query ($id: ID!) { organization(id: $id) {
        extensionUserCounts { total active inactive usedToday usedThisWeek }
    } }"""

    counts = [(await asker.ask(query, id=str(each.id)))["organization"]["extensionUserCounts"]
              for each in (organization, empty)]  # fmt: skip

    assert counts == [
        {"total": 6, "active": 5, "inactive": 1, "usedToday": 2, "usedThisWeek": 4},
        {"total": 0, "active": 0, "inactive": 0, "usedToday": 0, "usedThisWeek": 0},
    ]


async def _posted_without_key(world: World, person: Recorded, at: datetime | None) -> None:
    async with world.services.database.write() as db:
        update = text("UPDATE extension_users SET last_keyless_event_at = :at WHERE id = :id")
        await db.execute(update, {"at": at, "id": person.id})


async def test_people_whose_events_come_without_a_key_are_counted_and_found(world: World):
    organization, other = await world.organization(), await world.organization()
    hours_ago = {"ann": None, "bob": 30 * 24 + 1, "cyd": 30 * 24 - 1, "dan": 7 * 24 + 1, "eve": 7 * 24 - 1}
    for name, hours in hours_ago.items():
        at = None if hours is None else now() - timedelta(hours=hours)
        await _posted_without_key(world, await world.recorded(organization, name), at)
    await _posted_without_key(world, await world.recorded(other, "elsewhere"), now())
    asker = await world.member(organization, Role.VIEWER)

    found = await asker.ask(
        """query ($id: ID!) {
            organization(id: $id) {
                requiresApiKey
                extensionUserCounts { keylessLast7Days keylessLast30Days }
                extensionUsers(where: {keylessWithin: "P30D"}) { totalCount nodes { username } }
            }
            extensionUsers(where: {keylessWithin: "P7D"}) { totalCount nodes { username lastKeylessEventAt } }
        }""",
        id=str(organization.id),
    )

    assert found["organization"]["requiresApiKey"] is False
    assert found["organization"]["extensionUserCounts"] == {"keylessLast7Days": 1, "keylessLast30Days": 3}
    nested = found["organization"]["extensionUsers"]
    assert (nested["totalCount"], [node["username"] for node in nested["nodes"]]) == (3, ["cyd", "dan", "eve"])
    [eve] = found["extensionUsers"]["nodes"]
    assert (found["extensionUsers"]["totalCount"], eve["username"]) == (1, "eve")
    age = now() - datetime.fromisoformat(eve["lastKeylessEventAt"])
    assert timedelta(hours=7 * 24 - 1) <= age < timedelta(hours=7 * 24)


@pytest.mark.parametrize("window", ["P0D", "-P1D", "P401D", "P999999999D"])
async def test_nonsense_is_no_time_in_which_events_came(world: World, window: str):
    asker = await world.super_admin()

    error = await asker.refused(
        "query ($w: Duration!) { extensionUsers(where: {keylessWithin: $w}) { totalCount } }", w=window
    )

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "at most 400 days" in error["message"]


async def test_finding_them_takes_as_many_statements_for_many_organizations_as_for_one(
    world: World, statements: StatementCounter
):
    asker, taken = await world.super_admin(), []
    query = """{ organizations { nodes {
        extensionUserCounts { keylessLast30Days }
        extensionUsers(where: {keylessWithin: "P30D"}) { totalCount nodes { username } }
    } } }"""
    for number in (1, 4):
        for _ in range(number):
            await _posted_without_key(world, await world.recorded(await world.organization()), now())
        statements.clear()
        found = (await asker.ask(query))["organizations"]["nodes"]
        taken.append(len(statements))
        assert [node["extensionUsers"]["totalCount"] for node in found] == [1] * len(found)

    assert taken[0] == taken[1]


async def test_a_session_tells_its_domains_and_urls_within_the_question(world: World):
    person = await world.recorded(await world.organization())
    urls = ["https://b.com/2", "https://b.com/1", "https://b.com/1", "", "https://a.com/", "https://c.com/"]
    await world.browse(person, *[raw(f"09:00:0{second}", url=url) for second, url in enumerate(urls)])
    await world.browse(person, raw("23:59:59", url="https://late.com/"), raw("09:30:00", "idle", "https://idle.com/"))
    asker = await world.super_admin()
    period = {"between": {"start": "2026-08-03T09:00:00Z", "end": "2026-08-03T10:00:00Z"}}

    found = await asker.ask(
        """query ($period: Period!, $day: Period!) {
            sessions(period: $period, where: {not: {url: {contains: "c.com"}}, eventTypes: [FOCUS]}) {
                nodes { sessionId start end seconds events domains urls some: urls(first: 2) }
            }
            day: sessions(period: $day) { nodes { domains } }
        }""",
        period=period,
        day=PERIOD,
    )

    [session] = found["sessions"]["nodes"]
    assert session == {
        "sessionId": "s1",
        "start": "2026-08-03T09:00:00.000Z",
        "end": "2026-08-03T09:00:05.000Z",  # the whole session's, also where a filter chooses parts of it
        "seconds": 5,
        "events": 5,
        "domains": ["a.com", "b.com"],
        "urls": ["https://a.com/", "https://b.com/1", "https://b.com/2"],
        "some": ["https://a.com/", "https://b.com/1"],
    }
    assert found["day"]["nodes"] == [{"domains": ["a.com", "b.com", "c.com", "idle.com", "late.com"]}]


@pytest.mark.parametrize("first", [0, -1, 1001])
async def test_the_urls_of_a_session_have_a_limit(world: World, first: int):
    await world.browse(None, raw("09:00:00"))
    asker = await world.super_admin()

    error = await asker.refused(
        "query ($p: Period!, $n: Int!) { sessions(period: $p) { nodes { urls(first: $n) } } }", p=PERIOD, n=first
    )

    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "first"}
    assert "between 1 and 1000" in error["message"]
