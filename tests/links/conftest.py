"""An application that sends mail, and the server that it sends to."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import empty, make_settings
from tests.mail_server import MailServer, mail_server
from tests.servers import own_world
from tests.world import World


@pytest.fixture(scope="module")
async def running_server() -> AsyncIterator[MailServer]:
    """The SMTP server of a module's tests."""
    async with mail_server() as server:
        yield server


@pytest.fixture(scope="module")
async def running_application(running_server: MailServer, data_dir: Path, database_url: str) -> AsyncIterator[World]:
    """The application of a module's tests."""
    settings = make_settings(data_dir, smtp_url=running_server.url, mail_from="web-behavior <no-reply@example.com>")
    async with own_world(settings, database_url) as world:
        yield world


@pytest.fixture
def mails(running_server: MailServer) -> MailServer:
    """The SMTP server, without the messages of other tests."""
    running_server.received.clear()
    running_server.refusals.clear()
    running_server.held.set()
    return running_server


@pytest.fixture
async def mailing(running_application: World, mails: MailServer) -> AsyncIterator[World]:
    """An empty world whose application sends mail."""
    assert not mails.received
    yield running_application
    mails.held.set()
    await running_application.services.background_sends.done()
    await empty(running_application.services)
