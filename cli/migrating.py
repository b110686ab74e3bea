"""`web-behavior migrate`."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cli.startup import start

if TYPE_CHECKING:
    from app.settings import Settings


def migrate(
    revision: Annotated[str, typer.Argument(help="The revision to go to; `head` is the latest.")] = "head",
    *,
    down: Annotated[bool, typer.Option("--down", help="Go down to REVISION (`-1`: one step; `base`: all).")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Go down without asking; for scripts.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Go down even while the service is connected.")] = False,
    wait: Annotated[int, typer.Option(min=0, help="Seconds to wait for a database that does not answer yet.")] = 0,
) -> None:
    """Bring the database's schema up to date, or down to an earlier revision, which drops what only later ones hold."""
    if (yes or force) and not down:
        raise typer.BadParameter("--yes and --force are for --down.")
    settings, url = start()
    reached = asyncio.run(_migrate(settings, url, revision, wait=wait, down=down, yes=yes, force=force))
    Console(stderr=True).print(f"The schema is at [bold]{reached or 'nothing'}[/bold].")


async def _migrate(
    settings: "Settings", url: str, revision: str, *, wait: float, down: bool, yes: bool, force: bool
) -> str | None:
    """Migrate to the revision; return the one that the database has now."""
    from app import readiness
    from db import migrate as migrations
    from db.engine import Database, DatabaseOptions

    await readiness.wait_for_database(settings, url, wait)
    if down:
        from cli.downgrade import go_down

        await go_down(url, "-1" if revision == "head" else revision, yes=yes, force=force)
    else:
        await migrations.upgrade(url, revision)
    database = Database(url, DatabaseOptions(pool_size=1))
    try:
        return await migrations.current_revision(database)
    finally:
        await database.close()
