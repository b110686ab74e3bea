import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from core.clock import now
from core.errors import CannotGoOn
from demo.personas import PERSONAS
from demo.seed import ADMIN, ORGANIZATION, seed
from pages.html import load_examples
from tests.auth.test_login import LOGIN
from tests.world import PASSWORD, World

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


async def test_the_demo_shows_whose_events_come_without_a_key(world: World, tmp_path: Path):
    await seed(world.services, tmp_path)
    await world.services.key_usage.flush()
    [tab] = [example for example in load_examples() if "keylessWithin" in example.query]

    answer = await (await world.super_admin()).ask(tab.query)

    [demo] = answer["organizations"]["nodes"]
    assert demo["extensionUserCounts"] == {"active": len(PERSONAS), "keylessLast7Days": 1, "keylessLast30Days": 1}
    assert [person["lastUsedAt"] for person in demo["extensionUsers"]["nodes"]] == [None]


async def test_a_month_has_an_earlier_one_to_be_compared_with(world: World, tmp_path: Path):
    await seed(world.services, tmp_path)

    answer = await (await world.super_admin()).ask(
        """{ extensionUsers { nodes { usage(period: { last: "P30D" }) {
            total { events } previous { events }
        } } } }"""
    )

    people = [person["usage"] for person in answer["extensionUsers"]["nodes"]]
    assert len(people) == len(PERSONAS)
    assert all(usage["previous"]["events"] > usage["total"]["events"] / 2 > 500 for usage in people)


async def test_an_account_that_the_demo_did_not_make_is_left_alone(world: World, tmp_path: Path):
    await world.user_with_password("Demo")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "demo_password").write_text("of another database")

    for folder in (tmp_path / "new", tmp_path / "other"):
        with pytest.raises(CannotGoOn, match="There is an account named demo"):
            await seed(world.services, folder)

    login = (await world.stranger.ask(LOGIN, username="demo", password=PASSWORD))["login"]
    assert login["viewer"] == {"username": "Demo"}
    assert await _counts(world) == (1, 0, 0, 0, 0)
    assert not (tmp_path / "new").exists()


async def test_the_demo_moves_into_no_organization_of_somebody_else(world: World, tmp_path: Path):
    others = [await world.organization(name) for name in (f"A {ORGANIZATION}", ORGANIZATION)]

    await seed(world.services, tmp_path)
    again = await seed(world.services, tmp_path)

    async with world.services.database.read() as db:
        names = (await db.execute(text("SELECT name FROM organizations ORDER BY name"))).scalars().all()
        statement = text("SELECT count(*) FROM extension_users WHERE organization_id = ANY(:ids)")
        people = (await db.execute(statement, {"ids": [other.id for other in others]})).scalar_one()
    assert names == [f"A {ORGANIZATION}", ORGANIZATION, ORGANIZATION]
    assert people == 0
    assert again


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
    """Return the number of events before an instant, by person: the demo goes on while the test runs."""
    statement = text(
        "SELECT username, count(*) FROM behaviors JOIN extension_users person ON person.id = user_id "
        "WHERE ts < :before GROUP BY username"
    )
    async with world.services.database.read() as db:
        return {row[0]: row[1] for row in await db.execute(statement, {"before": before})}
