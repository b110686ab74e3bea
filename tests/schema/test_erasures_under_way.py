"""Erasures that take longer than an answer: told how far they are, and nobody is shown half-erased people."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from core.ids import encode_node_id
from resolvers import erasures
from tests.rest_requests import AUTH, event, post_batch, stored, with_key
from tests.schema.sample_tenants import SampleTenants, create_sample_tenants, outcome, run
from tests.schema.test_audit_log import details, entries
from tests.world import Asker, World, raw

ERASE = """mutation ($input: EraseExtensionUserInput!) { eraseExtensionUser(input: $input) {
    __typename ... on EraseExtensionUserSuccess { erasedId behaviors rejectedEvents
        erasure { id organizationId extensionUserId status removed left finishedAt } }
} }"""
DELETE = """mutation ($input: DeleteOrganizationInput!) { deleteOrganization(input: $input) {
    __typename ... on DeleteOrganizationSuccess { deletedId erasure { id extensionUserId status left } }
} }"""
UPDATE = """mutation ($input: UpdateExtensionUserInput!) { updateExtensionUser(input: $input) { __typename } }"""
NEW_KEY = """mutation ($input: RegenerateApiKeyInput!) { regenerateApiKey(input: $input) { __typename } }"""
EXPORT = """mutation ($input: ExportExtensionUserInput!) { exportExtensionUser(input: $input) { __typename } }"""
HOW_FAR = "query ($id: ID!) { erasure(id: $id) { status removed left begunAt finishedAt } }"
DOORS = {
    "list": "{ extensionUsers { totalCount nodes { username } } }",
    "by id": "{ extensionUser(id: $olga) { username } }",
    "node": "{ node(id: $olga) { id } }",
    "their event": "{ node(id: $event) { id } }",
    "of the organization": "{ organization(id: $ours) { extensionUsers { totalCount } } }",
    "counts": "{ organization(id: $ours) { extensionUserCounts { total active } } }",
    "events": "{ behaviors { nodes { url } } }",
    "sessions": "{ sessions(period: $period) { nodes { sessionId } } }",
    "usage": "{ usage(period: $period) { total { events users trackedMinutes } } }",
    "of the organization's usage": "{ organization(id: $ours) { usage(period: $period) { total { events } } } }",
    "deep work": "{ deepWork(period: $period) { sessionsCount totalSeconds } }",
    "groups": "{ usage(period: $period) { groups(by: [EXTENSION_USER]) { nodes { measures { events } } } } }",
}
EMPTY = {
    "list": 0,
    "by id": None,
    "node": None,
    "their event": None,
    "of the organization": 0,
    "counts": [0, 0],
    "events": [],
    "sessions": [],
    "usage": [0, 0, 0],
    "of the organization's usage": 0,
    "deep work": [0, 0],
    "groups": [],
}


@pytest.fixture
def go_on(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Erasures only begin, as if they took long; what is returned does the work."""
    monkeypatch.setattr(world.services.eraser, "wake", lambda: None)
    monkeypatch.setattr(erasures, "ANSWER_SECONDS", 0.05)
    return world.services.eraser.work_round


async def seen(asker: Asker, tenants: SampleTenants) -> dict[str, Any]:
    """The answers at each door."""
    return {door: await outcome(asker, question, **tenants.variables) for door, question in DOORS.items()}


async def test_an_erasure_under_way_is_told_of_until_it_is_done(world: World, go_on: Callable[[], Any]):
    tenants = await create_sample_tenants(world)
    await world.browse(tenants.ours.person, *(raw(f"12:00:{second:02}") for second in range(9)))

    answer = await run(tenants.admin, ERASE, id=tenants.ours.person_id)
    begun = (await tenants.admin.ask(HOW_FAR, id=answer["erasure"]["id"]))["erasure"]
    await go_on()
    done = (await tenants.admin.ask(HOW_FAR, id=answer["erasure"]["id"]))["erasure"]

    assert (answer["erasedId"], answer["behaviors"], answer["rejectedEvents"]) == (tenants.ours.person_id, 0, 0)
    assert {name: value for name, value in answer["erasure"].items() if name != "id"} == {
        "organizationId": tenants.ours.id,
        "extensionUserId": tenants.ours.person_id,
        "status": "RUNNING",
        "removed": 0,
        "left": 10,
        "finishedAt": None,
    }
    assert (begun["status"], begun["removed"], begun["left"], begun["finishedAt"]) == ("RUNNING", 0, 10, None)
    assert (done["status"], done["removed"], done["left"]) == ("DONE", 10, 0)
    assert done["begunAt"] < done["finishedAt"]


