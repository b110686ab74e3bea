import stat
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from app.demo.personas import PERSONAS
from app.demo.seed import ADMIN, ORGANIZATION, seed
from core.clock import now
from tests.auth.test_login import LOGIN
from tests.world import World

COUNTS = """
SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM organizations), (SELECT count(*) FROM memberships),
       (SELECT count(*) FROM extension_users), (SELECT count(*) FROM rejected_events)
"""


async def test_the_demo_is_seeded_once_however_often_it_is_started(world: World, tmp_path: Path):
    settled = now() - timedelta(hours=1)  # whoever looks in before that does so in the same way each time
    password = await seed(world.services, tmp_path)
    counts, events = await _counts(world), await _events(world, settled)

    again = await seed(world.services, tmp_path)

    assert again == password
    assert await _counts(world) == counts == (1, 1, 1, len(PERSONAS), 0)
    assert set(events) == {persona.username for persona in PERSONAS}
    assert sum(events.values()) > 10_000
    assert await _events(world, settled) == events
    await _signs_in(world, password)
    _is_kept_for_its_owner(password, tmp_path)


async def _signs_in(world: World, password: str) -> None:
    asker = world.stranger
    asker.token = (await asker.ask(LOGIN, username=ADMIN, password=password))["login"]["accessToken"]
    answer = await asker.ask("{ organizations { nodes { name } } }")
    assert answer == {"organizations": {"nodes": [{"name": ORGANIZATION}]}}


def _is_kept_for_its_owner(password: str, folder: Path) -> None:
    [file] = folder.iterdir()
    assert file.read_text() == password
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def _counts(world: World) -> tuple[int, ...]:
    async with world.services.database.read() as db:
        return tuple((await db.execute(text(COUNTS))).one())


async def _events(world: World, before: datetime) -> dict[str, int]:
    """How many events lie before an instant, by person: the demo goes on while the test runs."""
    statement = text(
        "SELECT username, count(*) FROM behaviors JOIN extension_users person ON person.id = user_id "
        "WHERE ts < :before GROUP BY username"
    )
    async with world.services.database.read() as db:
        return {row[0]: row[1] for row in await db.execute(statement, {"before": before})}
