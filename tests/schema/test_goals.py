"""Goals: set by admins, refused if nobody can meet them, and how they are met, day by day, week by week."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from core.events import RawEvent
from core.goals import GoalInterval
from core.ids import encode_node_id
from core.roles import Role
from db.queries.goals import GoalRow
from resolvers import goals
from tests.conftest import StatementCounter
from tests.execution.test_query_cost import points
from tests.schema.sample_tenants import run
from tests.schema.usage_queries import between, metrics_statements
from tests.world import Asker, Recorded, World, raw

RESULT = "__typename ... on Error { message } ... on InvalidInput { field }"
GOAL = """goal { id name measure every atLeast atMost weekdays where timezone
    organization { name } team { name } extensionUser { username } }"""
CREATE = f"""mutation ($input: CreateGoalInput!) {{
    createGoal(input: $input) {{ {RESULT} ... on CreateGoalSuccess {{ {GOAL} }} }}
}}"""
UPDATE = f"""mutation ($input: UpdateGoalInput!) {{
    updateGoal(input: $input) {{ {RESULT} ... on UpdateGoalSuccess {{ {GOAL} }} }}
}}"""
DELETE = """mutation ($input: DeleteGoalInput!) {
    deleteGoal(input: $input) { __typename ... on DeleteGoalSuccess { deletedId } }
}"""
LOG = "{ auditLog { nodes { action subjectId details { name value } } } }"
PROGRESS = """query ($id: ID!, $period: Period!, $weekStart: WeekStart) { goal(id: $id) {
    progress(period: $period, weekStart: $weekStart) { streak rate buckets { start end value met state } }
} }"""
WEEK = between("2026-08-03", "2026-08-10")  # Monday to Monday
EVENTS = {"name": "Busy", "measure": "EVENTS", "every": "DAY", "atLeast": 1}


def goal_id(row: GoalRow) -> str:
    """The opaque id of a goal."""
    return encode_node_id("Goal", row.id.bytes)


async def progress(asker: Asker, row: GoalRow, period: Any = WEEK, **more: Any) -> dict[str, Any]:
    """The progress of a goal."""
    found: dict[str, Any] = (await asker.ask(PROGRESS, id=goal_id(row), period=period, **more))["goal"]["progress"]
    return found


async def worked_on(world: World, person: Recorded, *days: str) -> None:
    """Store an event of the person on each of these days, at noon."""
    await world.browse(person, *(RawEvent(day, f"{day}T12:00:00Z", "click", "https://a.com/1") for day in days))


async def test_a_goal_is_set_changed_and_deleted(world: World):
    acme = await world.organization("Acme")
    admin, person = await world.member(acme), await world.recorded(acme, "ada")
    where = {"domain": {"in": ["a.com"]}, "categories": ["WORK_TOOLS"], "not": {"eventTypes": ["IDLE"]}}
    terms = {
        "name": " Focus ",
        "measure": "ACTIVE_SECONDS",
        "every": "DAY",
        "atLeast": 3600,
        "atMost": 28800.5,
        "weekdays": ["FRIDAY", "MONDAY", "MONDAY"],
        "where": where,
        "timezone": "Europe/Berlin",
    }

    made = await run(admin, CREATE, subject={"extensionUserId": str(person.id)}, **terms)
    goal = made["goal"]
    changed = await run(
        admin, UPDATE, id=goal["id"], every="WEEK", weekdays=None, atMost=None, where=None, atLeast=18000, name="More"
    )
    deleted = await run(admin, DELETE, id=goal["id"])
    again = await run(admin, DELETE, id=goal["id"])

    assert goal.pop("where") == where
    assert goal == {
        "id": goal["id"],
        "name": "Focus",
        "measure": "ACTIVE_SECONDS",
        "every": "DAY",
        "atLeast": 3600,
        "atMost": 28800.5,
        "weekdays": ["MONDAY", "FRIDAY"],
        "timezone": "Europe/Berlin",
        "organization": {"name": "Acme"},
        "team": None,
        "extensionUser": {"username": "ada"},
    }
    nothing = {"atMost": None, "weekdays": None, "where": None}
    assert changed["goal"] == goal | nothing | {"name": "More", "every": "WEEK", "atLeast": 18000}
    assert deleted["deletedId"] == goal["id"]
    assert again == {"__typename": "NotFound"}
    entries = (await admin.ask(LOG))["auditLog"]["nodes"]
    assert [entry["action"] for entry in entries] == ["GOAL_DELETED", "GOAL_UPDATED", "GOAL_CREATED"]
    assert {entry["subjectId"] for entry in entries} == {str(person.id)}
    assert {detail["name"] for entry in entries for detail in entry["details"]} == {"goalId", "measure"}


@pytest.mark.parametrize(
    ("terms", "field", "message"),
    [
        ({"atLeast": None}, "atLeast", "A goal has `atLeast`, `atMost` or both."),
        ({"atLeast": 0}, "atLeast", "must be more than 0"),
        ({"atLeast": -1}, "atLeast", "must be more than 0"),
        ({"atMost": -0.5}, "atMost", "must not be less than 0"),
        ({"atLeast": 10, "atMost": 9}, "atLeast", "`atLeast` (10) must not be more than `atMost` (9)."),
        ({"atLeast": 2.1, "atMost": 2.9}, "atLeast", "no whole number lies between 2.1 and 2.9"),
        ({"measure": "ACTIVE_SECONDS", "atLeast": 86401}, "atLeast", "`activeSeconds` of one day is at most 86400."),
        ({"measure": "ENGAGED_MINUTES", "atLeast": 1441}, "atLeast", "`engagedMinutes` of one day is at most 1440."),
        (
            {"measure": "DEEP_WORK_SECONDS", "atLeast": 604801, "every": "WEEK"},
            "atLeast",
            "`deepWorkSeconds` of one week is at most 604800.",
        ),
        (
            {"measure": "TRACKED_MINUTES", "atLeast": 44641, "every": "MONTH"},
            "atLeast",
            "`trackedMinutes` of one month is at most 44640.",
        ),
        ({"measure": "ENGAGEMENT_RATE", "atLeast": 101}, "atLeast", "`engagementRate` of one day is at most 100."),
        ({"measure": "USERS"}, "measure", "A person's goal takes one of: EVENTS, ACTIVE_EVENTS, SESSIONS"),
        ({"weekdays": []}, "weekdays", "names at least one day"),
        ({"weekdays": ["MONDAY"], "every": "WEEK"}, "weekdays", "goes with `every: DAY` only"),
        ({"name": " "}, "name", "`name` must not be empty."),
        ({"where": {"teamIds": []}}, "where", "takes no `teamIds`"),
        ({"where": {"not": {"anyOf": [{"sessionIds": ["s"]}]}}}, "where", "takes no `sessionIds`"),
        ({"where": {"domain": {"in": []}}}, "where", "no event meets `where`"),
        ({"where": {"allOf": [{"anyOf": []}]}}, "where", "no event meets `where`"),
        ({"where": {"domain": {"matches": "a b"}}}, "domain", ""),
    ],
)
async def test_a_goal_that_nobody_can_meet_is_refused(world: World, terms: dict[str, Any], field: str, message: str):
    acme = await world.organization()
    admin, person = await world.member(acme), await world.recorded(acme)
    subject = {"extensionUserId": str(person.id)}
    row = await world.goal(acme, person=person)

    made = await run(admin, CREATE, subject=subject, **(EVENTS | terms))
    changed = await run(admin, UPDATE, id=goal_id(row), **(EVENTS | terms))

    for answer in (made, changed):
        assert (answer["__typename"], answer["field"]) == ("InvalidInput", field)
        assert message in answer["message"]


@pytest.mark.parametrize("measure", ["ACTIVE_SECONDS", "ENGAGED_MINUTES", "USERS"])
async def test_several_people_have_more_than_24_hours_a_day(world: World, measure: str):
    acme = await world.organization()
    admin, team = await world.member(acme), await world.team(acme, name="Sales")
    terms = EVENTS | {"measure": measure, "atLeast": 1_000_000}

    of_team = await run(admin, CREATE, subject={"teamId": str(team.id)}, **terms)
    of_all = await run(admin, CREATE, subject={"organizationId": str(acme.id)}, **terms)

    assert of_team["goal"]["team"] == {"name": "Sales"}
    assert (of_all["goal"]["team"], of_all["goal"]["extensionUser"]) == (None, None)


async def test_at_most_nothing_is_a_goal(world: World):
    acme = await world.organization()
    admin, person = await world.member(acme), await world.recorded(acme)
    terms = EVENTS | {"atLeast": None, "atMost": 0, "where": {"domain": {"under": "video.com"}}}

    made = await run(admin, CREATE, subject={"extensionUserId": str(person.id)}, **terms)

    assert made["__typename"] == "CreateGoalSuccess"


async def test_an_organization_has_so_many_goals(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(goals, "GOALS", 2)
    acme = await world.organization()
    admin = await world.member(acme)
    await world.goal(acme)
    await world.goal(acme, team=await world.team(acme))

    answer = await run(admin, CREATE, subject={"organizationId": str(acme.id)}, **EVENTS)

    assert answer["__typename"] == "TooManyGoals"
    assert answer["message"] == "An organization has at most 2 goals. Delete one first."


async def test_members_read_and_admins_write(world: World):
    acme, other = await world.organization(), await world.organization()
    viewer, outsider = await world.member(acme, Role.VIEWER), await world.member(other)
    person, team = await world.recorded(acme), await world.team(acme)
    row = await world.goal(acme)

    assert (await progress(viewer, row))["streak"] == 0
    assert (await outsider.ask(PROGRESS, id=goal_id(row), period=WEEK))["goal"] is None
    refused = await viewer.refused(UPDATE, input={"id": goal_id(row), "name": "Mine"})
    assert refused["extensions"]["code"] == "FORBIDDEN"
    for subject in ({"organizationId": str(acme.id)}, {"teamId": str(team.id)}, {"extensionUserId": str(person.id)}):
        refused = await viewer.refused(CREATE, input=EVENTS | {"subject": subject})
        assert refused["extensions"]["code"] == "FORBIDDEN"
        assert (await run(outsider, CREATE, subject=subject, **EVENTS))["__typename"] == "NotFound"


async def test_goals_are_listed_where_they_belong(world: World):
    acme = await world.organization()
    member = await world.member(acme, Role.MEMBER)
    person = await world.recorded(acme)
    team = await world.team(acme, person)
    await world.goal(acme, name="all")
    await world.goal(acme, team=team, name="team's")
    await world.goal(acme, person=person, name="person's")

    answer = await member.ask(
        """query ($id: ID!, $team: ID!, $person: ID!) {
            organization(id: $id) { goals(first: 2) { nodes { name } pageInfo { hasNextPage } } }
            team(id: $team) { goals { nodes { name } } }
            extensionUser(id: $person) { goals { nodes { name } } }
        }""",
        id=str(acme.id),
        team=str(team.id),
        person=str(person.id),
    )

    assert answer == {
        "organization": {"goals": {"nodes": [{"name": "all"}, {"name": "team's"}], "pageInfo": {"hasNextPage": True}}},
        "team": {"goals": {"nodes": [{"name": "team's"}]}},
        "extensionUser": {"goals": {"nodes": [{"name": "person's"}]}},
    }


async def test_days_off_do_not_break_a_streak(world: World):
    acme = await world.organization()
    viewer, person = await world.member(acme, Role.VIEWER), await world.recorded(acme)
    await worked_on(world, person, "2026-08-03", "2026-08-05", "2026-08-06", "2026-08-07", "2026-08-10")
    workdays = await world.goal(acme, person=person, weekdays=(1, 2, 3, 4, 5))
    every_day = await world.goal(acme, person=person)

    found = await progress(viewer, workdays, between("2026-08-03", "2026-08-11"))
    plain = await progress(viewer, every_day, between("2026-08-03", "2026-08-11"))

    states = [bucket["state"] for bucket in found["buckets"]]
    assert states == ["MET", "MISSED", "MET", "MET", "MET", "OFF", "OFF", "MET"]
    assert [bucket["met"] for bucket in found["buckets"]] == [True, False, True, True, True, None, None, True]
    assert (found["streak"], found["rate"]) == (4, 5 / 6)
    assert (plain["streak"], plain["rate"]) == (1, 5 / 8)


async def test_buckets_are_whole_in_the_goals_time_zone(world: World):
    acme = await world.organization()
    viewer, person = await world.member(acme), await world.recorded(acme)
    zone = ZoneInfo("Europe/Berlin")  # clocks go back on Sunday, 25 October
    days = await world.goal(acme, person=person, timezone=zone)
    weeks = await world.goal(acme, person=person, timezone=zone, interval=GoalInterval.WEEK)
    months = await world.goal(acme, person=person, timezone=zone, interval=GoalInterval.MONTH)
    weekend = between("2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z")

    async def spans(row: GoalRow, **more: Any) -> list[tuple[str, str]]:
        buckets = (await progress(viewer, row, weekend, **more))["buckets"]
        return [(bucket["start"][:16], bucket["end"][:16]) for bucket in buckets]

    assert await spans(days) == [("2026-10-23T22:00", "2026-10-24T22:00"), ("2026-10-24T22:00", "2026-10-25T23:00")]
    assert await spans(weeks) == [("2026-10-18T22:00", "2026-10-25T23:00")]
    assert await spans(weeks, weekStart="SUNDAY") == [
        ("2026-10-17T22:00", "2026-10-24T22:00"),
        ("2026-10-24T22:00", "2026-10-31T23:00"),
    ]
    assert await spans(months) == [("2026-09-30T22:00", "2026-10-31T23:00")]


async def test_weeks_begin_as_the_organizations_do(world: World):
    acme = await world.organization()
    admin, person = await world.member(acme), await world.recorded(acme)
    await admin.ask(
        "mutation ($id: ID!) { updateOrganization(input: {id: $id, weekStart: SATURDAY}) { __typename } }",
        id=str(acme.id),
    )
    row = await world.goal(acme, person=person, interval=GoalInterval.WEEK)

    [first, second] = (await progress(admin, row))["buckets"]

    assert (first["start"][:10], second["end"][:10]) == ("2026-08-01", "2026-08-15")


async def test_a_filter_and_both_bounds(world: World):
    acme = await world.organization()
    admin, person = await world.member(acme), await world.recorded(acme)
    await world.browse(
        person,
        *(raw(f"12:0{number}:00", "click", "https://a.com/") for number in range(3)),
        *(raw(f"13:0{number}:00", "click", "https://b.com/") for number in range(5)),
    )
    terms = EVENTS | {"atLeast": 2, "atMost": 4, "where": {"domain": {"eq": "a.com"}}}

    made = await run(admin, CREATE, subject={"organizationId": str(acme.id)}, **terms)
    answer = await admin.ask(PROGRESS, id=made["goal"]["id"], period=between("2026-08-03", "2026-08-04"))

    [bucket] = answer["goal"]["progress"]["buckets"]
    assert (bucket["value"], bucket["met"]) == (3, True)


async def test_a_percentage_of_nothing_is_not_judged(world: World):
    acme = await world.organization()
    viewer, person = await world.member(acme), await world.recorded(acme)
    await worked_on(world, person, "2026-08-03", "2026-08-05")
    row = await world.goal(acme, person=person, measure="engagement_rate", at_least=50.0)

    found = await progress(viewer, row, between("2026-08-03", "2026-08-06"))

    assert [(bucket["value"], bucket["state"]) for bucket in found["buckets"]] == [
        (100, "MET"),
        (None, "UNDECIDED"),
        (100, "MET"),
    ]
    assert (found["streak"], found["rate"]) == (2, 1)


async def test_the_future_is_undecided(world: World):
    acme = await world.organization()
    viewer, person = await world.member(acme), await world.recorded(acme)
    least = await world.goal(acme, person=person)
    most = await world.goal(acme, person=person, at_least=None, at_most=5.0)

    for row in (least, most):
        found = await progress(viewer, row, between("2999-08-03", "2999-08-05"))
        assert [(bucket["value"], bucket["state"]) for bucket in found["buckets"]] == [(0, "UNDECIDED")] * 2
        assert (found["streak"], found["rate"]) == (0, None)


@pytest.mark.parametrize("start", ["0001-01-01T00:00:00Z", "9999-12-30T00:00:00Z"])
async def test_the_ends_of_time_are_refused_or_answered(world: World, start: str):
    acme = await world.organization()
    viewer = await world.member(acme)
    row = await world.goal(acme, interval=GoalInterval.MONTH, timezone=ZoneInfo("America/New_York"))
    end = datetime.fromisoformat(start).astimezone(UTC).replace(hour=12).isoformat()

    answer = await viewer.post(PROGRESS, id=goal_id(row), period={"between": {"start": start, "end": end}})

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert answer["data"] == {"goal": {"progress": None}}


async def test_the_same_goal_of_many_people_is_one_statement(world: World, statements: StatementCounter):
    acme = await world.organization()
    viewer = await world.member(acme)
    for _ in range(5):
        await world.goal(acme, person=await world.recorded(acme))

    statements.clear()
    await viewer.ask(
        """query ($id: ID!, $period: Period!) { organization(id: $id) { extensionUsers { nodes {
            goals { nodes { progress(period: $period) { rate } } }
        } } } }""",
        id=str(acme.id),
        period=WEEK,
    )

    assert len(metrics_statements(statements)) == 1


def test_progress_is_priced_by_its_days():
    query = 'query ($period: Period!) { goal(id: "1") { progress(period: $period) { buckets { value } } } }'

    day, year = points(query, period=between("2026-08-03", "2026-08-04")), points(query, period={"last": "P400D"})

    assert day < 10
    assert year == pytest.approx(200 + 401 * 1.1 + 2, abs=1)


async def test_goals_go_with_whom_they_are_of(world: World):
    acme = await world.organization()
    admin, person = await world.member(acme), await world.recorded(acme)
    team = await world.team(acme, person)
    await world.goal(acme, person=person)
    await world.goal(acme, team=team)
    await world.goal(acme)
    names = "query ($id: ID!) { organization(id: $id) { goals { nodes { extensionUser { id } team { id } } } } }"

    await admin.ask("mutation ($id: ID!) { eraseExtensionUser(input: {id: $id}) { __typename } }", id=str(person.id))
    after_person = await admin.ask(names, id=str(acme.id))
    await admin.ask("mutation ($id: ID!) { deleteTeam(input: {id: $id}) { __typename } }", id=str(team.id))
    after_team = await admin.ask(names, id=str(acme.id))

    left = [answer["organization"]["goals"]["nodes"] for answer in (after_person, after_team)]
    assert [goal["extensionUser"] for goal in left[0]] == [None, None]
    assert left[1] == [{"extensionUser": None, "team": None}]
    async with world.services.database.write() as db:
        await db.execute(text("DELETE FROM organizations"))
        assert await db.scalar(text("SELECT count(*) FROM goals")) == 0
