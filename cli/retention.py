"""`web-behavior retention run`."""

import asyncio
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from cli.startup import background_database, start

if TYPE_CHECKING:
    from app.settings import Settings
    from db.retention import Step

retention = typer.Typer(no_args_is_help=True, help="Delete what organizations no longer keep.")


@retention.command("run")
def run_retention() -> None:
    """Delete at once what is kept no longer; the service does so every hour. Can be interrupted."""
    settings, url = start()
    removed = asyncio.run(_run_retention(settings, url))
    Console(stderr=True).print(
        f"{removed.events} events, {removed.rejected_events} rejected events and {removed.months} whole months deleted."
    )
    if removed.failures:
        from core.errors import CannotGoOn

        raise CannotGoOn(
            f"The old events of {removed.failures} people could not be deleted; the log above says why. "
            "Try again: web-behavior retention run"
        )


async def _run_retention(settings: "Settings", url: str) -> "Step":
    from cli import retention_run

    async with background_database(settings, url) as database:
        return await retention_run.run(database, settings.anonymous_retention)
