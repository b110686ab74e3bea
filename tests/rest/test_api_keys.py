from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient

from app.server import create_app
from tests.conftest import BASE_URL, StatementCounter, make_settings
from tests.rest_requests import AUTH, BATCH, BEHAVIORS, event, post_batch, rejected, stored, with_key
from tests.world import Recorded, World

INVALID = {"message": "Invalid or inactive API key", "success": False}
MISSING = {"message": "X-API-Key header is required", "success": False}

DEACTIVATE = "mutation($id: ID!) { updateExtensionUser(input: {id: $id, isActive: false}) { __typename } }"
DELETE = "mutation($id: ID!) { deleteExtensionUser(input: {id: $id}) { __typename } }"
REGENERATE = """mutation($id: ID!) {
    regenerateApiKey(input: {id: $id}) { ... on RegenerateApiKeySuccess { apiKey } } }"""


@pytest.fixture
async def ada(world: World) -> Recorded:
    return await world.recorded(await world.organization("Lovelace Ltd."), "Ada")


async def change(world: World, person: Recorded, mutation: str) -> dict[str, Any]:
    admin = await world.super_admin()
    return await admin.ask(mutation, id=str(person.id))


@pytest.mark.parametrize("header", ["X-API-Key", "API-Key", "x-api-key"])
async def test_a_key_names_the_person(world: World, ada: Recorded, header: str):
    response = await world.http.post(BEHAVIORS, json=event(), headers=with_key(ada, header))

    assert response.status_code == 201
    data = response.json()["data"]
    assert (data["userId"], data["userName"]) == (str(ada.id), "Ada")
    [row] = await stored(world.services)
    assert (row["user_id"], row["organization_id"]) == (ada.id, ada.row.organization_id)


async def test_a_key_may_come_with_its_own_persons_id(world: World, ada: Recorded):
    response = await world.http.post(BEHAVIORS, json=event(userId=str(ada.id).upper()), headers=with_key(ada))

    assert response.status_code == 201
    assert response.json()["data"]["userId"] == str(ada.id)


async def test_another_persons_id_is_refused(world: World, ada: Recorded):
    ben = await world.recorded(await world.organization())

    response = await world.http.post(BEHAVIORS, json=event(userId=str(ben.id)), headers=with_key(ada))

    assert response.status_code == 400
    assert response.json()["message"].startswith("userId is not the API key's user")
    assert await stored(world.services) == []


@pytest.mark.parametrize("key", ["wb_" + "0" * 64, "x", "é"])
@pytest.mark.parametrize("route", [BEHAVIORS, BATCH])
async def test_an_unknown_key_stores_nothing(world: World, route: str, key: str):
    headers = [(b"X-API-Key", key.encode("latin-1"))]

    response = await world.http.post(route, json=event() | {"events": [event()]}, headers=headers)

    assert response.status_code == 401
    assert response.json() == INVALID
    assert await stored(world.services) == []
    assert await rejected(world.services) == []


@pytest.mark.parametrize("mutation", [DEACTIVATE, REGENERATE, DELETE])
async def test_a_key_stops_working_at_once_even_when_just_used(world: World, ada: Recorded, mutation: str):
    used = await world.http.post(BEHAVIORS, json=event(), headers=with_key(ada))
    await change(world, ada, mutation)
    before = await stored(world.services)

    single = await world.http.post(BEHAVIORS, json=event(type="blur"), headers=with_key(ada))
    batch = await post_batch(world.http, event(type="blur"), {}, headers=with_key(ada))
    bad = await world.http.post(BEHAVIORS, json={}, headers=with_key(ada))
    auth = await world.http.get(AUTH, headers=with_key(ada))

    assert used.status_code == 201
    assert [answer.status_code for answer in (single, batch, bad, auth)] == [401, 401, 401, 401]
    assert [answer.json() for answer in (single, batch, bad, auth)] == [INVALID] * 4
    assert await stored(world.services) == before


async def test_a_regenerated_key_works_at_once(world: World, ada: Recorded):
    await world.http.post(BEHAVIORS, json=event(), headers=with_key(ada))
    answer = await change(world, ada, REGENERATE)

    response = await world.http.post(
        BEHAVIORS, json=event(), headers={"X-API-Key": answer["regenerateApiKey"]["apiKey"]}
    )

    assert response.status_code == 201
    assert response.json()["data"]["userId"] == str(ada.id)


