"""Extension users, their keys and their events: what changes, and every way it can fail."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from core.ids import encode_node_id
from core.roles import Role
from tests.schema.sample_tenants import create_sample_tenants, run
from tests.world import Asker, World, at, raw

REST = "/api/v1/inayla"
CREATE = """mutation ($input: CreateExtensionUserInput!) { createExtensionUser(input: $input) {
    __typename
    ... on CreateExtensionUserSuccess {
        apiKey extensionUser { id uuid username isActive apiKeyPrefix lastUsedAt organization { name } }
    }
    ... on Error { message } ... on InvalidInput { field }
} }"""
UPDATE = """mutation ($input: UpdateExtensionUserInput!) { updateExtensionUser(input: $input) {
    __typename ... on UpdateExtensionUserSuccess { extensionUser { username isActive } }
    ... on Error { message } ... on InvalidInput { field }
} }"""
NEW_KEY = """mutation ($input: RegenerateApiKeyInput!) { regenerateApiKey(input: $input) {
    __typename ... on RegenerateApiKeySuccess { apiKey extensionUser { id apiKeyPrefix } } ... on Error { message }
} }"""
DELETE = """mutation ($input: DeleteExtensionUserInput!) { deleteExtensionUser(input: $input) {
    ... on DeleteExtensionUserSuccess { deletedId }
} }"""
DELETE_ORGANIZATION = """mutation ($input: DeleteOrganizationInput!) {
    deleteOrganization(input: $input) { ... on DeleteOrganizationSuccess { deletedId } }
}"""
DELETE_BEHAVIOR = """mutation ($input: DeleteBehaviorInput!) { deleteBehavior(input: $input) {
    __typename ... on DeleteBehaviorSuccess { deletedId }
} }"""


async def created(world: World) -> tuple[Asker, dict[str, Any]]:
    """An admin of a new organization, and a person they made, with the key."""
    organization = await world.organization("Acme")
    admin = await world.member(organization)
    return admin, await run(admin, CREATE, organizationId=str(organization.id), username=" Olga ")


async def key_status(http: AsyncClient, key: str) -> int:
    """Return the status that the REST routes give to a key."""
    return (await http.get(f"{REST}/extension/users/auth", headers={"X-API-Key": key})).status_code


async def post_event(http: AsyncClient, key: str, number: int = 0) -> int:
    """The status of posting an event with a key."""
    event = {"sessionId": "s", "ts": at(f"10:{number // 60:02}:{number % 60:02}"), "type": "focus", "url": ""}
    return (await http.post(f"{REST}/behaviors", json=event, headers={"X-API-Key": key})).status_code


async def events_of(world: World, person: UUID) -> int:
    """Return the number of events of a person in the table."""
    async with world.services.database.read() as db:
        return await db.scalar(text("SELECT count(*) FROM behaviors WHERE user_id = :id"), {"id": person}) or 0


async def test_a_new_persons_key_is_shown_once_and_works(world: World, http: AsyncClient):
    admin, answer = await created(world)
    person, key = answer["extensionUser"], answer["apiKey"]

    status = await post_event(http, key)

    assert (person["username"], person["isActive"], person["lastUsedAt"]) == ("Olga", True, None)
    assert person["organization"] == {"name": "Acme"}
    assert key.startswith(person["apiKeyPrefix"])
    assert len(key) > len(person["apiKeyPrefix"]) + 16
    assert (status, await key_status(http, key)) == (201, 200)
    found = await admin.ask("{ behaviors { nodes { extensionUser { id } } } }")
    assert found["behaviors"]["nodes"] == [{"extensionUser": {"id": person["id"]}}]
    assert key not in str(await admin.post("{ extensionUsers { nodes { id uuid username apiKeyPrefix } } }"))


@pytest.mark.parametrize(
    ("username", "expected"),
    [
        ("OLGA", ("NameTaken", None)),
        (" olga ", ("NameTaken", None)),
        ("", ("InvalidInput", "username")),
        ("x" * 256, ("InvalidInput", "username")),
        ("a\u2028b", ("InvalidInput", "username")),
        ("a\0", ("InvalidInput", "username")),
    ],
)
async def test_a_name_is_refused(world: World, username: str, expected: tuple[str, str | None]):
    organization = await world.organization()
    admin = await world.member(organization)
    await world.recorded(organization, "Olga")
    other = await world.recorded(organization, "other")

    answers = [
        await run(admin, CREATE, organizationId=str(organization.id), username=username),
        await run(admin, UPDATE, id=str(other.id), username=username),
    ]

    assert [(answer["__typename"], answer.get("field")) for answer in answers] == [expected] * 2


async def test_another_organization_may_have_the_name_too(world: World):
    _, first = await created(world)
    _, second = await created(world)

    assert first["extensionUser"]["username"] == second["extensionUser"]["username"] == "Olga"
    assert first["apiKey"] != second["apiKey"]


async def test_an_update_changes_what_is_given(world: World):
    admin, answer = await created(world)
    person = answer["extensionUser"]["id"]

    recased = await run(admin, UPDATE, id=person, username="OLGA")
    inactive = await run(admin, UPDATE, id=person, isActive=False)
    untouched = await run(admin, UPDATE, id=person, username=None, isActive=None)

    assert recased["extensionUser"] == {"username": "OLGA", "isActive": True}
    assert inactive["extensionUser"] == untouched["extensionUser"] == {"username": "OLGA", "isActive": False}


async def test_an_inactive_persons_key_is_refused_until_they_are_active_again(world: World, http: AsyncClient):
    admin, answer = await created(world)
    person, key = answer["extensionUser"], answer["apiKey"]
    statuses = [(await key_status(http, key), await post_event(http, key, 0))]

    for active in (False, True):
        await run(admin, UPDATE, id=person["id"], isActive=active)
        statuses.append((await key_status(http, key), await post_event(http, key, 1)))

    assert statuses == [(200, 201), (401, 401), (200, 201)]
    assert await events_of(world, UUID(person["uuid"])) == 2


async def test_a_new_key_replaces_the_old_at_once(world: World, http: AsyncClient):
    admin, answer = await created(world)
    old = answer["apiKey"]
    await post_event(http, old)

    renewed = await run(admin, NEW_KEY, id=answer["extensionUser"]["id"])

    new = renewed["apiKey"]
    assert renewed["extensionUser"]["id"] == answer["extensionUser"]["id"]
    assert new.startswith(renewed["extensionUser"]["apiKeyPrefix"])
    assert [await key_status(http, key) for key in (old, new)] == [401, 200]
    assert [await post_event(http, key, 1) for key in (old, new)] == [401, 201]


async def test_a_deleted_person_takes_their_events_along_and_nobody_elses(world: World, http: AsyncClient):
    tenants = await create_sample_tenants(world)
    other = await world.recorded(tenants.ours.organization)
    await world.browse(other, raw("09:00:00"))

    answer = await run(tenants.admin, DELETE, id=str(tenants.ours.person.id))

    assert answer == {"deletedId": encode_node_id("ExtensionUser", tenants.ours.person.id.bytes)}
    assert await events_of(world, tenants.ours.person.id) == 0
    assert [await events_of(world, person.id) for person in (other, tenants.theirs.person)] == [1, 1]
    assert await key_status(http, tenants.ours.person.key.text) == 401
    found = await tenants.admin.ask("query ($id: ID!) { extensionUser(id: $id) { id } }", id=tenants.ours.person_id)
    assert found == {"extensionUser": None}


@pytest.mark.parametrize("what", ["person", "organization"])
async def test_deletion_amid_a_stream_of_events_leaves_none_behind(world: World, http: AsyncClient, what: str):
    organization = await world.organization()
    admin = await world.member(organization)
    person = await world.recorded(organization)
    statuses: list[int] = []
    stored = asyncio.Event()

    async def stream(start: int) -> None:
        number = start
        while not statuses or statuses[-1] != 401:
            statuses.append(await post_event(http, person.key.text, number))
            number += 4
            if len(statuses) > 20:
                stored.set()

    streams = [asyncio.create_task(stream(start)) for start in range(4)]
    await asyncio.wait_for(stored.wait(), timeout=30)
    if what == "person":
        await run(admin, DELETE, id=str(person.id))
    else:
        await run(admin, DELETE_ORGANIZATION, id=str(organization.id))
    await asyncio.wait_for(asyncio.gather(*streams), timeout=30)

    assert set(statuses) == {201, 401}
    assert await events_of(world, person.id) == 0


async def test_one_event_is_deleted_for_good(world: World):
    organization = await world.organization()
    admin, viewer = await world.member(organization), await world.member(organization, Role.VIEWER)
    person = await world.recorded(organization)
    await world.browse(person, raw("09:00:00"), raw("09:00:01"), raw("09:00:02"))
    ids = [node["id"] for node in (await admin.ask("{ behaviors { nodes { id } } }"))["behaviors"]["nodes"]]

    answers = [await run(admin, DELETE_BEHAVIOR, id=ids[1]) for _ in range(2)]

    assert answers == [{"__typename": "DeleteBehaviorSuccess", "deletedId": ids[1]}, {"__typename": "NotFound"}]
    left = (await viewer.ask("{ behaviors { nodes { id } } }"))["behaviors"]["nodes"]
    assert [node["id"] for node in left] == [ids[0], ids[2]]


async def test_two_deletions_of_the_same_event_are_one(world: World):
    organization = await world.organization()
    admin = await world.member(organization)
    await world.browse(await world.recorded(organization), raw("09:00:00"))
    [node] = (await admin.ask("{ behaviors { nodes { id } } }"))["behaviors"]["nodes"]

    answers = await asyncio.gather(*(run(admin, DELETE_BEHAVIOR, id=node["id"]) for _ in range(2)))

    assert sorted(answer["__typename"] for answer in answers) == ["DeleteBehaviorSuccess", "NotFound"]
