"""`web-behavior rollups rebuild | verify`: making all rollups anew, and comparing them with the events."""

from rich.console import Console
from rich.progress import Progress

from core.clock import now
from db.engine import Database
from db.rollups import mark_everything, refresh, verify


async def rebuild(database: Database) -> int:
    """Make every rollup anew, with a progress bar; how many hours there were.

    Interrupted, it goes on where it was: what is left bears marks, and the service itself works them off, too.
    """
    total = await mark_everything(database)
    await work_off(database, total)
    return total


async def work_off(database: Database, hours: int | None = None) -> None:
    """Make the rollups of every marked hour, about so many of them, with a progress bar."""
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("Rollups", total=hours)
        while made := await refresh(database, now(), waits=True):
            progress.advance(task, made)


async def check(database: Database) -> tuple[int, int]:
    """Compare every rollup with its events, with a progress bar; how many hours were compared, and how many are wrong.

    Wrong hours are named, person and time.
    """
    compared = wrong = 0
    console = Console(stderr=True)
    with Progress(console=console) as progress:
        task = progress.add_task("Hours compared", total=None)
        async for hours, different in verify(database):
            compared, wrong = compared + hours, wrong + len(different)
            progress.update(task, completed=compared)
            for each in different:
                console.print(f"wrong: {each.user_id} {each.hour:%Y-%m-%dT%H:00Z}")
    return compared, wrong
