"""The downloads: their contents, and who may have them."""

import csv
import io
import json
from typing import Any

import pytest
from sqlalchemy import text

from core.ids import encode_node_id
from tests.conftest import make_settings
from tests.rest.export_requests import CSV, EVENTS, fetched, lines, of
from tests.schema.sample_tenants import create_sample_tenants
from tests.servers import own_world
from tests.world import Asker, World, raw


async def test_an_event_tells_all_there_is_of_it(world: World):
    organization = await world.organization()
    admin, person = await world.member(organization), await world.recorded(organization, "olga")
    await world.browse(person, raw("09:00:00.123456", "click", "https://a.com/ä", x=10, y=20))

    response = await fetched(admin)

    [line] = [json.loads(line) for line in response.text.splitlines()]
    assert line.pop("receivedAt").endswith("Z")
    assert len(line.pop("id")) == 36
    assert line == {
        "ts": "2026-08-03T09:00:00.123456Z",
        "type": "click",
        "url": "https://a.com/ä",
        "domain": "a.com",
        "sessionId": "s1",
        "x": 10,
        "y": 20,
        "extensionUserId": str(person.id),
        "username": "olga",
        "organizationId": str(organization.id),
    }
    assert response.headers["content-type"] == "application/x-ndjson"
    assert response.headers["content-disposition"] == 'attachment; filename="behaviors.ndjson"'
    assert response.headers["cache-control"] == "no-store"


SEES = {
    "viewer": ["s-ours"],
    "member": ["s-ours"],
    "admin": ["s-ours"],
    "outsider": ["s-theirs"],
    "super_admin": ["s-nobody", "s-ours", "s-theirs"],
}


@pytest.mark.parametrize("part", SEES)
async def test_everybody_exports_what_they_may_read(world: World, part: str):
    tenants = await create_sample_tenants(world)
    asker = tenants.everybody[part]

    everything = await lines(asker)
    theirs = await lines(asker, organizationId=tenants.theirs.id)
    theo = await lines(asker, extensionUserId=str(tenants.theirs.person.id))

    assert sorted(line["sessionId"] for line in everything) == SEES[part]
    hidden = part in {"viewer", "member", "admin"}
    assert [line["sessionId"] for line in theirs + theo] == ([] if hidden else ["s-theirs"] * 2)


async def test_strangers_get_nothing(world: World):
    tenants = await create_sample_tenants(world)
    bad = Asker(world.http, token="nonsense")

    answers = [await fetched(asker, address) for asker in (tenants.stranger, bad) for address in (EVENTS, CSV)]
    answers.append(await fetched(tenants.stranger, of(tenants.ours.person)))
    answers.append(await world.http.get(EVENTS, headers={"Cookie": f"wb_access={tenants.admin.token}"}))

    assert [answer.status_code for answer in answers] == [401] * 6
    assert all(answer.json()["success"] is False for answer in answers)


async def test_conditions_narrow_what_is_exported(world: World):
    organization = await world.organization()
    admin, person = await world.member(organization), await world.recorded(organization)
    await world.browse(
        person,
        raw("09:00:00", "focus", "https://a.com/1", "s1"),
        raw("10:00:00", "click", "https://b.com/x", "s2"),
        raw("11:00:00", "blur", "https://c.com/X", "s3"),
    )

    async def sessions(**parameters: Any) -> list[str]:
        return [line["sessionId"] for line in await lines(admin, **parameters)]

    assert await sessions() == ["s1", "s2", "s3"]
    assert await sessions(**{"from": "2026-08-03T10:00:00Z"}) == ["s2", "s3"]
    assert await sessions(to="2026-08-03T12:00:00+02:00") == ["s1"]
    assert await sessions(sessionId=["s1", "s3"]) == ["s1", "s3"]
    assert await sessions(eventType=["click", "blur"]) == ["s2", "s3"]
    assert await sessions(domain=["a.com", "b.com"], eventType="focus") == ["s1"]
    assert await sessions(urlContains="x") == ["s2", "s3"]
    assert await sessions(organizationId=[encode_node_id("Organization", organization.id.bytes)]) == ["s1", "s2", "s3"]
    assert await sessions(extensionUserId="garbage") == []


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"organisationId": "x"}, "There is no parameter `organisationId`"),
        ({"from": "yesterday"}, "`from` is an instant with an offset"),
        ({"to": "2026-08-03T00:00:00"}, "`to` is an instant with an offset"),
        ({"to": "0001-01-01T00:00:00+14:00"}, "`to` is an instant with an offset"),
        ({"from": ["2026-08-03T00:00:00Z"] * 2}, "`from` can be given once"),
        ({"eventType": "tap"}, "`eventType` is one of pageshow, click"),
        ({"sessionId": ["s"] * 251}, "at most 250 times"),
        ({"urlContains": "a\0b"}, "cannot hold"),
    ],
    ids=str,
)
async def test_conditions_that_make_no_sense_are_refused(world: World, parameters: dict[str, Any], message: str):
    organization = await world.organization()
    admin = await world.member(organization)
    await world.recorded(organization)

    response = await fetched(admin, **parameters)

    assert response.status_code == 400
    assert message in response.json()["message"]


