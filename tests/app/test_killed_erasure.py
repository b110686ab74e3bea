"""An erasure whose process is killed in the midst of it is finished by the next one."""

import asyncio
import os
from pathlib import Path

import pytest
from httpx import AsyncClient, HTTPError
from sqlalchemy import text

from db.rollups import verify
from tests.db.test_erasures import _small_tables, audited, browsed, rows_left
from tests.free_ports import free_port
from tests.metrics.test_freshness import ready, serving
from tests.schema.test_erasures_under_way import ERASE
from tests.world import Asker, World

__all__ = ["_small_tables"]

EVENTS = 200_000


async def progress(world: World) -> tuple[int, bool]:
    """Return the number of events that the only erasure has deleted, and whether it is finished."""
    async with world.services.database.read() as db:
        query = text("SELECT behaviors, finished_at IS NOT NULL AS is_finished FROM erasures")
        row = (await db.execute(query)).one_or_none()
        return (0, False) if row is None else (row.behaviors, row.is_finished)


async def test_the_next_process_finishes_what_a_killed_one_has_begun(world: World, database_url: str, data_dir: Path):
    organization = await world.organization()
    admin, olga = await world.member(organization), await world.recorded(organization)
    await browsed(world, olga, EVENTS // 2, seconds=0.1)
    await browsed(world, olga, EVENTS // 2, seconds=0.1)
    port = free_port()
    environment = os.environ | {
        "ENV": "test", "DATABASE_URL": database_url, "DATA_DIR": str(data_dir), "PORT": str(port),
        "RATE_LIMIT_ENABLED": "false",
    }  # fmt: skip
    async with AsyncClient(base_url=f"http://localhost:{port}", timeout=30) as client:
        first = serving(environment)
        await ready(client)
        asking = asyncio.create_task(Asker(client, token=admin.token).post(ERASE, input={"id": str(olga.id)}))
        async with asyncio.timeout(30):
            while not (await progress(world))[0]:  # noqa: ASYNC110 - another process tells nobody
                await asyncio.sleep(0.005)
        first.kill()
        first.wait()
        with pytest.raises(HTTPError):
            await asking
        killed = await progress(world)

        second = serving(environment)
        try:
            async with asyncio.timeout(60):
                while not (await progress(world))[1]:  # noqa: ASYNC110 - another process tells nobody
                    await asyncio.sleep(0.05)
        finally:
            second.terminate()
            second.wait(timeout=30)

    assert 0 < killed[0] < EVENTS
    assert not killed[1]
    assert await progress(world) == (EVENTS, True)
    assert await rows_left(world.services, olga.id) == {}
    assert [hours async for _, hours in verify(world.services.database) if hours] == []
    begun, erased = await audited(world.services)
    assert (begun[0], erased[0]) == ("extension_user_erasure_begun", "extension_user_erased")
    assert erased[1]["behaviors"] == EVENTS
