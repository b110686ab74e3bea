"""Debian's Chromium, with everything off that would call home."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Playwright

_QUIET = [
    "--no-sandbox",  # it refuses to sandbox for root, who runs tests in containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Names other than this machine's resolve to nothing: whatever a page asks for elsewhere fails.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


@asynccontextmanager
async def launch(playwright: Playwright) -> AsyncIterator[Browser]:
    """A headless browser that reaches this machine alone."""
    browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_QUIET)
    try:
        yield browser
    finally:
        await browser.close()
