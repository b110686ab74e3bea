"""The scrape of a service that has had requests of many kinds."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db import migrate
from tests.auth.test_login import LOGIN
from tests.free_ports import free_port
from tests.links.requests import invited
from tests.observability.prometheus_scrape import Scrape, metered, scrape
from tests.rest_requests import BEHAVIORS, event, execute, post_batch, with_key
from tests.servers import new_database, own_world
from tests.world import World


@pytest.fixture(scope="session")
async def scraped(data_dir: Path, database_url: str) -> AsyncIterator[Scrape]:
    """The scrape after requests of many kinds."""
    settings = metered(
        data_dir,
        rate_limit_enabled=True,
        sign_in_limit_per_account="2/minute",
        smtp_url=f"smtp://127.0.0.1:{free_port()}?tls=none",  # where nobody listens
        mail_from="no-reply@example.com",
    )
    async with new_database(database_url) as url:
        await migrate.upgrade(url)
        async with own_world(settings, url) as world:
            await _send_requests_of_many_kinds(world)
            yield await scrape(settings)


async def _send_requests_of_many_kinds(world: World) -> None:
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
    acme = await world.organization()
    ada = await world.member(acme)
    await invited(ada, acme)
    world.services.observer.webhook_attempted("connection", 0.1)  # no endpoint is needed to have it counted
    world.services.observer.webhook_ended("failed")
    for _ in range(2):
        await ada.ask("query Mine { organizations { nodes { name } } }")
    await world.stranger.post("query ANameOfAStranger { __typename }")
    await world.stranger.post("{ viewer { username } }")
    await world.stranger.post("{ viewer {")
