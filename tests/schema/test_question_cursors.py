"""Cursors of groups, transitions and blocks: they belong to their question, keep its range, and lose no row."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.clock import now
from core.cursors import encode_cursor
from core.events import RawEvent
from tests.schema.usage_queries import DAY
from tests.world import Asker, Recorded, World, raw

GROUPS = "nodes { key { domain url extensionUser { username } } measures { events } }"
INFO = "pageInfo { endCursor hasNextPage } totalCount"


@pytest.fixture
async def ada(world: World) -> Recorded:
    return await world.recorded(await world.organization("Acme"), "ada")


@pytest.fixture
async def asker(world: World, ada: Recorded) -> Asker:
    """An asker who sees ada: on five domains once, twice, … five times, going on every minute."""
    domains = [f"{letter}.com" for place, letter in enumerate("abcde") for _ in range(place + 1)]
    await world.browse(
        ada, *(raw(f"09:{minute:02}:00", "click", f"https://{domain}/") for minute, domain in enumerate(domains))
    )
    return await world.super_admin()


async def page(asker: Asker, field: str, arguments: str = DAY, after: str | None = None) -> Any:
    """The page of a field of usage, its arguments left open (`%s`)."""
    given = "" if after is None else f', after: "{after}"'
    return next(iter((await asker.ask(f"{{ usage({arguments}) {{ {field % given} }} }}"))["usage"].values()))


def decoded(cursor: str) -> list[Any]:
    """The parts of a cursor."""
    found: list[Any] = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return found


async def test_a_group_that_appears_before_the_next_page_repeats_and_hides_none(
    world: World, asker: Asker, ada: Recorded
):
    field = f"groups(by: DOMAIN, first: 2%s) {{ {GROUPS} {INFO} other {{ events }} }}"
    first = await page(asker, field)

    # One ahead of the page, one that ties with the page's last by its number and follows by its key, one at the end.
    for domain, events in (("new.com", 9), ("d2.com", 4), ("a0.com", 1)):
        await world.browse(ada, *(raw(f"11:{minute:02}:00", "click", f"https://{domain}/") for minute in range(events)))
    seen, more, after = list(first["nodes"]), True, first["pageInfo"]["endCursor"]
    while more:
        found = await page(asker, field, after=after)
        assert found["totalCount"] == 8
        assert found["other"]["events"] == 29 - sum(node["measures"]["events"] for node in found["nodes"])
        seen += found["nodes"]
        after, more = found["pageInfo"]["endCursor"], found["pageInfo"]["hasNextPage"]

    assert [(node["key"]["domain"], node["measures"]["events"]) for node in seen] == [
        ("e.com", 5), ("d.com", 4), ("d2.com", 4), ("c.com", 3), ("b.com", 2), ("a.com", 1), ("a0.com", 1),
    ]  # fmt: skip


LONG = "https://a.com/" + "x" * 8000


async def test_urls_of_any_length_are_paged_by_short_cursors(world: World, ada: Recorded):
    asker = await world.super_admin()
    urls = [LONG + ending for ending in "abc"] + ["https://a.com/" + "\N{GRINNING FACE}" * 500, "https://a.com/"]
    await world.browse(ada, *(raw(f"09:0{place}:00", "click", url) for place, url in enumerate(urls)))
    field = f"groups(by: [URL, DOMAIN], first: 1%s) {{ {GROUPS} {INFO} }}"

    seen, more, after = [], True, None
    while more:
        found = await page(asker, field, after=after)
        [node] = found["nodes"]
        seen.append(node["key"]["url"])
        after, more = found["pageInfo"]["endCursor"], found["pageInfo"]["hasNextPage"]
        assert len(after) < 2000

    assert len(seen) == 5
    assert set(seen) == set(urls)


async def test_null_measures_are_paged_last_in_both_directions(world: World, ada: Recorded):
    asker = await world.super_admin()
    # A session from 9:59 to 12:00: the hour of 10 has time of it, and no event.
    await world.browse(ada, raw("09:59:00", "click"), raw("11:00:30", "click"), raw("12:00:00", "blur"))
    for direction in ("ASC", "DESC"):
        order = f"orderBy: {{measure: ENGAGEMENT_RATE, direction: {direction}}}"
        field = f"""groups(by: HOUR_OF_DAY, first: 1, {order}%s) {{
            nodes {{ key {{ hourOfDay }} measures {{ trackedSeconds engagementRate }} }} {INFO} }}"""
        seen, more, after = [], True, None
        while more:
            found = await page(asker, field, after=after)
            seen += [(node["key"]["hourOfDay"], node["measures"]["engagementRate"]) for node in found["nodes"]]
            after, more = found["pageInfo"]["endCursor"], found["pageInfo"]["hasNextPage"]

        rated = [(9, 100), (11, 100), (12, 0)] if direction == "DESC" else [(12, 0), (9, 100), (11, 100)]
        assert seen == [*rated, (10, None)]


OTHERS = {
    "another period": ("groups(by: DOMAIN%s)", DAY.replace("03T00", "03T01")),
    "another form of period": ("groups(by: DOMAIN%s)", 'period: {last: "P30D"}'),
    "another filter": ("groups(by: DOMAIN%s)", DAY + ', where: {domain: {eq: "a.com"}}'),
    "another zone": ("groups(by: DOMAIN%s)", DAY + ', timezone: "Asia/Tokyo"'),
    "another dimension": ("groups(by: CATEGORY%s)", DAY),
    "more dimensions": ("groups(by: [DOMAIN, URL]%s)", DAY),
    "another measure": ("groups(by: DOMAIN, orderBy: {measure: USERS}%s)", DAY),
    "another direction": ("groups(by: DOMAIN, orderBy: {measure: EVENTS, direction: ASC}%s)", DAY),
}  # fmt: skip


@pytest.mark.parametrize(("field", "arguments"), OTHERS.values(), ids=OTHERS)
async def test_a_cursor_of_another_question_is_refused(asker: Asker, field: str, arguments: str):
    own = await page(asker, f"groups(by: DOMAIN, first: 1%s) {{ {INFO} }}")
    cursor = own["pageInfo"]["endCursor"]

    given = field % f', after: "{cursor}"'
    error = await asker.refused(f"{{ usage({arguments}) {{ {given} {{ {INFO} }} }} }}")

    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "after"}
    assert "belongs to another question" in error["message"]


async def test_a_cursor_of_another_subject_or_list_is_refused(asker: Asker, ada: Recorded):
    own = (await page(asker, f"groups(by: DOMAIN, first: 1%s) {{ {INFO} }}"))["pageInfo"]["endCursor"]
    blocks = encode_cursor("deepWorkBlocks", ("x", "2026-08-03T00:00:00Z", []))

    of_person = await asker.refused(
        f'{{ extensionUser(id: "{ada.id}") {{ usage({DAY}) {{ groups(by: DOMAIN, after: "{own}") {{ {INFO} }} }} }} }}'
    )
    as_transitions = await asker.refused(
        f'{{ usage({DAY}) {{ transitions(by: DOMAIN, after: "{own}") {{ {INFO} }} }} }}'
    )
    as_blocks = await asker.refused(f'{{ deepWork({DAY}) {{ blocks(after: "{own}") {{ nodes {{ start }} }} }} }}')
    of_blocks = await asker.refused(f'{{ usage({DAY}) {{ groups(by: DOMAIN, after: "{blocks}") {{ {INFO} }} }} }}')

    assert "belongs to another question" in of_person["message"]
    for error in (as_transitions, as_blocks, of_blocks):
        assert "belongs to another list" in error["message"]


async def test_first_may_change_from_page_to_page(asker: Asker):
    field = f"groups(by: DOMAIN, first: {{}}%s) {{ {GROUPS} {INFO} }}"
    own = await page(asker, field.replace("{}", "1"))

    found = await page(asker, field.replace("{}", "200"), after=own["pageInfo"]["endCursor"])

    assert [node["key"]["domain"] for node in found["nodes"]] == ["d.com", "c.com", "b.com", "a.com"]


async def test_the_pages_of_a_moving_period_are_of_the_range_that_the_list_began_with(world: World, ada: Recorded):
    asker = await world.super_admin()
    present = now()

    def visit(minutes: int, domain: str) -> RawEvent:
        return RawEvent("s", (present - timedelta(minutes=minutes)).isoformat(), "click", f"https://{domain}/")

    await world.browse(ada, visit(10, "new.com"), *(visit(90 + place, domain) for place, domain in enumerate("aab")))
    field = f"groups(by: DOMAIN, first: 1%s) {{ {GROUPS} {INFO} other {{ events }} }}"
    newest = await page(asker, field, 'period: {last: "PT1H"}')
    name, asked, moment, _ = decoded(newest["pageInfo"]["endCursor"])
    assert present <= datetime.fromisoformat(moment) <= now()

    earlier = (present - timedelta(minutes=80)).isoformat()
    began_earlier = encode_cursor(name, (asked, earlier, [2, "a", ""]))
    following = await page(asker, field, 'period: {last: "PT1H"}', after=began_earlier)

    assert [node["key"]["domain"] for node in newest["nodes"]] == ["new.com"]
    assert [node["key"]["domain"] for node in following["nodes"]] == ["b"]
    assert (following["totalCount"], following["other"]) == (2, {"events": 2})
    assert decoded(following["pageInfo"]["endCursor"])[2] == earlier.replace("+00:00", "Z")


async def test_a_tampered_cursor_is_refused(asker: Asker):
    field = f"groups(by: DOMAIN, first: 1%s) {{ {INFO} }}"
    whole = (await page(asker, field))["pageInfo"]["endCursor"]
    name, asked, moment, key = decoded(whole)
    tampered = {
        "a key too short": (asked, moment, key[:-1]),
        "a key of another type": (asked, moment, ["many", *key[1:]]),
        "a moment before all": (asked, "0001-01-01T00:00:00Z", key),
        "a moment after all": (asked, "9999-12-31T23:59:59Z", key),
        "a number beyond the database's": (asked, moment, [2**80, *key[1:]]),
    }

    for parts in tampered.values():
        given = field % f', after: "{encode_cursor(name, parts)}"'
        error = await asker.refused(f"{{ usage({DAY}) {{ {given} }} }}")
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
