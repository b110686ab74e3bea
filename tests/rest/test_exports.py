"""The downloads: what they hold, who gets them, and that they never hold much at once."""

import asyncio
import csv
import io
import json
import tracemalloc
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import Response
from sqlalchemy import text
from starlette.types import Message

from auth import tokens
from core.ids import encode_node_id
from db.queries.filters import EventFilter
from resolvers import exports
from resolvers.batches import Batches
from resolvers.caller import Caller
from resolvers.sign_in import authenticate
from tests.conftest import StatementCounter, make_settings
from tests.schema.cast import Cast, assemble, run
from tests.servers import own_world
from tests.wire import execute
from tests.world import Asker, Recorded, World, raw

EVENTS = "/api/v1/exports/behaviors.ndjson"
CSV = "/api/v1/exports/behaviors.csv"
MANY = """
    INSERT INTO behaviors (user_id, ts, id, organization_id, received_at, type, session_id, url, domain)
    SELECT :person, timestamptz '2026-08-03T00:00Z' + number * interval '1 second', gen_random_uuid(), :organization,
           now(), 3, 's1', 'https://a.com/' || number, 'a.com'
    FROM generate_series(1, :count) AS number
"""
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
TICKET = """mutation ($input: ExportBehaviorsInput!) { exportBehaviors(input: $input) {
    __typename ... on ExportBehaviorsSuccess { download { url expiresAt } } ... on Error { message }
} }"""
PERSON_TICKET = """mutation ($input: ExportExtensionUserInput!) { exportExtensionUser(input: $input) {
    ... on ExportExtensionUserSuccess { download { url } } ... on Error { message }
} }"""


async def fetched(asker: Asker, address: str = EVENTS, **parameters: Any) -> Response:
    """The answer to somebody's GET."""
    headers = {"Authorization": f"Bearer {asker.token}"} if asker.token else {}
    return await asker.http.get(address, params=parameters or None, headers=headers)


async def lines(asker: Asker, address: str = EVENTS, **parameters: Any) -> list[dict[str, Any]]:
    """The lines of a download that must succeed."""
    response = await fetched(asker, address, **parameters)
    assert response.status_code == 200, response.text
    return [json.loads(line) for line in response.text.splitlines()]


def of(person: Recorded) -> str:
    """Where everything held on a person is to be had."""
    return f"/api/v1/exports/extension-users/{person.id}.ndjson"


