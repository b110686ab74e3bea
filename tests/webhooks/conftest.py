"""An application that may deliver to this machine, and an endpoint there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient

from app.server import create_app
from resolvers import webhook_worker
from resolvers.webhook_worker import WebhookWorker
from tests.conftest import empty, make_settings
from tests.webhooks.endpoint import Endpoint, endpoint
from tests.world import World


@pytest.fixture(scope="module")
async def running_application(data_dir: Path, database_url: str) -> AsyncIterator[tuple[World, WebhookWorker]]:
    """The application of a module's tests, which looks for deliveries all the time."""
    settings = make_settings(data_dir, webhook_allowed_networks="127.0.0.0/8", webhook_allow_http=True)
    application = create_app(settings, database_url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(webhook_worker, "INTERVAL_SECONDS", 0.02)
        async with LifespanManager(application):
            transport = ASGITransport(application)
            async with AsyncClient(transport=transport, base_url=settings.public_url) as client:
                yield World(application.state.services, client), application.state.webhook_worker


@pytest.fixture
async def telling(running_application: tuple[World, WebhookWorker]) -> AsyncIterator[World]:
    """An empty world whose application delivers."""
    world, worker = running_application
    yield world
    await empty(world.services)
    await worker.finish_turns()


@pytest.fixture
async def target() -> AsyncIterator[Endpoint]:
    """An endpoint that takes everything."""
    async with endpoint() as found:
        yield found
