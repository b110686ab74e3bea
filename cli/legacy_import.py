"""`web-behavior import-legacy`: imports what the service before this one has stored, with a report."""

import json
import sys

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from app.settings import Settings
from core.events import EventRules
from core.names import checked_name
from db.engine import Database, DatabaseOptions
from legacy.importer import ImportOptions, import_database
from legacy.report import Events, Report

_COLUMNS = ("found", "imported", "here already", "of these changed", "left out", "deleted here")
_STATEMENT_SECONDS = 120.0
"""Long, since pages are large, the server may be busy, and no client waits."""


async def import_legacy(settings: Settings, url: str, source_url: str, organization: str, *, dry_run: bool) -> Report:
    """Import what is new in the old database, with a progress bar; return the report on every row.

    The schema of ours is up to date. Raises InvalidInput for a source that cannot be read, Unavailable.
    """
    rules = EventRules(settings.farthest_ahead, settings.farthest_behind)
    options = ImportOptions(rules, checked_name("organization", organization), dry_run)
    database = Database(url, DatabaseOptions(pool_size=2, statement_timeout=_STATEMENT_SECONDS))
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    try:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("Accounts and people", total=None)

            def show_progress(done: int, total: int) -> None:
                progress.update(task, description="Events", completed=done, total=total)

            return await import_database(database, source_url, options, show_progress)
    finally:
        await database.close()


def show(report: Report, *, as_json: bool) -> None:
    """Write the report to standard output: for people, or as one JSON object."""
    if as_json:
        sys.stdout.write(json.dumps(report.as_json(), indent=2) + "\n")
        return
    console = Console()
    if report.dry_run:
        console.print("A dry run: nothing was stored. This is what would become of every row.")
    console.print(_tables(report))
    console.print(_events(report.events))
    for finding, oddity in report.oddities.items():
        console.print(f"[bold]{oddity.count:,}[/bold] × {escape(finding.value)}", soft_wrap=True)
        for example in oddity.examples:
            console.print(f"    {escape(printable(example))}", soft_wrap=True)


def printable(text: str) -> str:
    """Return the text without control characters."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _tables(report: Report) -> Table:
    table = Table("", *map(_number, _COLUMNS))
    for name, rows in report.tables().items():
        counts = rows.found, rows.imported, rows.already_here, rows.changed, rows.left_out, rows.deleted_here
        table.add_row(name, *(f"{count:,}" for count in counts))
    table.add_row("people of events only", "", f"{report.added_people:,}")
    return table


def _events(events: Events) -> Table:
    table = Table("events", _number(""))
    rows = {
        "found": events.found,
        "imported": events.imported,
        "taken by an earlier run": events.in_finished_days,
        "here already": events.already_here,
        "sent twice": events.sent_twice,
        "of people deleted here": events.deleted_here,
    } | {f"rejected: {code}": count for code, count in sorted(events.rejected.items())}
    for name, count in rows.items():
        table.add_row(name, f"{count:,}")
    return table


def _number(heading: str) -> Column:
    return Column(heading, justify="right")
