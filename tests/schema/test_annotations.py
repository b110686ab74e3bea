"""Annotations: notes on days, written by admins, read by members, beside figures of those days."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from core.ids import encode_node_id
from core.limits import ANNOTATION_CHARACTERS
from core.roles import Role
from db.queries.annotations import AnnotationRow
from resolvers import annotations
from tests.conftest import StatementCounter
from tests.schema.sample_tenants import run
from tests.schema.usage_queries import between
from tests.world import World

RESULT = "__typename ... on Error { message } ... on InvalidInput { field }"
ANNOTATION = "annotation { id firstDay lastDay text organization { name } }"
CREATE = f"""mutation ($input: CreateAnnotationInput!) {{
    createAnnotation(input: $input) {{ {RESULT} ... on CreateAnnotationSuccess {{ {ANNOTATION} }} }}
}}"""
UPDATE = f"""mutation ($input: UpdateAnnotationInput!) {{
    updateAnnotation(input: $input) {{ {RESULT} ... on UpdateAnnotationSuccess {{ {ANNOTATION} }} }}
}}"""
DELETE = """mutation ($input: DeleteAnnotationInput!) {
    deleteAnnotation(input: $input) { __typename ... on DeleteAnnotationSuccess { deletedId } }
}"""
LOG = "{ auditLog { nodes { action details { name value } } } }"
OF_ORGANIZATION = """query ($id: ID!, $period: Period, $zone: TimeZone! = "UTC", $first: Int! = 50, $after: String) {
    organization(id: $id) { annotations(period: $period, timezone: $zone, first: $first, after: $after) {
        nodes { text } pageInfo { hasNextPage endCursor }
    } }
}"""


def annotation_id(row: AnnotationRow) -> str:
    """The opaque id of an annotation."""
    return encode_node_id("Annotation", row.id.bytes)


def texts(found: dict[str, Any]) -> list[str]:
    """The texts of the annotations in an answer about an organization."""
    return [node["text"] for node in found["organization"]["annotations"]["nodes"]]


async def test_an_annotation_is_made_changed_and_deleted(world: World):
    acme = await world.organization("Acme")
    admin = await world.member(acme)

    made = await run(admin, CREATE, organizationId=str(acme.id), firstDay="2026-08-03", text=" Release 2.0\n")
    changed = await run(admin, UPDATE, id=made["annotation"]["id"], lastDay="2026-08-05")
    deleted = await run(admin, DELETE, id=made["annotation"]["id"])
    again = await run(admin, DELETE, id=made["annotation"]["id"])

    assert made["annotation"] == {
        "id": made["annotation"]["id"],
        "firstDay": "2026-08-03",
        "lastDay": "2026-08-03",
        "text": "Release 2.0",
        "organization": {"name": "Acme"},
    }
    assert changed["annotation"] == made["annotation"] | {"lastDay": "2026-08-05"}
    assert deleted == {"__typename": "DeleteAnnotationSuccess", "deletedId": made["annotation"]["id"]}
    assert again == {"__typename": "NotFound"}
    entries = (await admin.ask(LOG))["auditLog"]["nodes"]
    assert [entry["action"] for entry in entries] == ["ANNOTATION_DELETED", "ANNOTATION_UPDATED", "ANNOTATION_CREATED"]
    assert {detail["name"]: detail["value"] for detail in entries[0]["details"]}["lastDay"] == "2026-08-05"
    assert "Release" not in str(entries), "the log holds no text of anybody's"


@pytest.mark.parametrize(
    ("members", "field", "message"),
    [
        ({"text": " \n "}, "text", "`text` must not be empty."),
        ({"text": "x" * (ANNOTATION_CHARACTERS + 1)}, "text", "`text` has at most 500 characters."),
        ({"text": "a\tb"}, "text", "control characters"),
        ({"lastDay": "2026-08-02"}, "lastDay", "`lastDay` (2026-08-02) must not be before `firstDay` (2026-08-03)."),
        ({"lastDay": "2027-09-07"}, "lastDay", "An annotation spans at most 400 days."),
    ],
)
async def test_what_is_no_annotation_is_refused(world: World, members: dict[str, str], field: str, message: str):
    acme = await world.organization()
    admin = await world.member(acme)
    row = await world.annotation(acme, date(2026, 8, 3))

    made = await run(
        admin, CREATE, **({"organizationId": str(acme.id), "firstDay": "2026-08-03", "text": "note"} | members)
    )
    changed = await run(admin, UPDATE, id=annotation_id(row), **members)

    for answer in (made, changed):
        assert (answer["__typename"], answer["field"]) == ("InvalidInput", field)
        assert message in answer["message"]


async def test_400_days_are_not_too_many(world: World):
    acme = await world.organization()
    admin = await world.member(acme)

    made = await run(
        admin, CREATE, organizationId=str(acme.id), firstDay="2026-08-03", lastDay="2027-09-06", text="Pilot"
    )

    assert made["__typename"] == "CreateAnnotationSuccess"


@pytest.mark.parametrize(
    "day", ["2026-02-30", "20260803", "2026-W01-1", "2026-8-3", "0000-01-01", "yesterday", 20260803]
)
async def test_a_day_that_is_none_is_refused(world: World, day: Any):
    acme = await world.organization()
    admin = await world.member(acme)

    refused = await admin.refused(CREATE, input={"organizationId": str(acme.id), "firstDay": day, "text": "note"})

    assert "A Date is a day that there is, like 2026-08-01." in refused["message"]


async def test_an_organization_has_so_many_annotations(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(annotations, "ANNOTATIONS", 2)
    acme = await world.organization()
    admin = await world.member(acme)
    for _ in range(2):
        await world.annotation(acme, date(2026, 8, 3))

    answer = await run(admin, CREATE, organizationId=str(acme.id), firstDay="2026-08-03", text="One more")

    assert answer["__typename"] == "TooManyAnnotations"
    assert answer["message"] == "An organization has at most 2 annotations. Delete one first."


async def test_members_read_and_admins_write(world: World):
    acme, other = await world.organization(), await world.organization()
    viewer, outsider = await world.member(acme, Role.VIEWER), await world.member(other)
    row = await world.annotation(acme, date(2026, 8, 3), text="Holiday")

    assert texts(await viewer.ask(OF_ORGANIZATION, id=str(acme.id))) == ["Holiday"]
    assert (await outsider.ask(OF_ORGANIZATION, id=str(acme.id)))["organization"] is None
    by_viewer = await viewer.refused(UPDATE, input={"id": annotation_id(row), "text": "Mine"})
    assert by_viewer["extensions"]["code"] == "FORBIDDEN"
    assert (await run(outsider, UPDATE, id=annotation_id(row), text="Mine"))["__typename"] == "NotFound"


async def test_annotations_are_listed_by_day_page_by_page(world: World):
    acme = await world.organization()
    member = await world.member(acme, Role.MEMBER)
    for day in (5, 3, 4):
        await world.annotation(acme, date(2026, 8, day), text=str(day))

    first = await member.ask(OF_ORGANIZATION, id=str(acme.id), first=2)
    cursor = first["organization"]["annotations"]["pageInfo"]["endCursor"]
    second = await member.ask(OF_ORGANIZATION, id=str(acme.id), first=2, after=cursor)

    assert (texts(first), texts(second)) == (["3", "4"], ["5"])


@pytest.mark.parametrize(
    ("zone", "found"),
    [
        ("UTC", ["span", "third"]),
        ("Asia/Tokyo", ["span", "third", "fourth"]),
        ("Pacific/Honolulu", ["span", "second", "third"]),
    ],
)
async def test_days_are_those_of_the_time_zone_that_figures_are_seen_in(world: World, zone: str, found: list[str]):
    acme = await world.organization()
    member = await world.member(acme)
    person = await world.recorded(acme)
    await world.annotation(acme, date(2026, 7, 1), date(2026, 8, 10), text="span")
    for day, name in ((1, "first"), (2, "second"), (3, "third"), (4, "fourth"), (5, "fifth")):
        await world.annotation(acme, date(2026, 8, day), text=name)
    await world.annotation(await world.organization(), date(2026, 8, 3), text="another's")
    of_usage = "usage(period: $period, timezone: $zone) { annotations { nodes { text } } }"

    answer = await member.ask(
        f"""query ($id: ID!, $person: ID!, $period: Period!, $zone: TimeZone!) {{
            organization(id: $id) {{
                annotations(period: $period, timezone: $zone) {{ nodes {{ text }} }}
                {of_usage}
            }}
            extensionUser(id: $person) {{ {of_usage} }}
            {of_usage}
        }}""",
        id=str(acme.id),
        person=str(person.id),
        period=between("2026-08-03", "2026-08-04"),
        zone=zone,
    )

    lists = [
        answer["organization"]["annotations"],
        *(part["usage"]["annotations"] for part in (answer["organization"], answer["extensionUser"], answer)),
    ]
    assert [[node["text"] for node in each["nodes"]] for each in lists] == [found] * 4


async def test_a_teams_usage_and_everybodys_show_those_of_their_organizations(world: World):
    acme, other = await world.organization(), await world.organization()
    admin = await world.super_admin()
    team = await world.team(acme)
    await world.annotation(acme, date(2026, 8, 3), text="acme")
    await world.annotation(other, date(2026, 8, 3), text="other")

    answer = await admin.ask(
        """query ($team: ID!, $id: ID!, $period: Period!) {
            team(id: $team) { usage(period: $period) { annotations { nodes { text } } } }
            all: usage(period: $period) { annotations { nodes { text } } }
            some: usage(period: $period, where: { organizationIds: [$id] }) { annotations { nodes { text } } }
        }""",
        team=str(team.id),
        id=str(acme.id),
        period=between("2026-08-03", "2026-08-04"),
    )

    def of(usage: dict[str, Any]) -> set[str]:
        return {node["text"] for node in usage["annotations"]["nodes"]}

    assert of(answer["team"]["usage"]) == {"acme"}
    assert of(answer["all"]) == {"acme", "other"}
    assert of(answer["some"]) == {"acme"}


async def test_the_annotations_of_many_organizations_are_one_statement(world: World, statements: StatementCounter):
    admin = await world.super_admin()
    for _ in range(3):
        await world.annotation(await world.organization(), date(2026, 8, 3))

    statements.clear()
    await admin.ask("{ organizations { nodes { annotations { nodes { text } } } } }")

    assert sum("annotations" in statement for statement in statements.statements) == 1


async def test_they_go_with_their_organization(world: World):
    acme = await world.organization()
    await world.annotation(acme, date(2026, 8, 3))

    async with world.services.database.write() as db:
        await db.execute(text("DELETE FROM organizations"))
        left = await db.scalar(text("SELECT count(*) FROM annotations"))

    assert left == 0
