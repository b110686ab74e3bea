"""`web-behavior migrate --down`: downgrades to an earlier revision, which drops what only later ones hold."""

import sys

import typer
from rich.console import Console
from rich.markup import escape

from core.errors import CannotGoOn
from db import migrate
from db.downgrade import Preview, service_sessions
from db.engine import Database, DatabaseOptions

_NAMED_SESSIONS = 5


async def go_down(url: str, revision: str, *, yes: bool, force: bool) -> None:
    """Show what is dropped, ask for confirmation, and downgrade.

    `yes`: without the question; `force`: under a running service. CannotGoOn when it must not be done, CannotMigrate,
    typer.Abort.
    """
    if not force:
        await _check_nobody_is_connected(url)
    preview = await migrate.preview_downgrade(url, revision)
    _show(preview)
    if not yes:
        _ask()
        if not force:  # answering may take somebody a while
            await _check_nobody_is_connected(url)
    await migrate.downgrade(url, revision)


async def _check_nobody_is_connected(url: str) -> None:
    database = Database(url, DatabaseOptions(pool_size=1))
    try:
        sessions = await service_sessions(database)
    finally:
        await database.close()
    if sessions:
        named = ", ".join(map(str, sessions[:_NAMED_SESSIONS]))
        more = f" and {len(sessions) - _NAMED_SESSIONS} more" if len(sessions) > _NAMED_SESSIONS else ""
        raise CannotGoOn(
            f"The service is connected to this database: {named}{more}. Stop it first, or go down under it with "
            "--force: until the older version serves, it answers 503."
        )


def _show(preview: Preview) -> None:
    console = Console(stderr=True)
    way = f"Going down from {preview.current or 'nothing'} to {preview.reached or 'nothing'}"
    if not preview.drops:
        console.print(f"{way} drops neither a table nor a column.", soft_wrap=True)
        return
    console.print(f"{way} drops for good:", soft_wrap=True)
    for drop in preview.drops:
        console.print(f"  {escape(str(drop))}", soft_wrap=True, highlight=False)


def _ask() -> None:
    if not sys.stdin.isatty():
        raise CannotGoOn("Nobody can be asked here, as this is no terminal. To go down all the same: --yes")
    typer.confirm("Go down? Only a backup brings back what is dropped.", abort=True, err=True)