class SlowClient:
    """A client of the application that reads the first chunk of a download, goes on when told, and then goes away."""

    def __init__(self, asker: Asker) -> None:
        self.has_begun, self.goes_on, self.is_gone = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.chunks = 0
        self._asked = False
        self.scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
            "path": EVENTS, "raw_path": EVENTS.encode(), "query_string": b"", "scheme": "http", "root_path": "",
            "headers": [(b"host", b"testserver"), (b"authorization", f"Bearer {asker.token}".encode())],
            "client": ("127.0.0.1", 4711), "server": ("testserver", 80),
        }  # fmt: skip

    async def receive(self) -> Message:
        """The request, and in the end that it has gone."""
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.is_gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a part of the answer."""
        if message["type"] == "http.response.body":
            self.chunks += 1
            self.has_begun.set()
            await self.goes_on.wait()


async def caller_of(world: World, asker: Asker) -> Caller:
    """Somebody as resolvers see them."""
    viewer, _ = await authenticate(world.services, asker.token or "")
    return Caller(viewer, world.services, Batches(world.services.database, viewer.readable))


async def filled(world: World, person: Recorded, count: int) -> None:
    """Many events of a person, put straight into the table."""
    await world.browse(person, raw("00:00:00"))  # makes the month's partition
    await execute(world.services, MANY, person=person.id, organization=person.row.organization_id, count=count)


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
    cast = await assemble(world)
    asker = cast.everybody[part]

    everything = await lines(asker)
    theirs = await lines(asker, organizationId=cast.theirs.id)
    theo = await lines(asker, extensionUserId=str(cast.theirs.person.id))

    assert sorted(line["sessionId"] for line in everything) == SEES[part]
    hidden = part in {"viewer", "member", "admin"}
    assert [line["sessionId"] for line in theirs + theo] == ([] if hidden else ["s-theirs"] * 2)


async def test_strangers_get_nothing(world: World):
    cast = await assemble(world)
    bad = Asker(world.http, token="nonsense")

    answers = [await fetched(asker, address) for asker in (cast.stranger, bad) for address in (EVENTS, CSV)]
    answers.append(await fetched(cast.stranger, of(cast.ours.person)))
    answers.append(await world.http.get(EVENTS, headers={"Cookie": f"wb_access={cast.admin.token}"}))

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
    cast = await assemble(world)

    response = await fetched(cast.admin, of(cast.ours.person), to="2026-08-03T00:00:00Z")

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

    response = await fetched(admin, of(olga))

    found = [json.loads(line) for line in response.text.splitlines()]
    assert [line["kind"] for line in found] == [
        "extensionUser", "apiKey", "organization", "behavior", "behavior", "rejectedEvent", "rejectedEvent",
        "auditEntry", "auditEntry", "end",
    ]  # fmt: skip
    assert (found[0]["username"], found[0]["id"]) == ("olga", str(olga.id))
    assert found[1] == {"kind": "apiKey", "prefix": olga.row.api_key_prefix, "lastUsedAt": None}
    assert found[2] == {"kind": "organization", "id": str(organization.id), "name": "Ours"}
    assert [line["url"] for line in found[3:5]] == ["https://a.com/1"] * 2
    assert all("refused.com" in line["payload"] for line in found[5:7])
    assert {line["action"] for line in found[7:9]} == {"extension_user_exported"}
    assert found[9] == {"kind": "end", "records": 9}
    assert olga.key.text not in response.text
    assert "other.com" not in response.text


async def test_people_are_exported_by_admins_of_their_organization(world: World):
    cast = await assemble(world)

    got = {part: (await fetched(asker, of(cast.ours.person))).status_code for part, asker in cast.everybody.items()}
    unknown = await fetched(cast.super_admin, "/api/v1/exports/extension-users/garbage.ndjson")
    opaque = await fetched(cast.admin, f"/api/v1/exports/extension-users/{cast.ours.person_id}.ndjson")

    assert got == {"stranger": 401, "viewer": 403, "member": 403, "admin": 200, "outsider": 404, "super_admin": 200}
    assert (unknown.status_code, opaque.status_code) == (404, 200)


async def tickets(cast: Cast, **wanted: Any) -> str:
    """The address that `exportBehaviors` gives the admin."""
    answer = await run(cast.admin, TICKET, **{"format": "NDJSON"} | wanted)
    address: str = answer["download"]["url"]
    return address


async def test_a_ticket_stands_for_a_sign_in_and_one_download(world: World):
    cast = await assemble(world)
    conditions = {
        "from": "2026-08-03T09:00:00Z",
        "to": "2026-08-04T00:00:00+02:00",
        "organizationIds": [cast.ours.id],
        "sessionIds": ["s-ours", "ä &=?#+"],
        "eventTypes": ["FOCUS"],
        "domains": ["ours.com"],
        "urlContains": "ours",
    }
    address = await tickets(cast, **conditions)
    plain = await tickets(cast)
    person = (await run(cast.admin, PERSON_TICKET, id=cast.ours.person_id))["download"]["url"]
    stranger = cast.stranger

    assert [line["sessionId"] for line in await lines(stranger, address)] == ["s-ours"]
    assert [line["sessionId"] for line in await lines(stranger, plain)] == ["s-ours"]
    assert (await lines(stranger, person))[-1]["kind"] == "end"
    changed = [
        address.replace("urlContains=ours", "urlContains=other"),
        plain.replace("behaviors.ndjson?", f"behaviors.ndjson?organizationId={cast.theirs.id}&"),
        plain.replace(".ndjson", ".csv"),
        person.replace(str(cast.ours.person.id), str(cast.theirs.person.id)),
        plain[:-3] + "abc",
    ]
    assert [(await fetched(stranger, each)).status_code for each in changed] == [401] * 5


async def test_tickets_and_tokens_are_not_the_same(world: World):
    cast = await assemble(world)
    ticket = (await tickets(cast)).partition("ticket=")[2]

    as_token = await fetched(Asker(world.http, token=ticket))
    as_ticket = await fetched(cast.stranger, EVENTS, ticket=cast.admin.token)
    over_graphql = await Asker(world.http, token=ticket).refused("{ viewer { id } }")

    assert (as_token.status_code, as_ticket.status_code) == (401, 401)
    assert over_graphql["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_ticket_ends_in_time_and_with_the_session(world: World, monkeypatch: pytest.MonkeyPatch):
    cast = await assemble(world)
    living = await tickets(cast)
    monkeypatch.setattr(tokens, "TICKET_LIFETIME", timedelta(seconds=-6))
    ended = await tickets(cast)

    before = [(await fetched(cast.stranger, address)).status_code for address in (living, ended)]
    await cast.admin.ask("mutation { logout { __typename } }")
    after = await fetched(cast.stranger, living)

    assert (before, after.status_code) == ([200, 401], 401)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"organizationIds": []}, "must not be empty"),
        ({"eventTypes": []}, "must not be empty"),
        ({"sessionIds": ["x" * 250] * 30}, "too many conditions"),
    ],
    ids=str,
)
async def test_what_no_address_can_say_is_refused(world: World, wanted: dict[str, Any], message: str):
    cast = await assemble(world)

    answer = await run(cast.admin, TICKET, format="CSV", **wanted)

    assert answer["__typename"] == "InvalidInput"
    assert message in answer["message"]


async def test_every_organization_finds_in_its_log_that_it_was_exported(world: World):
    cast = await assemble(world)

    await lines(cast.viewer, to="2026-08-04T00:00:00Z")
    await lines(cast.super_admin)
    await lines(cast.super_admin, organizationId=cast.theirs.id)

    async with world.services.database.read() as db:
        rows = await db.execute(
            text(
                "SELECT name, actor_id, details FROM audit_entries LEFT JOIN organizations "
                "ON organizations.id = organization_id WHERE action = 'behaviors_exported' ORDER BY audit_entries.id"
            )
        )
        found = [tuple(row) for row in rows]
    assert cast.viewer.user
    assert cast.super_admin.user
    viewer, boss = cast.viewer.user.id, cast.super_admin.user.id
    whole = {"format": "ndjson", "from": None, "to": None}
    assert found[0] == ("Ours", viewer, whole | {"to": "2026-08-04T00:00:00+00:00"})
    assert sorted(found[1:4], key=str) == sorted(
        [("Ours", boss, whole), ("Theirs", boss, whole), (None, boss, whole)], key=str
    )
    assert found[4:] == [("Theirs", boss, whole)]


async def test_exports_are_limited_per_account(world: World, data_dir, database_url: str):
    cast = await assemble(world)
    settings = make_settings(
        data_dir, rate_limit_enabled=True, export_limit_per_account="2/minute", jwt_secret="x" * 32
    )
    async with own_world(settings, database_url) as limited:
        assert cast.admin.user
        assert cast.member.user
        admin, member = await limited.sign_in(cast.admin.user), await limited.sign_in(cast.member.user)

        statuses = [(await fetched(admin, address)).status_code for address in (EVENTS, of(cast.ours.person), EVENTS)]
        other = await fetched(member)

    assert (statuses, other.status_code) == ([200, 200, 429], 200)


async def test_pages_are_read_as_they_are_wanted_each_by_a_statement_of_its_own(
    world: World, monkeypatch: pytest.MonkeyPatch, statements: StatementCounter
):
    monkeypatch.setattr(exports, "ROWS_AT_ONCE", 10)
    organization = await world.organization()
    admin, person = await world.member(organization), await world.recorded(organization)
    await filled(world, person, 94)
    caller = await caller_of(world, admin)
    export = exports.EventExport(None, None, EventFilter())

    pages = await exports.begin_behaviors(caller, export, "ndjson")
    statements.clear()
    sizes, counts = [], []
    async for page in pages:
        sizes.append(len(page))
        counts.append(len(statements))
        assert world.services.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]

    assert sizes == [10] * 9 + [5]
    assert counts == list(range(10)), "the first page is read before the answer begins, each other one by a statement"


async def test_people_are_gone_through_in_pages(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exports, "PEOPLE_AT_ONCE", 2)
    organization = await world.organization()
    admin = await world.member(organization)
    people = [await world.recorded(organization) for _ in range(5)]
    for person in people:
        await world.browse(person, raw("09:00:00"))

    found = [line["extensionUserId"] for line in await lines(admin)]

    assert found == sorted(str(person.id) for person in people)


async def test_a_long_export_needs_little_memory(world: World):
    organization = await world.organization()
    admin, person = await world.member(organization), await world.recorded(organization)
    await filled(world, person, 60_000)
    caller = await caller_of(world, admin)
    pages = await exports.begin_behaviors(caller, exports.EventExport(None, None, EventFilter()), "csv")
    await anext(pages)  # what is made once is made

    tracemalloc.start()
    count = exports.ROWS_AT_ONCE
    async for page in pages:
        count += len(page)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 60_001
    assert peak < 6 * 1024 * 1024, "sixty thousand rows at once take about ten times as much"


async def test_a_client_that_goes_away_takes_its_statement_with_it(
    world: World, app: FastAPI, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(exports, "ROWS_AT_ONCE", 10)
    organization = await world.organization()
    admin = await world.member(organization)
    await filled(world, await world.recorded(organization), 100)
    client = SlowClient(admin)

    async with world.services.writer.database.write() as db, asyncio.timeout(4):  # before a statement's time is up
        download = asyncio.create_task(app(client.scope, client.receive, client.send))
        await client.has_begun.wait()
        await db.execute(text("LOCK TABLE behaviors IN ACCESS EXCLUSIVE MODE"))
        client.goes_on.set()
        while not await db.scalar(WAITING):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)
        client.is_gone.set()
        await download
        while await db.scalar(WAITING):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    assert client.chunks == 1
