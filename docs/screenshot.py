"""Takes the README's picture: GraphiQL on the demo's data, a metric query answered. Run by `make screenshot`."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from playwright.async_api import async_playwright

from tests.e2e.chromium import launch
from tests.e2e.graphiql import run_example, sign_in
from tests.free_ports import free_port

TARGET = Path(__file__).parent / "graphiql.png"
_START_SECONDS = 120


async def picture(url: str, password: str) -> None:
    """Sign in, run the example that compares two weeks, and save what is seen."""
    async with async_playwright() as playwright, launch(playwright) as browser:
        page = await browser.new_page(viewport={"width": 1360, "height": 800}, color_scheme="light")
        await page.goto(f"{url}/graphql")
        await sign_in(page, "demo", password)
        await run_example(page, 1, "trackedSeconds")
        await page.screenshot(path=TARGET)


def main() -> None:
    """Serve a demo of its own, take the picture, and stop it."""
    with tempfile.TemporaryDirectory(prefix="wb-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as a user of its own for root
        port = free_port()
        environment = os.environ | {"PORT": str(port), "DATA_DIR": folder}
        process = subprocess.Popen([Path(sys.executable).with_name("web-behavior"), "demo"], env=environment)  # noqa: S603 - our own command
        try:
            _wait_until_ready(f"http://localhost:{port}")
            asyncio.run(picture(f"http://localhost:{port}", (Path(folder) / "demo_password").read_text()))
        finally:
            process.terminate()
            process.wait()


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            httpx.get(f"{url}/ready").raise_for_status()
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


if __name__ == "__main__":
    main()
