"""Metrics of one tenant hold nothing of another, to the number: parts of the whole, the rest, what went before."""

from typing import Any

import pytest

from core.events import RawEvent
from tests.schema.sample_tenants import SampleTenants, create_sample_tenants, outcome
from tests.world import World, raw

PERSON, NAME = "nodes { key { extensionUser { username } } }", "key { organization { name } }"
BLOCK = "blocks { nodes { extensionUser { username } domains { domain } } } topDomains { domain }"
# What readers of `Ours`, the outsider of `Theirs` and super admins get. `Ours` is olga's, `Theirs` theo's.
EVERYWHERE: dict[str, tuple[Any, Any, Any]] = {
    f"usage(period: $period) {{ groups(by: EXTENSION_USER) {{ totalCount {PERSON} other {{ events }} }} }}": (
        [1, "olga", 0], [1, "theo", 0], [2, "olga", "theo", 0],
    ),
    f"usage(period: $period) {{ groups(by: ORGANIZATION) {{ nodes {{ {NAME} share(of: EVENTS) }} }} }}": (
        ["Ours", 1], ["Theirs", 1], ["Ours", 0.5, "Theirs", pytest.approx(12 / 26)],
    ),
    "usage(period: $period) { groups(by: DOMAIN, first: 1) { nodes { key { domain } } other { events users } } }": (
        ["ours.com", 0, 0], ["theirs.com", 0, 0], ["ours.com", 13, 1],
    ),
    "usage(period: $period) { groups(by: SESSION) { nodes { key { sessionId extensionUser { username } } } } }": (
        ["s-ours", "olga"], ["s-theirs", "theo"], ["s-ours", "olga", "s-theirs", "theo", "s-nobody", None],
    ),
    "usage(period: $period) { series(every: DAY) { measures { events } previous { events } } }": (
        [13, 1], [12, 1], [26, 2],
    ),
    "usage(period: $period) { previous { users } total { users deepWorkSessions } }": ([1, 1, 1], [1, 1, 1], [2, 2, 2]),
    f"deepWork(period: $period) {{ sessionsCount {BLOCK} series(every: DAY) {{ sessions }} }}": (
        [1, "olga", "ours.com", "ours.com", 1],
        [1, "theo", "theirs.com", "theirs.com", 1],
        [2, "olga", "ours.com", "theo", "theirs.com", "ours.com", "theirs.com", 2],
    ),
}  # fmt: skip
FILTERS = ["organizationIds: [$theirs]", "extensionUserIds: [$theo]", "anyOf: [{extensionUserIds: [$theo]}]"]


@pytest.fixture
async def tenants(world: World) -> SampleTenants:
    """The tenants; olga and theo each did half an hour of deep work, and something the day before."""
    tenants = await create_sample_tenants(world)
    for tenant, hour in ((tenants.ours, "12"), (tenants.theirs, "13")):
        name = tenant.organization.name.lower()
        url, session = f"https://{name}.com/", f"s-{name}"
        work = [raw(f"{hour}:{minute:02}:00", "keydown", url, session) for minute in range(0, 33, 3)]
        await world.browse(tenant.person, *work, RawEvent(session, "2026-08-02T09:00:00Z", "click", url))
    await world.browse(
        tenants.ours.person, raw("15:00:00", "idle", "https://ours.com/", "s-ours")
    )  # one more than theo
    return tenants


@pytest.mark.parametrize("part", ["viewer", "member", "admin", "outsider", "super_admin"])
async def test_everybody_is_measured_within_their_own(tenants: SampleTenants, part: str):
    place = {"outsider": 1, "super_admin": 2}.get(part, 0)

    got = {query: await outcome(tenants.everybody[part], f"{{ {query} }}", **tenants.variables) for query in EVERYWHERE}

    assert got == {query: expected[place] for query, expected in EVERYWHERE.items()}


@pytest.mark.parametrize("subject", ["", "organization(id: $ours)", "extensionUser(id: $olga)"])
async def test_filters_on_others_measure_nothing(tenants: SampleTenants, subject: str):
    for where in FILTERS:
        arguments = f"period: $period, where: {{{where}}}"
        query = f"""
            usage({arguments}) {{
                total {{ events users sessions deepWorkSessions engagementRate }} previous {{ events }}
                series(every: DAY) {{ measures {{ events }} }}
                groups(by: EXTENSION_USER) {{ totalCount other {{ events }} }}
            }}
            deepWork({arguments}) {{ sessionsCount rate blocks {{ nodes {{ start }} }} topDomains {{ domain }} }}
        """
        asked = f"{subject} {{ {query} }}" if subject else query

        got = await outcome(tenants.admin, f"{{ {asked} }}", **tenants.variables)

        assert got == [0, 0, 0, 0, None, 0, 0, 0, 0, 0, None]


async def test_a_cursor_made_elsewhere_leads_into_ones_own_groups_only(tenants: SampleTenants):
    query = """query ($period: Period!, $after: String) { usage(period: $period) {
        groups(by: EXTENSION_USER, first: 1, after: $after) {
            nodes { key { extensionUser { username } } } totalCount pageInfo { endCursor }
        }
    } }"""
    period = tenants.variables["period"]
    page = (await tenants.super_admin.ask(query, period=period))["usage"]["groups"]

    answer = await tenants.admin.ask(query, period=period, after=page["pageInfo"]["endCursor"])

    assert answer["usage"]["groups"]["nodes"] == []
    assert answer["usage"]["groups"]["totalCount"] == 1
