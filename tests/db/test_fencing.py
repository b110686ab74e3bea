import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.scope import Scope
from db.queries import erasures, extension_users
from db.queries.erasures import NewErasure
from db.queries.extension_users import ExtensionUserConditions
from tests.rest_requests import BEHAVIORS, event, rejected, stored, with_key
from tests.world import World

MOST_PARAMETERS = 32_767
"""Of a statement, by the driver's protocol."""
MANY_PEOPLE = text("""
    INSERT INTO extension_users (organization_id, username, api_key_hash, api_key_prefix)
    SELECT :organization_id, 'person ' || number, sha256(CAST('key ' || number AS bytea)), 'wb_'
    FROM generate_series(1, :count) AS number
""")


async def someone_waits(connection: AsyncConnection) -> None:
    """Return once another transaction waits for a lock of this one."""
    query = text("SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
    async with asyncio.timeout(5):
        while not await connection.scalar(query):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("keyed", [True, False])
async def test_events_of_somebody_being_deleted_wait_and_are_refused(world: World, keyed: bool):
    ada = await world.recorded(await world.organization())
    used = await world.http.post(BEHAVIORS, json=event(type="blur"), headers=with_key(ada))
    organization_id = ada.row.organization_id

    async with world.services.database.write() as connection:
        await extension_users.fence_off(
            connection, Scope.of([organization_id]), organization_id=organization_id, extension_user_id=ada.id
        )
        sent = event(userId=str(ada.id))
        post = asyncio.create_task(world.http.post(BEHAVIORS, json=sent, headers=with_key(ada) if keyed else {}))
        await someone_waits(connection)
        assert not post.done()
    response = await post

    assert used.status_code == 201
    assert response.status_code == (401 if keyed else 400)
    assert [row["type"] for row in await stored(world.services)] == [4]
    assert [row["code"] for row in await rejected(world.services)] == ([] if keyed else ["unknown_user"])


async def test_there_may_be_any_number_of_people(world: World):
    acme = await world.organization()
    async with world.services.database.write() as connection:
        await connection.execute(MANY_PEOPLE, {"organization_id": acme.id, "count": MOST_PARAMETERS + 1})

        everybody = await extension_users.fence_off(connection, Scope.everything(), organization_id=acme.id)
        await erasures.begin(connection, NewErasure(acme.id, None, uuid4()), everybody)

        left = await extension_users.count(connection, Scope.everything(), ExtensionUserConditions())
        noted = await connection.scalar(text("SELECT count(*) FROM erasure_subjects"))
    assert len(everybody) == noted == MOST_PARAMETERS + 1
    assert left == 0
