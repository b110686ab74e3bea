import asyncio

import pytest

from app import retention_commands
from core.clock import now
from db.queries import retention, rollups
from tests.app.test_command_line import configured, run, surroundings
from tests.db.test_retention import browsed, keeps
from tests.wire import stored
from tests.world import World

__all__ = ["configured", "surroundings"]


@pytest.fixture(autouse=True)
def _as_commands_run(surroundings: None, configured: None) -> None:
    """In a folder without `.env`, on the tests' database."""


async def test_what_is_kept_no_longer_is_deleted_at_once(world: World):
    organization = await world.organization()
    person = await world.recorded(organization)
    await keeps(world, organization, 1)
    await browsed(world, None, "2026-08-03T12:00")  # so that the month is not dropped whole
    await browsed(world, person, "2026-08-03T12:00", count=2)
    await browsed(world, person, f"{now():%Y-%m-%dT%H:%M}")

    first = await run("retention", "run")
    second = await run("retention", "run")

    assert first.exit_code == 0, first.output
    assert "2 events, 0 rejected events and " in first.stderr
    assert "0 events" in second.stderr
    assert len(await stored(world.services)) == 2
    async with world.services.database.read() as db:
        assert await rollups.marks(db) == 0


async def test_it_waits_for_another_process_that_is_at_it(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention_commands, "_PAUSE_SECONDS", 0.01)
    organization = await world.organization()
    await keeps(world, organization, 1)
    await browsed(world, await world.recorded(organization), "2026-08-03T00:00")

    async with world.services.database.write() as db:
        assert await retention.be_alone(db)
        running = asyncio.create_task(retention_commands.run(world.services.database))
        await asyncio.sleep(0.1)
        assert not running.done()

    assert (await running).rejected_events == 0
    assert await stored(world.services) == []
