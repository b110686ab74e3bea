"""A real server, real pages, and a real browser that reaches nothing but this machine."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.e2e.chromium import launch
from tests.free_ports import free_port
from tests.mail_server import MailServer, mail_server
from tests.static_pages import static_pages
from tests.world import PASSWORD

_START_SECONDS = 60

expect.set_options(timeout=60_000)  # in milliseconds: the machine may have other things to do


@dataclass(frozen=True)
class Served:
    """A running service and its admin's password."""

    url: str
    username: str
    password: str


@pytest.fixture(scope="session")
async def mails() -> AsyncIterator[MailServer]:
    """The SMTP server that the service sends its mail to."""
    async with mail_server() as server:
        yield server


@pytest.fixture(scope="session")
def service(mails: MailServer) -> Iterator[Served]:
    """`web-behavior serve` in a process of its own, on an embedded database of its own, with an admin."""
    with tempfile.TemporaryDirectory(prefix="wb-e2e-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as a user of its own when the tests run as root
        served = Served(f"http://localhost:{free_port()}", "admin", PASSWORD)
        environment = os.environ | {
            "ENV": "test",
            "PORT": served.url.rpartition(":")[2],
            "DATA_DIR": folder,
            "SMTP_URL": mails.url,
            "MAIL_FROM": "no-reply@example.com",
            "ADMIN_USERNAME": served.username,
            "ADMIN_PASSWORD": served.password,
        }
        process = subprocess.Popen(
            [Path(sys.executable).with_name("web-behavior"), "serve"], env=environment, cwd=folder
        )
        try:
            _wait_until_ready(served.url, process)
            yield served
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/ready").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the service did not start")


@pytest.fixture(scope="session")
def pages_port() -> Iterator[int]:
    """The port of the local pages with the recorder: under `localhost` and under `127.0.0.1`."""
    with static_pages(Path(__file__).parent / "pages") as port:
        yield port


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with async_playwright() as playwright, launch(playwright) as running:
        yield running
