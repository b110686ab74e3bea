"""`web-behavior rollups rebuild | verify`: rebuilds all rollups, and compares them with the events."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from db.engine import Database
from db.queries.person_hours import PersonHour
from db.rollup_maker import RollupMaker
from db.rollups import count_hours, is_being_rebuilt, rebuild, verify


async def run_rebuild(database: Database) -> tuple[int, set[PersonHour]]:
    """Rebuild every rollup, with a progress bar; return the number of rebuilt hours, and the hours that took too long.

    Interrupted, it goes on where it was.
    """
    console, total = Console(stderr=True), 0
    hours: int | None = None
    if await is_being_rebuilt(database):
        console.print("Going on with the rebuild that was interrupted.")
    else:
        hours = await count_hours(database) or None
    with _progress(console) as progress:
        task = progress.add_task("Hours made", total=hours)

        def report(made: int) -> None:
            nonlocal total
            total += made
            progress.advance(task, made)

        put_aside = await rebuild(database, report)
    return total, put_aside


async def work_off(database: Database) -> None:
    """Make the rollups of every dirty hour, with a progress bar."""
    with _progress(Console(stderr=True)) as progress:
        task = progress.add_task("Rollups", total=None)
        await RollupMaker(database, everything=True).make_all(lambda hours: progress.advance(task, hours))


async def check(database: Database) -> tuple[int, int]:
    """Compare every rollup with its events, with a progress bar; return the numbers of compared and of wrong hours.

    Wrong hours are named, person and time.
    """
    compared = wrong = 0
    console = Console(stderr=True)
    with _progress(console) as progress:
        task = progress.add_task("Hours compared", total=None)
        async for hours, different in verify(database):
            compared, wrong = compared + hours, wrong + len(different)
            progress.update(task, completed=compared)
            for each in different:
                console.print(f"wrong: {each.user_id} {each.hour:%Y-%m-%dT%H:00Z}")
    return compared, wrong


def _progress(console: Console) -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=console)
