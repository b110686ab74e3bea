"""The day that weeks begin on: the one asked for, else the organization's, else Monday; and the zone of presets."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, get_named_type

from core.clock import now
from core.events import RawEvent
from core.periods import PeriodPreset, preset
from core.weeks import WeekStart
from db.queries.organizations import OrganizationRow
from execution.scalar_formats import format_instant
from schema.build import schema
from tests.schema.usage_queries import between
from tests.world import Asker, Recorded, World, raw

UPDATE = """mutation ($input: UpdateOrganizationInput!) { updateOrganization(input: $input) {
    __typename ... on UpdateOrganizationSuccess { organization { weekStart } } ... on InvalidInput { field message }
} }"""
PLACES = """query ($organization: ID!, $person: ID!, $period: Period!, $day: WeekStart) {
    organization(id: $organization) {
        weekStart usage(period: $period, weekStart: $day) { start weekStart series(every: WEEK) { start } }
        insight(period: $period, weekStart: $day) { start }
    }
    extensionUser(id: $person) {
        usage(period: $period, weekStart: $day) { start weekStart series(every: WEEK) { start } }
        insight(period: $period, weekStart: $day) { start }
    }
    usage(period: $period, weekStart: $day) { start weekStart series(every: WEEK) { start } }
}"""


@pytest.fixture
async def organization(world: World) -> OrganizationRow:
    return await world.organization()


@pytest.fixture
async def person(world: World, organization: OrganizationRow) -> Recorded:
    return await world.recorded(organization)


@pytest.fixture
async def admin(world: World, organization: OrganizationRow) -> Asker:
    return await world.member(organization)


async def set_week_start(admin: Asker, organization: OrganizationRow, day: str | None) -> dict[str, Any]:
    answer = await admin.ask(UPDATE, input={"id": str(organization.id), "weekStart": day})
    found: dict[str, Any] = answer["updateOrganization"]
    return found


async def places(admin: Asker, person: Recorded, period: dict[str, Any], day: str | None = None) -> dict[str, Any]:
    given = {"organization": str(person.row.organization_id), "person": str(person.id), "period": period, "day": day}
    return await admin.ask(PLACES, **given)


def first_days(moments: list[datetime], day: WeekStart) -> set[str]:
    """When the present week began, seen at any of these moments."""
    utc = ZoneInfo("UTC")
    return {format_instant(preset(PeriodPreset.THIS_WEEK, moment, utc, day).start) for moment in moments}


async def test_an_organizations_weeks_begin_on_its_day_and_else_on_the_one_asked_for(
    organization: OrganizationRow, person: Recorded, admin: Asker
):
    # Given
    before = now()
    changed = await set_week_start(admin, organization, "SUNDAY")
    # When
    default = await places(admin, person, {"preset": "THIS_WEEK"})
    asked = await places(admin, person, {"preset": "THIS_WEEK"}, "SATURDAY")
    # Then
    moments = [before, now()]
    assert changed["organization"] == {"weekStart": "SUNDAY"}
    assert default["organization"]["weekStart"] == "SUNDAY"
    for place in ("organization", "extensionUser"):
        for field in ("usage", "insight"):
            assert default[place][field]["start"] in first_days(moments, WeekStart.SUNDAY)
            assert asked[place][field]["start"] in first_days(moments, WeekStart.SATURDAY)
        assert default[place]["usage"]["weekStart"] == "SUNDAY"
    assert default["usage"]["start"] in first_days(moments, WeekStart.MONDAY)
    assert (default["usage"]["weekStart"], asked["usage"]["weekStart"]) == ("MONDAY", "SATURDAY")


async def test_weeks_as_buckets_begin_on_that_day(organization: OrganizationRow, person: Recorded, admin: Asker):
    await set_week_start(admin, organization, "SATURDAY")
    period = between("2026-08-03", "2026-08-17")  # Monday to Monday

    found = await places(admin, person, period)
    on_sunday = await places(admin, person, period, "SUNDAY")

    def starts(usage: dict[str, Any]) -> list[str]:
        return [bucket["start"][8:10] for bucket in usage["series"]]

    assert starts(found["organization"]["usage"]) == starts(found["extensionUser"]["usage"]) == ["03", "08", "15"]
    assert starts(found["usage"]) == ["03", "10"]
    assert {tuple(starts(each.get("usage") or each)) for each in on_sunday.values()} == {("03", "09", "16")}


async def test_an_organization_is_made_with_its_day_and_the_log_tells_when_it_changes(world: World):
    # Given
    query = """mutation ($input: CreateOrganizationInput!) { createOrganization(input: $input) {
        ... on CreateOrganizationSuccess { organization { uuid weekStart } } } }"""
    log = "query ($id: ID!) { organization(id: $id) { auditLog { nodes { action details { name value } } } } }"
    asker = await world.super_admin()
    # When
    made = [(await asker.ask(query, input={"name": day or "usual"} | ({"weekStart": day} if day else {})))
            ["createOrganization"]["organization"] for day in ("SATURDAY", None)]  # fmt: skip
    for day in ("SATURDAY", "SUNDAY"):
        await asker.ask(UPDATE, input={"id": made[0]["uuid"], "weekStart": day})
    entries = (await asker.ask(log, id=made[0]["uuid"]))["organization"]["auditLog"]["nodes"]
    # Then
    assert [each["weekStart"] for each in made] == ["SATURDAY", "MONDAY"]
    assert [(each["action"], {detail["name"]: detail["value"] for detail in each["details"]}) for each in entries] == [
        ("WEEK_START_CHANGED", {"before": "SATURDAY", "after": "SUNDAY"}),
        ("ORGANIZATION_CREATED", {}),
    ]


async def test_no_day_is_no_first_day(organization: OrganizationRow, admin: Asker):
    answer = await set_week_start(admin, organization, None)
    error = await admin.refused(UPDATE, input={"id": str(organization.id), "weekStart": "FRIDAY"})
    asked = await admin.refused('{ usage(period: {preset: THIS_WEEK}, weekStart: "SUNDAY") { start } }')

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", "weekStart")
    assert "MONDAY, SUNDAY, SATURDAY" in answer["message"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "WeekStart" in error["message"]
    assert "WeekStart" in asked["message"]


async def test_the_catalogue_of_presets_takes_the_day(admin: Asker):
    query = "query ($day: WeekStart) { periodPresets(weekStart: $day) { key start } }"
    before = now()

    found = {day.name: (await admin.ask(query, day=day.name))["periodPresets"] for day in WeekStart}

    for day in WeekStart:
        [this_week] = [info["start"] for info in found[day.name] if info["key"] == "THIS_WEEK"]
        assert this_week in first_days([before, now()], day)


async def test_groups_by_day_of_the_week_begin_with_that_day(world: World, person: Recorded, admin: Asker):
    # Given an event on each day of a week
    days = range(3, 10)  # from Monday on
    await world.browse(person, *(RawEvent("s", f"2026-08-{day:02}T09:00:00Z", "click", "") for day in days))
    query = """query ($period: Period!, $day: WeekStart, $order: UsageOrder) { usage(period: $period, weekStart: $day) {
        groups(by: DAY_OF_WEEK, orderBy: $order) { nodes { key { dayOfWeek } } }
    } }"""

    async def order(day: str | None, by: dict[str, Any] | None) -> list[int]:
        answer = await admin.ask(query, period=between("2026-08-03", "2026-08-10"), day=day, order=by)
        return [node["key"]["dayOfWeek"] for node in answer["usage"]["groups"]["nodes"]]

    # Then the numbers mean what they meant, and their order is that of the week
    assert await order(None, {"key": "ASC"}) == [1, 2, 3, 4, 5, 6, 7]
    assert await order("SUNDAY", {"key": "ASC"}) == [7, 1, 2, 3, 4, 5, 6]
    assert await order("SATURDAY", {"key": "DESC"}) == [5, 4, 3, 2, 1, 7, 6]
    assert await order("SATURDAY", None) == [6, 7, 1, 2, 3, 4, 5]  # all have one event: ties by key


LISTS = """query ($person: ID!, $period: Period!, $zone: TimeZone!) {
    extensionUser(id: $person) {
        behaviors(period: $period, timezone: $zone) { nodes { sessionId } }
        filtered: behaviors(where: {period: $period}, timezone: $zone) { nodes { sessionId } }
        sessions(period: $period, timezone: $zone) { nodes { sessionId } }
        usage(period: $period, timezone: $zone) { groups(by: SESSION) { nodes { sessionId: key { sessionId } } } }
    }
    behaviors(period: $period, timezone: $zone) { nodes { sessionId } }
    filtered: behaviors(where: {period: $period}, timezone: $zone) { nodes { sessionId } }
    sessions(period: $period, timezone: $zone) { nodes { sessionId } }
}"""


async def test_events_and_sessions_of_a_preset_are_those_of_the_zones_days(
    world: World, person: Recorded, admin: Asker
):
    # Given two zones on either side of the date line, and an event of either's yesterday that is not of the other's
    moment = now()
    zones = {"east": "Pacific/Kiritimati", "west": "Pacific/Pago_Pago"}
    east, west = (preset(PeriodPreset.YESTERDAY, moment, ZoneInfo(zone)) for zone in zones.values())
    for name, own, other in (("east", east, west), ("west", west, east)):
        ends = (own.start + timedelta(minutes=30), own.end - timedelta(minutes=30))
        ts = next(each for each in ends if not other.start <= each < other.end)
        await world.browse(person, RawEvent(name, ts.isoformat(), "click", "https://a.com/"))

    for name, zone in zones.items():
        found = await admin.ask(LISTS, person=str(person.id), period={"preset": "YESTERDAY"}, zone=zone)

        usage = found["extensionUser"].pop("usage")["groups"]["nodes"]
        assert [node["sessionId"]["sessionId"] for node in usage] == [name]
        for lists in (found.pop("extensionUser"), found):
            assert {field: [node["sessionId"] for node in page["nodes"]] for field, page in lists.items()} == {
                "behaviors": [name], "filtered": [name], "sessions": [name],
            }  # fmt: skip


async def test_a_period_beside_the_filter_and_in_it_is_one_too_many(admin: Asker):
    error = await admin.refused(
        "query ($period: Period!) { behaviors(period: $period, where: {period: $period}) { nodes { id } } }",
        period={"preset": "TODAY"},
    )

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "given twice" in error["message"]


def fields_with_periods() -> Iterator[tuple[str, set[str]]]:
    """Every field an argument of which is a period, or holds one, and the names of all its arguments."""
    for kind in schema._schema.type_map.values():
        for name, field in kind.fields.items() if isinstance(kind, GraphQLObjectType) else ():
            types = [get_named_type(argument.type) for argument in field.args.values()]
            held = [
                get_named_type(member.type)
                for each in types
                if isinstance(each, GraphQLInputObjectType)
                for member in each.fields.values()
            ]
            if {"Period", "PeriodPreset"} & {each.name for each in (*types, *held)}:
                yield f"{kind.name}.{name}", set(field.args)


def test_every_field_that_takes_a_preset_takes_a_zone_and_a_first_day_of_weeks():
    found = dict(fields_with_periods())

    assert {"Query.usage", "Query.behaviors", "ExtensionUser.sessions", "Organization.insight"} <= set(found)
    for name, arguments in found.items():
        inputs = {"timezone", "weekStart"} - arguments
        has_its_own = (name, inputs) == ("Goal.progress", {"timezone"})
        assert not inputs or has_its_own or name.startswith("Mutation."), (name, inputs)


async def test_the_days_events_are_those_of_the_organizations_week(
    world: World, organization: OrganizationRow, person: Recorded, admin: Asker
):
    # Given an event at the beginning of this week, as Sundays begin it, and one just before
    await set_week_start(admin, organization, "SUNDAY")
    start = preset(PeriodPreset.THIS_WEEK, now(), ZoneInfo("UTC"), WeekStart.SUNDAY).start
    inside, outside = (raw("09:00:00", session=name) for name in ("inside", "outside"))
    for event, ts in ((inside, start), (outside, start - timedelta(seconds=1))):
        await world.browse(person, RawEvent(event.session_id, ts.isoformat(), event.type, event.url))
    query = """query ($person: ID!) { extensionUser(id: $person) {
        behaviors(period: {preset: THIS_WEEK}) { nodes { sessionId } }
        sessions(period: {preset: THIS_WEEK}) { nodes { sessionId } }
    } }"""

    found = (await admin.ask(query, person=str(person.id)))["extensionUser"]

    assert [node["sessionId"] for node in found["behaviors"]["nodes"]] == ["inside"]
    assert [node["sessionId"] for node in found["sessions"]["nodes"]] == ["inside"]


@pytest.mark.parametrize("subject", ["organization", "extensionUser"])
async def test_a_list_of_a_week_is_not_continued_when_weeks_begin_on_another_day(
    world: World, organization: OrganizationRow, person: Recorded, admin: Asker, subject: str
):
    # Given
    at = now() - timedelta(days=7)
    await world.browse(person, *(RawEvent("s", format_instant(at), "click", f"https://{name}.com/") for name in "ab"))
    subject_id = str(organization.id if subject == "organization" else person.id)
    query = f"""query ($id: ID!, $after: String) {{ {subject}(id: $id) {{ usage(period: {{preset: LAST_WEEK}}) {{
        groups(by: DOMAIN, first: 1, after: $after) {{ pageInfo {{ endCursor }} nodes {{ key {{ domain }} }} }}
    }} }} }}"""
    found = await admin.ask(query, id=subject_id)
    after = found[subject]["usage"]["groups"]["pageInfo"]["endCursor"]
    # When
    following = await admin.ask(query, id=subject_id, after=after)
    await set_week_start(admin, organization, "SATURDAY")
    error = await admin.refused(query, id=subject_id, after=after)
    # Then
    assert following[subject]["usage"]["groups"]["nodes"] == [{"key": {"domain": "b.com"}}]
    assert "This cursor belongs to another question" in error["message"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "after"}
