"""A field that fails is null, with its path among the errors; what stands beside it is answered."""

from typing import Any

import pytest

from core.roles import Role
from tests.schema.usage_queries import DAY, between
from tests.world import Asker, Recorded, World, raw

BACKWARD = between("2026-08-04", "2026-08-03")
OF_PERIOD = {
    "usage": "usage(period: $period) { total { events } }",
    "deepWork": "deepWork(period: $period) { sessionsCount }",
    "sessions": "sessions(period: $period) { nodes { id } }",
    "behaviors": "behaviors(period: $period) { nodes { id } }",
}
ALL_OF_PERIOD = " ".join(OF_PERIOD.values())


@pytest.fixture
async def person(world: World) -> Recorded:
    person = await world.recorded(await world.organization("Acme"), "ada")
    await world.browse(person, raw("09:00:00", "click"), raw("09:01:00", "click"))
    return person


@pytest.fixture
async def asker(world: World, person: Recorded) -> Asker:
    """A super admin, who sees the person."""
    del person  # known to the database
    return await world.super_admin()


def failures(answer: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """The code and the message of each error by its path."""
    return {
        ".".join(map(str, error["path"])): (error["extensions"]["code"], error["message"]) for error in answer["errors"]
    }


async def test_the_same_bad_period_nulls_every_field_that_takes_it_alike(asker: Asker):
    answer = await asker.post(f"query ($period: Period!) {{ viewer {{ id }} {ALL_OF_PERIOD} }}", period=BACKWARD)

    assert answer["data"] == {"viewer": {"id": answer["data"]["viewer"]["id"]}} | dict.fromkeys(OF_PERIOD)
    found = failures(answer)
    assert set(found) == set(OF_PERIOD)
    assert len(set(found.values())) == 1
    assert found["usage"][0] == "BAD_USER_INPUT"


async def test_a_bad_period_leaves_the_person_it_was_asked_of(asker: Asker, person: Recorded):
    answer = await asker.post(
        f'query ($period: Period!) {{ extensionUser(id: "{person.id}") {{ username {ALL_OF_PERIOD} }} }}',
        period=BACKWARD,
    )

    assert answer["data"] == {"extensionUser": {"username": "ada"} | dict.fromkeys(OF_PERIOD)}
    assert set(failures(answer)) == {f"extensionUser.{name}" for name in OF_PERIOD}


async def test_fields_of_usage_that_fail_leave_the_others(asker: Asker):
    year = 'period: {between: {start: "2026-01-01T00:00:00Z", end: "2026-12-31T00:00:00Z"}}'

    answer = await asker.post(f"""{{ usage({year}) {{
        total {{ events }}
        series(every: HOUR) {{ start }}
        days: series(every: MONTH) {{ start }}
        groups(by: []) {{ totalCount }}
        split: groups(by: DOMAIN, orderBy: {{measure: EVENTS, key: ASC}}) {{ totalCount }}
        transitions(by: DOMAIN, first: 0) {{ totalCount }}
        people: groups(by: EXTENSION_USER) {{ nodes {{ measures {{ events }} series(every: HOUR) {{ start }} }} }}
    }} }}""")

    usage = answer["data"]["usage"]
    assert usage["total"] == {"events": 2}
    assert len(usage["days"]) == 12
    assert usage["series"] is usage["groups"] is usage["split"] is usage["transitions"] is None
    assert usage["people"] == {"nodes": [{"measures": {"events": 2}, "series": None}]}
    assert {path: code for path, (code, _) in failures(answer).items()} == dict.fromkeys(
        ("usage.series", "usage.groups", "usage.split", "usage.transitions", "usage.people.nodes.0.series"),
        "BAD_USER_INPUT",
    )


async def test_a_measure_that_cannot_be_split_leaves_the_other_groups(asker: Asker):
    answer = await asker.post(f"""{{ usage({DAY}) {{
        good: groups(by: DOMAIN) {{ nodes {{ measures {{ events }} }} other {{ sessionSeconds {{ p50 }} }} }}
        bad: groups(by: DOMAIN) {{ nodes {{ measures {{ sessionSeconds {{ p50 }} }} }} }}
    }} }}""")

    assert answer["data"]["usage"] == {"good": {"nodes": [{"measures": {"events": 2}}], "other": None}, "bad": None}
    assert set(failures(answer)) == {"usage.good.other", "usage.bad"}


async def test_fields_of_deep_work_and_of_sessions_that_fail_leave_the_others(asker: Asker):
    answer = await asker.post(f"""{{
        deepWork({DAY}) {{ sessionsCount blocks(first: 0) {{ nodes {{ start }} }} topDomains(first: 0) {{ domain }} }}
        sessions({DAY}) {{ nodes {{ events urls(first: 0) behaviors(first: 0) {{ nodes {{ id }} }} }} }}
    }}""")

    assert answer["data"] == {
        "deepWork": {"sessionsCount": 0, "blocks": None, "topDomains": None},
        "sessions": {"nodes": [{"events": 2, "urls": None, "behaviors": None}]},
    }
    assert set(failures(answer)) == {
        "deepWork.blocks", "deepWork.topDomains", "sessions.nodes.0.urls", "sessions.nodes.0.behaviors",
    }  # fmt: skip


async def test_what_the_viewer_may_not_see_leaves_what_they_may(world: World):
    organization = await world.organization("Acme")
    asker = await world.member(organization, Role.VIEWER)

    answer = await asker.post("""{
        users { totalCount }
        insightStatus { model }
        organizations { nodes { name extensionUsers(first: 0) { totalCount } } }
    }""")

    assert answer["data"] == {
        "users": None,
        "insightStatus": None,
        "organizations": {"nodes": [{"name": "Acme", "extensionUsers": None}]},
    }
    assert {path: code for path, (code, _) in failures(answer).items()} == {
        "users": "FORBIDDEN",
        "insightStatus": "FORBIDDEN",
        "organizations.nodes.0.extensionUsers": "BAD_USER_INPUT",
    }