async def test_a_small_one_is_done_when_it_is_answered(world: World):
    tenants = await create_sample_tenants(world)

    answer = await run(tenants.admin, ERASE, id=tenants.ours.person_id)

    assert (answer["behaviors"], answer["erasure"]["status"]) == (1, "DONE")
    assert (answer["erasure"]["removed"], answer["erasure"]["left"]) == (1, 0)


async def test_it_is_written_down_before_anything_is_deleted(world: World, go_on: Callable[[], Any]):
    tenants = await create_sample_tenants(world)

    answer = await run(tenants.admin, ERASE, id=tenants.ours.person_id)
    [begun, *_] = await entries(tenants.admin)
    await go_on()
    [erased, *_] = await entries(tenants.admin)

    assert (begun["action"], begun["subjectId"]) == ("EXTENSION_USER_ERASURE_BEGUN", str(tenants.ours.person.id))
    [identifier] = details(begun).values()
    assert (await tenants.admin.ask(HOW_FAR, id=identifier))["erasure"] is not None
    assert (await tenants.admin.ask(HOW_FAR, id=answer["erasure"]["id"]))["erasure"] is not None
    assert (erased["action"], erased["subjectId"]) == ("EXTENSION_USER_ERASED", str(tenants.ours.person.id))
    assert details(erased)["behaviors"] == "1"
    assert erased["actor"] == begun["actor"]


@pytest.mark.usefixtures("go_on")
async def test_nobody_sees_somebody_who_is_being_erased(world: World):
    tenants = await create_sample_tenants(world)
    before = await seen(tenants.admin, tenants)

    await run(tenants.admin, ERASE, id=tenants.ours.person_id)

    assert len(await stored(world.services)) == 3, "nothing is deleted yet"
    assert [door for door, found in before.items() if found == EMPTY[door]] == ["deep work"]  # one event is no block
    assert await seen(tenants.admin, tenants) == EMPTY
    by_boss = await seen(tenants.super_admin, tenants)
    assert {door: by_boss[door] for door in ("by id", "node", "their event")} == dict.fromkeys(
        ("by id", "node", "their event")
    )
    assert by_boss["usage"] == [2, 1, 2]  # theo's event, and an anonymous one
    assert sorted(by_boss["events"]) == ["https://nobody.com/", "https://theirs.com/"]


@pytest.mark.usefixtures("go_on")
async def test_nothing_of_somebody_who_is_being_erased_is_exported(world: World):
    tenants = await create_sample_tenants(world)
    headers = {"Authorization": f"Bearer {tenants.admin.token}"}

    await run(tenants.admin, ERASE, id=tenants.ours.person_id)
    events = await world.http.get("/api/v1/exports/behaviors.ndjson", headers=headers)
    person = await world.http.get(f"/api/v1/exports/extension-users/{tenants.ours.person.id}.ndjson", headers=headers)

    assert [json.loads(line) for line in events.text.splitlines() if '"url"' in line] == []
    assert person.status_code == 404


@pytest.mark.usefixtures("go_on")
async def test_nothing_is_stored_for_somebody_who_is_being_erased(world: World):
    tenants = await create_sample_tenants(world)
    olga = tenants.ours.person
    await post_batch(world.http, event(), headers=with_key(olga))  # so that their key is remembered

    await run(tenants.admin, ERASE, id=tenants.ours.person_id)
    count = len(await stored(world.services))
    auth = await world.http.get(AUTH, headers=with_key(olga))
    keyed = await post_batch(world.http, event(type="blur"), headers=with_key(olga))
    named = await post_batch(world.http, event(type="blur", userId=str(olga.id)))

    assert (auth.status_code, keyed.status_code, named.status_code) == (401, 401, 400)
    assert named.json()["message"] == f"unknown or inactive user at index 0: {olga.id}"
    assert len(await stored(world.services)) == count


