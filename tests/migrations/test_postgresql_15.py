from pathlib import Path

import pytest
from sqlalchemy import text

from db import migrate
from tests.auth.test_login import LOGIN
from tests.conftest import make_settings
from tests.rest_requests import event, post_batch, with_key
from tests.servers import new_database, own_world
from tests.world import PASSWORD, World, at

USAGE = """
query($period: Period!) {
  usage(period: $period) {
    total { events sessions uniqueDomains trackedMinutes trackedSeconds }
  }
  behaviors(first: 5) { nodes { url ts } }
  sessions(period: $period) { nodes { sessionId seconds } }
}
"""


@pytest.fixture
async def world_on_15(postgres_15_url: str, data_dir: Path):
    """An empty world on PostgreSQL 15."""
    async with new_database(postgres_15_url) as url:
        await migrate.upgrade(url)
        async with own_world(make_settings(data_dir), url) as world:
            yield world


async def test_the_service_works_on_postgresql_15(world_on_15: World):
    world = world_on_15
    await world.user_with_password("root", is_super_admin=True)
    person = await world.recorded(await world.organization())

    for accepted, duplicates in ((2, 0), (0, 2)):
        posted = await post_batch(
            world.http, event(), event(ts=at("09:03:00"), url="https://b.com/"), headers=with_key(person)
        )
        assert (posted.status_code, posted.json()["accepted"], posted.json()["duplicates"]) == (
            201,
            accepted,
            duplicates,
        )

    asker = world.stranger
    asker.token = (await asker.ask(LOGIN, username="ROOT", password=PASSWORD))["login"]["accessToken"]
    period = {"between": {"start": at("09:00:00"), "end": at("10:00:00")}}
    answer = await asker.ask(USAGE, period=period)
    assert answer["usage"]["total"] == {
        "events": 2,
        "sessions": 1,
        "uniqueDomains": 2,
        "trackedMinutes": 2,
        "trackedSeconds": 180.0,
    }
    assert [node["url"] for node in answer["behaviors"]["nodes"]] == ["https://b.com/", "https://a.com/1"]
    assert [node["seconds"] for node in answer["sessions"]["nodes"]] == [180.0]


async def test_it_is_version_15_indeed(world_on_15: World):
    async with world_on_15.services.database.read() as db:
        version = (await db.execute(text("SHOW server_version_num"))).scalar_one()

    assert version.startswith("15")
