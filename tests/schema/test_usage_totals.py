"""The measures of `usage.total`, against their definitions written out in plain Python."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domains import domain_of
from core.events import RawEvent
from core.roles import Role
from tests.world import Asker, Recorded, World, raw

INACTIVE = {"blur", "visibility_hidden", "idle"}
MEASURES = "events activeEvents users sessions uniqueDomains trackedMinutes engagedMinutes trackedSeconds"
TOTAL = f"total {{ {MEASURES} }}"
WINDOW = timedelta(minutes=10)
_slot = count()


@dataclass(frozen=True)
class Seen:
    """An event as the reference sees it. `person` None: anonymous."""

    person: str | None
    offset: timedelta
    kind: str
    url: str
    session: str


def reference(events: Iterable[Seen]) -> dict[str, Any]:
    """The measures, as their definitions put it."""
    seen = [event for event in events if timedelta(0) <= event.offset < WINDOW]
    active = [event for event in seen if event.kind not in INACTIVE]
    sessions: dict[Any, list[timedelta]] = {}
    for event in seen:
        sessions.setdefault((event.person, event.session), []).append(event.offset)
    return {
        "events": len(seen),
        "activeEvents": len(active),
        "users": len({event.person for event in seen if event.person}),
        "sessions": len(sessions),
        "uniqueDomains": len({domain_of(event.url) for event in seen} - {None}),
        "trackedMinutes": len({(event.person, event.offset // timedelta(minutes=1)) for event in seen}),
        "engagedMinutes": len({(event.person, event.offset // timedelta(minutes=1)) for event in active}),
        "trackedSeconds": sum((max(of) - min(of) for of in sessions.values()), timedelta()).total_seconds(),
    }


def seen_by(person: str | None) -> st.SearchStrategy[list[Seen]]:
    """Events of somebody: in clusters, on the edges of the range, at the same moment, with and without a domain."""
    edges = [-0.001, 0, 0.001, 59.999, 60, 599.999, 600, 600.001]
    seconds = st.sampled_from(edges) | st.integers(0, 100).map(lambda n: 120 + n / 10) | st.integers(0, 600)
    event = st.builds(
        Seen,
        st.just(person),
        seconds.map(lambda number: timedelta(milliseconds=round(number * 1000))),
        st.sampled_from(["click", "focus", "keydown", "blur", "idle", "visibility_hidden"]),
        st.sampled_from(["https://a.com/1", "https://A.com/2", "https://b.com/", "chrome://newtab", ""]),
        st.sampled_from(["s1", "s2", "s3"]),
    )
    return st.lists(event, max_size=12)


@dataclass(frozen=True)
class TwoOrganizations:
    """Ann and Bob of one organization, Cyd of another; a member of the first, and a super admin."""

    world: World
    people: dict[str | None, Recorded | None]
    member: Asker
    super_admin: Asker


@pytest.fixture
async def two_organizations(world: World) -> TwoOrganizations:
    ours, theirs = await world.organization(), await world.organization()
    people: dict[str | None, Recorded | None] = {
        "ann": await world.recorded(ours, "ann"),
        "bob": await world.recorded(ours, "bob"),
        "cyd": await world.recorded(theirs, "cyd"),
        None: None,
    }
    return TwoOrganizations(world, people, await world.member(ours, Role.VIEWER), await world.super_admin())


async def store(two_organizations: TwoOrganizations, events: list[Seen]) -> dict[str, Any]:
    """Store the events in a window of time of their own; that window."""
    start = datetime(2026, 5, 1, tzinfo=UTC) + next(_slot) * 2 * WINDOW
    for name, person in two_organizations.people.items():
        raws = [
            RawEvent(event.session, (start + event.offset).isoformat(), event.kind, event.url)
            for event in events
            if event.person == name
        ]
        await two_organizations.world.browse(person, *raws)
    return {"between": {"start": start.isoformat(), "end": (start + WINDOW).isoformat()}}


@given(parts=st.tuples(*map(seen_by, ("ann", "bob", "cyd", None))))
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_totals_agree_with_their_definitions(two_organizations: TwoOrganizations, parts: tuple[list[Seen], ...]):
    events = [event for part in parts for event in part]
    period = await store(two_organizations, events)
    where = '{not: {anyOf: [{sessionIds: ["s1"]}, {eventTypes: [IDLE, CLICK]}]}}'  # narrows the events first
    query = f"""query ($period: Period!) {{
        all: usage(period: $period) {{ {TOTAL} }}
        some: usage(period: $period, where: {where}) {{ {TOTAL} }}
        organizations {{ nodes {{ usage(period: $period) {{ {TOTAL} }} }} }}
        extensionUsers {{ nodes {{
            username
            all: usage(period: $period) {{ {TOTAL} }}
            some: usage(period: $period, where: {where}) {{ {TOTAL} }}
        }} }}
    }}"""

    by_member = await two_organizations.member.ask(query, period=period)
    by_super_admin = await two_organizations.super_admin.ask(query, period=period)

    some = [e for e in events if not (e.session == "s1" or e.kind in {"idle", "click"})]
    for answer, visible in ((by_member, {"ann", "bob"}), (by_super_admin, set(two_organizations.people))):
        assert answer["all"]["total"] == reference(e for e in events if e.person in visible)
        assert answer["some"]["total"] == reference(e for e in some if e.person in visible)
        for node in answer["extensionUsers"]["nodes"]:
            assert node["all"]["total"] == reference(e for e in events if e.person == node["username"])
            assert node["some"]["total"] == reference(e for e in some if e.person == node["username"])
    [ours] = by_member["organizations"]["nodes"]
    assert ours["usage"]["total"] == reference(e for e in events if e.person in {"ann", "bob"})


async def test_the_worked_example(world: World):
    organization = await world.organization()
    person = await world.recorded(organization)
    await world.browse(
        person,
        raw("09:00:00", "pageshow", "https://a.com/1"),
        raw("09:00:30", "click", "https://a.com/1", x=1, y=1),
        raw("09:02:00", "blur", "https://a.com/1"),
        raw("09:03:10", "focus", "https://b.com/"),
        raw("09:20:00", "click", "https://b.com/", x=1, y=1),
    )
    asker = await world.member(organization)

    answer = await asker.ask(
        f"""query ($id: ID!, $period: Period!) {{
            extensionUser(id: $id) {{ usage(period: $period) {{ start end timezone {TOTAL} }} }}
        }}""",
        id=str(person.id),
        period={"between": {"start": "2026-08-03T00:00:00Z", "end": "2026-08-04T00:00:00Z"}},
    )

    assert answer["extensionUser"]["usage"] == {
        "start": "2026-08-03T00:00:00.000Z",
        "end": "2026-08-04T00:00:00.000Z",
        "timezone": "UTC",
        "total": {
            "events": 5,
            "activeEvents": 4,
            "users": 1,
            "sessions": 1,
            "uniqueDomains": 2,
            "trackedMinutes": 4,
            "engagedMinutes": 3,
            "trackedSeconds": 1200,
        },
    }


async def test_a_range_has_its_start_and_lacks_its_end(world: World):
    person = await world.recorded(await world.organization())
    await world.browse(person, raw("08:59:59.999999"), raw("09:00:00"), raw("09:59:59.999999"), raw("10:00:00"))
    asker = await world.super_admin()
    period = {"between": {"start": "2026-08-03T09:00:00Z", "end": "2026-08-03T10:00:00Z"}}

    answer = await asker.ask(
        """query ($period: Period!) {
            usage(period: $period) { total { events trackedSeconds } }
            behaviors(where: {period: $period}) { nodes { ts } }
            sessions(period: $period) { nodes { start end seconds events } }
        }""",
        period=period,
    )

    assert answer["usage"]["total"] == {"events": 2, "trackedSeconds": 3599.999999}
    assert [node["ts"] for node in answer["behaviors"]["nodes"]] == [
        "2026-08-03T09:59:59.999Z",
        "2026-08-03T09:00:00.000Z",
    ]
    assert answer["sessions"]["nodes"] == [
        {"start": "2026-08-03T09:00:00.000Z", "end": "2026-08-03T09:59:59.999Z", "seconds": 3599.999999, "events": 2}
    ]
