"""Posts without a key go on as they did, and learn nothing of people."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import Response

from db.queries.organizations import OrganizationRow
from tests.conftest import StatementCounter
from tests.rest_requests import BATCH, BEHAVIORS, event, execute, rejected, stored, with_key
from tests.schema.test_ingest_behaviors import behavior, ingest
from tests.world import Recorded, World


@pytest.fixture
async def organization(world: World) -> OrganizationRow:
    return await world.organization()


@pytest.fixture
async def ada(world: World, organization: OrganizationRow) -> Recorded:
    return await world.recorded(organization, "Ada")


@pytest.fixture
async def inactive(world: World, organization: OrganizationRow) -> Recorded:
    """Somebody of Ada's organization whose events are not collected."""
    person = await world.recorded(organization)
    await execute(world.services, "UPDATE extension_users SET is_active = false WHERE id = :id", id=person.id)
    return person


async def test_a_name_is_told_to_the_key_alone(world: World, ada: Recorded):
    sent = event(userId=str(ada.id), eventId="e1")

    keyless = (await world.http.post(BEHAVIORS, json=sent)).json()["data"]
    again = (await world.http.post(BEHAVIORS, json=sent)).json()["data"]
    keyed = (await world.http.post(BEHAVIORS, json=sent, headers=with_key(ada))).json()["data"]

    assert (keyless["userId"], keyless["userName"]) == (str(ada.id), None)
    assert again == keyless
    assert keyed == keyless | {"userName": "Ada"}


POSTS: dict[str, Any] = {
    "a single event": lambda one: (BEHAVIORS, one),
    "a click": lambda one: (BEHAVIORS, one | {"type": "click", "x": 1, "y": 2}),
    "a click without coordinates": lambda one: (BEHAVIORS, one | {"type": "click"}),
    "a batch of one": lambda one: (BATCH, {"events": [one]}),
    "the same twice": lambda one: (BATCH, {"events": [one | {"eventId": "e"}, one | {"eventId": "e"}]}),
    "beside an anonymous event": lambda one: (BATCH, {"events": [event(), one]}),
    "beside a bad one": lambda one: (BATCH, {"events": [event(type="foo"), one]}),
    "behind one's own": lambda one: (BATCH, {"events": [event(userId=ADA), one]}),
    "broken": lambda one: (BEHAVIORS, one | {"ts": "never"}),
    "a url that is too long": lambda one: (BATCH, {"events": [one | {"url": "u" * 9000}]}),
}
ADA = "ada"


@pytest.mark.parametrize("post", POSTS.values(), ids=POSTS)
async def test_unknown_and_inactive_people_get_one_answer_for_the_same_statements(
    world: World, ada: Recorded, inactive: Recorded, statements: StatementCounter, post: Any
):
    await world.http.post(BEHAVIORS, json=event())  # makes the month's partition
    answers, asked = [], []
    for user_id in (inactive.id, uuid4()):
        path, body = post(event(userId=str(user_id)))
        if "events" in body:
            for each in body["events"]:
                each["userId"] = str(ada.id) if each.get("userId") == ADA else each.get("userId")
        await execute(world.services, "DELETE FROM behaviors")
        statements.clear()
        answers.append(told(await world.http.post(path, json=body), user_id))
        asked.append(list(statements.statements))

    assert answers[0] == answers[1]
    assert asked[0] == asked[1] != []


def told(response: Response, user_id: UUID) -> tuple[Any, ...]:
    """Return an answer without the id that was sent and without what every answer has of its own."""
    headers = {name: value for name, value in response.headers.items() if name != "x-request-id"}
    return response.status_code, headers, response.text.replace(str(user_id), "USER")


async def test_the_refusal_names_neither_case(world: World, inactive: Recorded):
    response = await world.http.post(BEHAVIORS, json=event(userId=str(inactive.id)))

    assert response.status_code == 400
    assert response.json() == {"message": f"unknown or inactive user: {inactive.id}", "success": False}


async def test_operators_see_the_true_reason(world: World, inactive: Recorded):
    nobody = uuid4()
    for user_id in (inactive.id, nobody):
        await world.http.post(BEHAVIORS, json=event(userId=str(user_id)))

    kept = await rejected(world.services)
    assert [(row["code"], row["message"]) for row in kept] == [
        ("inactive_user", f"inactive user: {inactive.id}"),
        ("unknown_user", f"unknown user: {nobody}"),
    ]
    assert await stored(world.services) == []


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("stranger", "UNKNOWN_USER"),
        ("outsider", "UNKNOWN_USER"),
        ("viewer", "INACTIVE_USER"),
        ("root", "INACTIVE_USER"),
    ],
)
async def test_graphql_tells_inactive_people_to_whoever_may_see_them(
    world: World, organization: OrganizationRow, inactive: Recorded, who: str, code: str
):
    askers = {
        "stranger": world.stranger,
        "outsider": await world.member(await world.organization()),
        "viewer": await world.member(organization),
        "root": await world.super_admin(),
    }

    answer = await ingest(askers[who], behavior(userId=str(inactive.id)), behavior(userId=str(uuid4())))

    assert [each["code"] for each in answer["rejected"]] == [code, "UNKNOWN_USER"]
    assert answer["rejected"][1]["message"].startswith("unknown or inactive user: ")
