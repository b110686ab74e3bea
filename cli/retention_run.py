"""`web-behavior retention run`: deletes at once what is past its retention."""

import asyncio
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cli.rollups_run import work_off
from core.clock import now
from db.engine import Database
from db.queries.retention import RetentionTime
from db.retention import NotAlone, Step, apply, retention_job

_PAUSE_SECONDS = 1


async def run(database: Database, anonymous: timedelta | None) -> Step:
    """Delete everything that is past its retention, with a progress bar; return how much was deleted.

    `anonymous`: the time for which anonymous events are kept; None if they are never deleted.
    After an interruption it continues where it was. The service does the same every hour; both at once take turns.
    People for whom it fails are logged and counted, and the others' events are deleted.
    """
    job, total, time = retention_job(database), Step(), RetentionTime.at(now(), anonymous)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("Events deleted", total=None)
        done = False
        while not done:
            try:
                async for step in apply(job, time):
                    total += step
                    progress.update(task, completed=total.events)
                done = True
            except NotAlone:
                await asyncio.sleep(_PAUSE_SECONDS)
    await work_off(database)
    return total
