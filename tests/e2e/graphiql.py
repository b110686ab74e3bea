"""Working GraphiQL as a person does."""

import re

from playwright.async_api import Page, expect


async def sign_in(page: Page, username: str, password: str) -> None:
    """Sign in by the form above the editor."""
    await page.locator("input[name=username]").fill(username)
    await page.locator("input[name=password]").fill(password)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.locator("#signed-in")).to_contain_text(username)


async def run_example(page: Page, number: int, expected: str) -> None:
    """Open the example's tab, run it, and wait for the expected text in the result."""
    await page.locator(f"#graphiql-session-tab-{number}").click()
    result = page.locator('section[aria-label="Result Window"] .view-lines')
    await page.get_by_role("button", name=re.compile("Execute query")).click()
    await expect(result).to_contain_text(expected)


async def result_text(page: Page) -> str:
    """The whole result; the editor draws only the lines in sight."""
    text: str = await page.evaluate(
        "window.__MONACO.editor.getModels().find(model => model.uri.path.endsWith('response.json')).getValue()"
    )
    return text
