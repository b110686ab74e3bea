import pytest
from sqlalchemy import text

from app.settings import Settings
from core.errors import CannotGoOn
from db.rollups import refresh_all
from tests.cli.test_command_line import configured, run, surroundings
from tests.world import World, raw

__all__ = ["configured", "surroundings"]


@pytest.fixture(autouse=True)
def _as_commands_run(surroundings: None, configured: None) -> None:
    """In a folder without `.env`, on the tests' database."""


async def test_wrong_rollups_are_found_and_made_anew(world: World):
    person = await world.recorded(await world.organization())
    await world.browse(person, raw("09:00:00"), raw("10:00:00"))
    await refresh_all(world.services.database)
    fine = await run("rollups", "verify")
    async with world.services.database.write() as db:
        await db.execute(text("UPDATE runs SET events = 7 WHERE date_part('hour', first_ts) = 10"))

    wrong = await run("rollups", "verify")
    rebuilt = await run("rollups", "rebuild")
    fine_again = await run("rollups", "verify")

    assert fine.exit_code == 0
    assert "2 hours compared, 0 wrong" in fine.stderr
    assert isinstance(wrong.exception, CannotGoOn)
    assert f"wrong: {person.id} 2026-08-03T10:00Z" in wrong.stderr
    assert "2 hours compared, 1 wrong" in wrong.stderr
    assert "rollups of 2 hours are made anew" in rebuilt.stderr
    assert fine_again.exit_code == 0


def test_rollups_are_read_unless_a_setting_says_no(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ROLLUPS_ENABLED", "false")

    assert Settings(_env_file=None).rollups_enabled is False  # type: ignore[call-arg]
