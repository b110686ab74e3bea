"""An organization that requires API keys: what is posted for its people without one, and what is told to whom."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from httpx import Response

from db.queries.organizations import OrganizationRow
from tests.conftest import StatementCounter, make_settings
from tests.metrics.cluster_statements import statements_of
from tests.rest_requests import BEHAVIORS, event, post_batch, rejected, stored, with_key
from tests.servers import own_world
from tests.world import Recorded, World

REQUIRE = """mutation ($id: ID!, $required: Boolean!) {
    updateOrganization(input: {id: $id, requiresApiKey: $required}) { __typename }
}"""


async def require_keys(world: World, organization: OrganizationRow, *, required: bool = True) -> None:
    """Let an admin of the organization set whether keys are required."""
    admin = await world.member(organization)
    answer = await admin.ask(REQUIRE, id=str(organization.id), required=required)
    assert answer["updateOrganization"]["__typename"] == "UpdateOrganizationSuccess"


@pytest.fixture
async def acme(world: World) -> OrganizationRow:
    return await world.organization("Acme")


@pytest.fixture
async def ada(world: World, acme: OrganizationRow) -> Recorded:
    return await world.recorded(acme, "ada")


def without_id(response: Response, id_: UUID) -> tuple[int, str]:
    """A response's status and body, with the id blotted out."""
    return response.status_code, response.text.replace(str(id_), "…")


async def test_events_without_a_key_are_refused_from_then_on(world: World, acme: OrganizationRow, ada: Recorded):
    before = await world.http.post(BEHAVIORS, json=event(userId=str(ada.id)))
    await require_keys(world, acme)

    single = await world.http.post(BEHAVIORS, json=event(userId=str(ada.id), type="blur"))
    batch = await post_batch(world.http, event(userId=str(ada.id), type="idle"), event(userId=str(ada.id)))
    keyed = await world.http.post(BEHAVIORS, json=event(type="focus", eventId="keyed"), headers=with_key(ada))
    keyed_batch = await post_batch(world.http, event(userId=str(ada.id), type="click"), headers=with_key(ada))

    assert [answer.status_code for answer in (before, single, batch, keyed, keyed_batch)] == [201, 400, 400, 201, 201]
    assert batch.json()["message"] == f"unknown or inactive user at index 0: {ada.id}"
    assert len(await stored(world.services)) == 3


async def test_nobody_learns_that_the_person_exists(
    world: World, acme: OrganizationRow, ada: Recorded, statements: StatementCounter
):
    await require_keys(world, acme)
    nobody, asked = uuid4(), []

    singles = []
    for id_ in (ada.id, nobody):
        statements.clear()
        singles.append(await world.http.post(BEHAVIORS, json=event(userId=str(id_))))
        asked.append(list(statements.statements))
    batches = [
        await post_batch(world.http, event(userId=str(id_)), event(eventId=str(id_))) for id_ in (ada.id, nobody)
    ]

    assert asked[0] == asked[1] != []
    assert without_id(singles[0], ada.id) == without_id(singles[1], nobody)
    assert without_id(batches[0], ada.id) == without_id(batches[1], nobody)
    assert batches[0].json()["rejected"] == [
        {"index": 0, "code": "unknown_user", "message": f"unknown or inactive user: {ada.id}"}
    ]


async def test_an_operator_finds_the_true_reason(world: World, acme: OrganizationRow, ada: Recorded):
    await require_keys(world, acme)

    await world.http.post(BEHAVIORS, json=event(userId=str(ada.id)))

    [kept] = await rejected(world.services)
    assert (kept["code"], kept["user_id"]) == ("unknown_user", ada.id)
    assert kept["message"] == f"API key required by the organization: {ada.id}"


@pytest.mark.parametrize("cluster", [False, True])
async def test_only_its_own_people_are_concerned(world: World, acme: OrganizationRow, ada: Recorded, *, cluster: bool):
    await require_keys(world, acme)
    free = await world.recorded(await world.organization())

    with statements_of(world, cluster=cluster):
        mixed = await post_batch(
            world.http, event(userId=str(ada.id)), event(userId=str(free.id)), event(), event(type="foo")
        )

    assert mixed.status_code == 201
    assert [(each["index"], each["code"]) for each in mixed.json()["rejected"]] == [
        (0, "unknown_user"),
        (3, "invalid_type"),
    ]
    assert {row["user_id"] for row in await stored(world.services)} == {free.id, UUID(int=0)}


async def test_every_process_knows_at_once(
    world: World, acme: OrganizationRow, ada: Recorded, data_dir: Path, database_url: str
):
    stored_there: list[bool] = []
    async with own_world(make_settings(data_dir), database_url) as other:
        for required in (False, True, False):
            await require_keys(world, acme, required=required)
            # Alone they are stored by one statement, beside a bad event step by step.
            for neighbours in ([], [event(type="foo")]):
                name = str(len(stored_there))
                answer = await post_batch(other.http, event(userId=str(ada.id), eventId=name), event(), *neighbours)
                stored_there.append(0 not in {each["index"] for each in answer.json()["rejected"]})

    assert stored_there == [True, True, False, False, True, True]
    assert sum(row["user_id"] == ada.id for row in await stored(world.services)) == 4
