"""`web-behavior rollups rebuild | verify`."""

import asyncio
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from cli.startup import background_database, start

if TYPE_CHECKING:
    from app.settings import Settings

rollups = typer.Typer(no_args_is_help=True, help="Rebuild or verify the rollups that answer long questions.")


@rollups.command()
def rebuild() -> None:
    """Make all rollups anew from the events. Can be interrupted and run again; the service may go on meanwhile."""
    settings, url = start()
    hours, put_aside = asyncio.run(_rebuild(settings, url))
    Console(stderr=True).print(f"The rollups of {hours} hours are made anew.")
    if put_aside:
        from core.errors import CannotGoOn

        raise CannotGoOn(
            f"{put_aside} hours hold so many events that making their rollups takes too long. They were put aside and "
            "are tried again later; until then questions read their events. The log names them."
        )


@rollups.command()
def verify() -> None:
    """Compare all rollups with the events; fails when any is wrong."""
    settings, url = start()
    compared, wrong = asyncio.run(_verify(settings, url))
    Console(stderr=True).print(f"{compared} hours compared, {wrong} wrong.")
    if wrong:
        from core.errors import CannotGoOn

        raise CannotGoOn("Some rollups are wrong. Make them anew: web-behavior rollups rebuild")


async def _rebuild(settings: "Settings", url: str) -> tuple[int, int]:
    from cli import rollups_run

    async with background_database(settings, url) as database:
        hours, put_aside = await rollups_run.run_rebuild(database)
        return hours, len(put_aside)


async def _verify(settings: "Settings", url: str) -> tuple[int, int]:
    from cli import rollups_run

    async with background_database(settings, url) as database:
        return await rollups_run.check(database)