async def test_a_persons_download_takes_no_conditions(world: World):
    tenants = await create_sample_tenants(world)

    response = await fetched(tenants.admin, of(tenants.ours.person), to="2026-08-03T00:00:00Z")

    assert response.status_code == 400


async def test_csv_has_names_and_no_formulas(world: World):
    organization = await world.organization()
    admin, person = await world.member(organization), await world.recorded(organization, '=cmd|" /c calc"!A1')
    for number, url in enumerate(('https://a.com/,"\r\n', "", "@SUM(1)", "-1", "+1")):
        await world.browse(person, raw(f"09:00:0{number}", "click", url, session="=1+1", x=1, y=2))

    response = await fetched(admin, CSV)

    rows = list(csv.DictReader(io.StringIO(response.text, newline="")))
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert list(rows[0]) == [
        "id", "ts", "type", "url", "domain", "sessionId", "x", "y", "receivedAt", "extensionUserId", "username",
        "organizationId",
    ]  # fmt: skip
    assert [row["url"] for row in rows] == ['https://a.com/,"\r\n', "", "'@SUM(1)", "'-1", "'+1"]
    assert {(row["sessionId"], row["username"], row["x"]) for row in rows} == {("'=1+1", '\'=cmd|" /c calc"!A1', "1")}
    assert response.text.count("\r\n") == 1 + 5 + 1


SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"


@pytest.mark.parametrize(
    ("session", "shown"),
    [
        *(
            (f"{space}{sign}1", f"'{space}{sign}1")
            for sign in "=+-@＝＋－＠"
            for space in ("", " ", "\t", "\x01\u2028\ufeff ")
        ),
        *((f"{sign}1", f"'{sign}1") for sign in "\t\r\n"),
        *((text, text) for text in ("1=1", " a-b", "'=1", "−1", "\x01a")),
    ],
    ids=ascii,
)
async def test_no_text_of_a_csv_begins_as_a_formula(world: World, session: str, shown: str):
    organization = await world.organization()
    admin, person = await world.member(organization), await world.recorded(organization)
    await world.browse(person, raw("09:00:00", session=session))

    response = await fetched(admin, CSV)

    [row] = csv.DictReader(io.StringIO(response.content.decode(), newline=""))
    assert row["sessionId"] == shown


async def test_a_csv_has_a_byte_order_mark_if_asked_for(world: World):
    organization = await world.organization()
    admin, person = await world.member(organization), await world.recorded(organization, "ольга")
    await world.browse(person, raw("09:00:00"))

    plain, marked = await fetched(admin, CSV), await fetched(admin, CSV, byteOrderMark="true")
    refused = [await fetched(admin, CSV, byteOrderMark="1"), await fetched(admin, EVENTS, byteOrderMark="true")]

    assert plain.content.startswith(b"id,ts,")
    assert marked.content == b"\xef\xbb\xbf" + plain.content
    assert [answer.status_code for answer in refused] == [400, 400]
    assert "`byteOrderMark` is true or false" in refused[0].json()["message"]