@pytest.mark.usefixtures("go_on")
@pytest.mark.parametrize(
    ("mutation", "members"),
    [(UPDATE, {"isActive": True}), (UPDATE, {"username": "x"}), (NEW_KEY, {}), (EXPORT, {}), (ERASE, {})],
    ids=["reactivate", "rename", "new key", "export", "erase"],
)
async def test_somebody_who_is_being_erased_does_not_come_back(world: World, mutation: str, members: dict[str, Any]):
    tenants = await create_sample_tenants(world)
    await run(tenants.admin, ERASE, id=tenants.ours.person_id)

    answers = [
        await run(asker, mutation, id=tenants.ours.person_id, **members)
        for asker in (tenants.admin, tenants.super_admin)
    ]

    assert [answer["__typename"] for answer in answers] == ["NotFound"] * 2


async def test_their_name_is_free_at_once(world: World, go_on: Callable[[], Any]):
    tenants = await create_sample_tenants(world)
    create = """mutation ($input: CreateExtensionUserInput!) { createExtensionUser(input: $input) {
        ... on CreateExtensionUserSuccess { extensionUser { id username } } } }"""
    await run(tenants.admin, ERASE, id=tenants.ours.person_id)

    again = (await run(tenants.admin, create, organizationId=tenants.ours.id, username="olga"))["extensionUser"]
    await go_on()

    assert (await tenants.admin.ask("{ extensionUsers { nodes { id } } }"))["extensionUsers"]["nodes"] == [
        {"id": again["id"]}
    ]


async def test_an_organization_is_gone_at_once_and_its_people_are_erased(world: World, go_on: Callable[[], Any]):
    tenants = await create_sample_tenants(world)

    answer = await run(tenants.admin, DELETE, id=tenants.ours.id)
    identifier = answer["erasure"]["id"]
    asked = [await outcome(asker, HOW_FAR_OF % identifier) for asker in tenants.everybody.values()]
    empty = {door: EMPTY[door] for door in ("list", "by id", "node", "their event", "events", "sessions", "usage")}
    doors = await seen(tenants.admin, tenants)
    organization = await outcome(tenants.super_admin, "{ organization(id: $ours) { name } }", **tenants.variables)
    await go_on()

    assert answer["deletedId"] == tenants.ours.id
    assert {name: answer["erasure"][name] for name in ("extensionUserId", "status", "left")} == {
        "extensionUserId": None, "status": "RUNNING", "left": 1,
    }  # fmt: skip
    # Nobody is a member of it any more: it is told of to whoever had it deleted, and to super admins.
    assert asked == ["UNAUTHENTICATED", None, None, "RUNNING", None, "RUNNING"]
    assert organization is None
    assert {door: doors[door] for door in empty} == empty
    assert await outcome(tenants.admin, HOW_FAR_OF % identifier) == "DONE"
    assert [row["url"] for row in await stored(world.services)] == ["https://theirs.com/", "https://nobody.com/"]
    deleted, begun, *_ = await entries(tenants.super_admin)
    assert (begun["action"], deleted["action"]) == ("ORGANIZATION_ERASURE_BEGUN", "ORGANIZATION_DELETED")
    assert details(deleted) == {"extensionUsers": "1", "behaviors": "1", "runs": "0", "rejectedEvents": "0"}


HOW_FAR_OF = '{ erasure(id: "%s") { status } }'


async def test_an_id_of_nothing_is_no_erasure(world: World):
    tenants = await create_sample_tenants(world)

    answers = [
        await outcome(tenants.super_admin, HOW_FAR_OF % identifier)
        for identifier in ("garbage", tenants.ours.person_id, encode_node_id("Erasure", tenants.ours.person.id.bytes))
    ]

    assert answers == ["BAD_USER_INPUT", None, None]
