import asyncio
from functools import partial

import pytest
from sqlalchemy import text

from cli import retention_run
from core.clock import now
from core.events import ANONYMOUS
from db.queries import dirty_hours, retention
from db.retention import retention_job
from tests.cli.test_command_line import configured, run, surroundings
from tests.db.test_retention import browsed, keeps
from tests.rest_requests import stored
from tests.world import World

__all__ = ["configured", "surroundings"]


@pytest.fixture(autouse=True)
def _as_commands_run(surroundings: None, configured: None) -> None:
    """In a folder without `.env`, on the tests' database."""


@pytest.fixture(autouse=True)
def _anonymous_events_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANONYMOUS_RETENTION_DAYS", "0")


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
        assert await dirty_hours.marks(db) == 0


async def test_it_waits_for_another_process_that_is_at_it(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention_run, "_PAUSE_SECONDS", 0.01)
    organization = await world.organization()
    await keeps(world, organization, 1)
    await browsed(world, await world.recorded(organization), "2026-08-03T00:00")

    async with world.services.database.write() as db:
        assert await retention.be_alone(db)
        running = asyncio.create_task(retention_run.run(world.services.database, None))
        await asyncio.sleep(0.1)
        assert not running.done()

    assert (await running).rejected_events == 0
    assert await stored(world.services) == []


async def test_people_for_whom_it_fails_are_told_of_and_the_others_events_go(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(retention_run, "retention_job", partial(retention_job, limit_seconds=0.1))
    organization = await world.organization()
    stuck, free = await world.recorded(organization), await world.recorded(organization)
    await keeps(world, organization, 1)
    for person in (None, stuck, free):  # an anonymous one, so that the month is not dropped whole
        await browsed(world, person, "2026-08-03T12:00")

    async with world.services.database.write() as holder:
        await holder.execute(text("SELECT FROM behaviors WHERE user_id = :id FOR UPDATE"), {"id": stuck.id})
        failed = await run("retention", "run")
        left = {row["user_id"] for row in await stored(world.services)}
    again = await run("retention", "run")

    assert failed.exit_code == 1
    assert "1 events, 0 rejected events and " in failed.stderr
    assert "of 1 people could not be deleted" in " ".join(str(failed.exception).split())
    assert left == {stuck.id, ANONYMOUS}
    assert again.exit_code == 0
    assert "1 events" in again.stderr