async def test_a_person_is_told_everything_that_is_held_on_them(world: World):
    organization = await world.organization("Ours")
    admin, olga = await world.member(organization), await world.recorded(organization, "olga")
    other = await world.recorded(await world.organization(), "other")
    key = {"X-API-Key": olga.key.text}
    wrong = {"sessionId": "s", "ts": "2026-08-03T09:00:00Z", "type": "tap", "url": "https://refused.com/"}
    await world.browse(olga, raw("09:00:00"), raw("09:01:00"))
    await world.browse(other, raw("09:00:00", url="https://other.com/"))
    for body, headers in (
        (wrong, key),
        (wrong | {"userId": str(olga.id).upper()}, {}),
        (wrong | {"userId": str(olga.id), "url": "https://of-other.com/"}, {"X-API-Key": other.key.text}),
        (wrong, {}),
    ):
        assert (await world.http.post("/api/v1/inayla/behaviors", json=body, headers=headers)).status_code == 400
    await lines(admin, of(olga))
    await world.goal(organization, person=olga, name="Focus")
    await world.goal(organization, name="everybody's")

    response = await fetched(admin, of(olga))

    found = [json.loads(line) for line in response.text.splitlines()]
    assert [line["kind"] for line in found] == [
        "extensionUser", "apiKey", "organization", "goal", "behavior", "behavior", "rejectedEvent", "rejectedEvent",
        "auditEntry", "auditEntry", "end",
    ]  # fmt: skip
    assert (found[0]["username"], found[0]["id"]) == ("olga", str(olga.id))
    assert found[1] == {
        "kind": "apiKey",
        "prefix": olga.row.api_key_prefix,
        "lastUsedAt": None,
        "lastKeylessEventAt": None,
        "clockSkewSeconds": None,
    }
    assert found[2] == {"kind": "organization", "id": str(organization.id), "name": "Ours"}
    goal = found.pop(3)
    assert (goal["name"], goal["measure"], goal["every"], goal["atLeast"]) == ("Focus", "sessions", "day", 1)
    assert [line["url"] for line in found[3:5]] == ["https://a.com/1"] * 2
    assert all("refused.com" in line["payload"] for line in found[5:7])
    assert {line["action"] for line in found[7:9]} == {"extension_user_exported"}
    assert found[9] == {"kind": "end", "records": 10}
    assert olga.key.text not in response.text
    assert "other.com" not in response.text


async def test_people_are_exported_by_admins_of_their_organization(world: World):
    tenants = await create_sample_tenants(world)

    got = {
        part: (await fetched(asker, of(tenants.ours.person))).status_code for part, asker in tenants.everybody.items()
    }
    unknown = await fetched(tenants.super_admin, "/api/v1/exports/extension-users/garbage.ndjson")
    opaque = await fetched(tenants.admin, f"/api/v1/exports/extension-users/{tenants.ours.person_id}.ndjson")

    assert got == {"stranger": 401, "viewer": 403, "member": 403, "admin": 200, "outsider": 404, "super_admin": 200}
    assert (unknown.status_code, opaque.status_code) == (404, 200)


async def test_every_organization_finds_in_its_log_that_it_was_exported(world: World):
    tenants = await create_sample_tenants(world)

    await lines(tenants.viewer, to="2026-08-04T00:00:00Z")
    await lines(tenants.super_admin)
    await lines(tenants.super_admin, organizationId=tenants.theirs.id)

    async with world.services.database.read() as db:
        rows = await db.execute(
            text(
                "SELECT name, actor_id, details FROM audit_entries LEFT JOIN organizations "
                "ON organizations.id = organization_id WHERE action = 'behaviors_exported' ORDER BY audit_entries.id"
            )
        )
        found = [tuple(row) for row in rows]
    assert tenants.viewer.user
    assert tenants.super_admin.user
    viewer, boss = tenants.viewer.user.id, tenants.super_admin.user.id
    whole = {"format": "ndjson", "from": None, "to": None}
    assert found[0] == ("Ours", viewer, whole | {"to": "2026-08-04T00:00:00+00:00"})
    assert sorted(found[1:4], key=str) == sorted(
        [("Ours", boss, whole), ("Theirs", boss, whole), (None, boss, whole)], key=str
    )
    assert found[4:] == [("Theirs", boss, whole)]


async def test_exports_are_limited_per_account(world: World, data_dir, database_url: str):
    tenants = await create_sample_tenants(world)
    settings = make_settings(
        data_dir, rate_limit_enabled=True, export_limit_per_account="2/minute", jwt_secret="x" * 32
    )
    async with own_world(settings, database_url) as limited:
        assert tenants.admin.user
        assert tenants.member.user
        admin, member = await limited.sign_in(tenants.admin.user), await limited.sign_in(tenants.member.user)

        statuses = [
            (await fetched(admin, address)).status_code for address in (EVENTS, of(tenants.ours.person), EVENTS)
        ]
        other = await fetched(member)

    assert (statuses, other.status_code) == ([200, 200, 429], 200)
