"""A service with metrics that has seen a little of everything, and what Prometheus finds there."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from app.settings import Settings
from db import migrate
from tests.auth.test_login import LOGIN
from tests.conftest import make_settings
from tests.ports import free_port
from tests.servers import new_database, own_world
from tests.wire import BEHAVIORS, event, execute, post_batch, with_key
from tests.world import World


@dataclass(frozen=True)
class Family:
    """A metric as Prometheus is told of it."""

    name: str
    kind: str
    meaning: str
    samples: list[Sample]


@dataclass(frozen=True)
class Scrape:
    """One answer of /metrics."""

    families: dict[str, Family]

    def value(self, sample: str, **labels: str) -> float | None:
        """The value of a sample with just these labels; None when there is no such."""
        for family in self.families.values():
            for each in family.samples:
                if each.name == sample and each.labels == labels:
                    return each.value
        return None


async def scrape(settings: Settings, port: int | None = None) -> Scrape:
    """What a service with these settings tells Prometheus."""
    async with AsyncClient(base_url=f"http://127.0.0.1:{port or settings.metrics_port}") as client:
        response = await client.get("/metrics")
    assert response.status_code == 200
    families = (
        Family(family.name, family.type, family.documentation, family.samples)
        for family in text_string_to_metric_families(response.text)
    )
    return Scrape({family.name: family for family in families})


def metered(data_dir: Path, **changes: Any) -> Settings:
    """Settings with metrics."""
    return make_settings(data_dir, metrics_port=free_port(), **changes)


@pytest.fixture(scope="session")
async def scraped(data_dir: Path, database_url: str) -> AsyncIterator[Scrape]:
    """What is found after a little of everything."""
    settings = metered(data_dir, rate_limit_enabled=True, sign_in_limit_per_account="2/minute")
    async with new_database(database_url) as url:
        await migrate.upgrade(url)
        async with own_world(settings, url) as world:
            await _a_little_of_everything(world)
            yield await scrape(settings)


async def _a_little_of_everything(world: World) -> None:
    http, person = world.http, await world.recorded(await world.organization())
    await post_batch(http, event(), event(x=1), event(type="nonsense"), event(ts=""), headers=with_key(person))
    await post_batch(http, event(), headers=with_key(person))
    await execute(world.services, "UPDATE extension_users SET is_active = false")
    await post_batch(http, event(), headers=with_key(person))  # the key is still remembered, the writer knows better
    await http.options(BEHAVIORS, headers={"Origin": "http://localhost:1", "Access-Control-Request-Method": "POST"})
    await http.get("/a-path-that-somebody-made-up")
    await world.user_with_password("ada")
    for password in ("correct horse battery", "wrong password", "wrong password"):
        await world.stranger.post(LOGIN, username="ada", password=password)
    ada = await world.member(await world.organization())
    for _ in range(2):
        await ada.ask("query Mine { organizations { nodes { name } } }")
    await world.stranger.post("query ANameOfAStranger { __typename }")
    await world.stranger.post("{ viewer { username } }")
    await world.stranger.post("{ viewer {")
