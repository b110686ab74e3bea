"""`web-behavior retention run`: deleting at once what organizations do not keep any longer."""

import asyncio

from rich.console import Console
from rich.progress import Progress

from app.rollups_commands import work_off
from core.clock import now
from db.engine import Database
from db.retention import NotAlone, Step, apply

_PAUSE_SECONDS = 1


async def run(database: Database) -> Step:
    """Delete everything that is kept no longer, with a progress bar; how much that was.

    Interrupted, it goes on where it was; the service itself does the same every hour. Both at once take turns.
    """
    total, at = Step(), now()
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("Events deleted", total=None)
        done = False
        while not done:
            try:
                async for step in apply(database, at):
                    total += step
                    progress.update(task, completed=total.events)
                done = True
            except NotAlone:
                await asyncio.sleep(_PAUSE_SECONDS)
    await work_off(database)
    return total