async def test_a_remembered_key_costs_no_look_up(world: World, ada: Recorded, statements: StatementCounter):
    await world.http.post(BEHAVIORS, json=event(), headers=with_key(ada))
    statements.clear()

    await world.http.post(BEHAVIORS, json=event(type="blur"), headers=with_key(ada))

    [check] = [statement for statement in statements.statements if "api_key_hash" in statement]
    assert "FOR KEY SHARE" in check  # the writer's own, in its transaction


async def test_the_extension_learns_whose_key_it_has(world: World, ada: Recorded):
    response = await world.http.get(AUTH, headers=with_key(ada))

    assert response.status_code == 200
    answer = response.json()
    assert answer["success"] is True
    data = answer["data"]
    used_at = datetime.fromisoformat(data.pop("lastUsedAt"))
    assert abs(used_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert data == {
        "id": str(ada.id),
        "username": "Ada",
        "isActive": True,
        "createdAt": ada.row.created_at.isoformat().replace("+00:00", "Z"),
        "updatedAt": ada.row.updated_at.isoformat().replace("+00:00", "Z"),
        "organization": {"id": str(ada.row.organization_id), "name": "Lovelace Ltd."},
    }


async def test_asking_whose_key_it_is_takes_the_old_header_too(world: World, ada: Recorded):
    response = await world.http.get(AUTH, headers=with_key(ada, "API-Key"))

    assert response.json()["data"]["username"] == "Ada"


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": ""}])
async def test_asking_without_a_key_is_told_so(world: World, headers: dict[str, str]):
    response = await world.http.get(AUTH, headers=headers)

    assert response.status_code == 401
    assert response.json() == MISSING


async def test_unknown_and_inactive_keys_get_one_and_the_same_answer(
    world: World, ada: Recorded, statements: StatementCounter
):
    await change(world, ada, DEACTIVATE)
    statements.clear()

    inactive = await world.http.get(AUTH, headers=with_key(ada))
    asked_for_inactive = [statement for statement in statements.statements if "api_key_hash" in statement]
    statements.clear()
    unknown = await world.http.get(AUTH, headers={"X-API-Key": "wb_" + "0" * 64})

    assert (inactive.status_code, unknown.status_code) == (401, 401)
    assert inactive.content == unknown.content
    for answer in (inactive, unknown):
        del answer.headers["X-Request-ID"]  # each has its own
    assert inactive.headers == unknown.headers
    assert inactive.json() == INVALID
    assert [statement for statement in statements.statements if "api_key_hash" in statement] == asked_for_inactive
    assert len(asked_for_inactive) == 1


@pytest.fixture
async def strict(data_dir, database_url) -> Any:
    """A client of an application that wants a key with every request, and few of them."""
    settings = make_settings(
        data_dir,
        ingest_require_api_key=True,
        rate_limit_enabled=True,
        ingest_limit_per_key="3/minute",
        ingest_limit_per_address="2/minute",
    )
    app = create_app(settings, database_url)
    async with LifespanManager(app), AsyncClient(transport=ASGITransport(app), base_url=BASE_URL) as client:
        yield client


async def test_keys_can_be_required(world: World, ada: Recorded, strict: AsyncClient):
    without = await strict.post(BEHAVIORS, json=event())
    batch = await post_batch(strict, event(userId=str(ada.id)))
    keyed = await strict.post(BEHAVIORS, json=event(), headers=with_key(ada))

    assert (without.status_code, batch.status_code) == (401, 401)
    assert without.json() == batch.json() == MISSING
    assert keyed.status_code == 201
    assert [row["user_id"] for row in await stored(world.services)] == [ada.id]


async def test_requests_are_counted_per_key_and_else_per_address(world: World, ada: Recorded, strict: AsyncClient):
    ben = await world.recorded(await world.organization())

    of_ada = [
        await strict.post(BEHAVIORS, json=event(eventId=str(number)), headers=with_key(ada)) for number in range(4)
    ]
    of_ben = await strict.post(BEHAVIORS, json=event(), headers=with_key(ben))
    guesses = [await strict.get(AUTH, headers={"X-API-Key": f"wb_{number}"}) for number in range(3)]
    bad_keys = await strict.post(BEHAVIORS, json=event(), headers={"X-API-Key": "wb_"})

    assert [response.status_code for response in of_ada] == [201, 201, 201, 429]
    assert of_ben.status_code == 201
    assert [response.status_code for response in guesses] == [401, 401, 429]
    assert bad_keys.status_code == 429
    for refused in (of_ada[-1], guesses[-1], bad_keys):
        assert refused.json() == {"message": "Too many requests. Please slow down.", "success": False}
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert len(await stored(world.services)) == 4
