"""`web-behavior rejected-events`."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from cli.startup import prepared_services, start

if TYPE_CHECKING:
    from app.settings import Settings

_EXCERPT_CHARACTERS = 200


def rejected_events(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to show.")] = 20,
    *,
    full: Annotated[
        bool, typer.Option("--full", help=f"Show whole events, not their first {_EXCERPT_CHARACTERS} characters.")
    ] = False,
) -> None:
    """Show the newest events that were refused, and why."""
    from rich.table import Column, Table

    from observability.redaction import printable

    settings, url = start()
    rows = asyncio.run(_rejected(settings, url, limit))
    table = Table("received", "code", Column("message", overflow="fold"), Column("event", overflow="fold"))
    for row in rows:
        # Texts of clients must not act as markup, or as escape sequences of the terminal.
        payload = row.payload if full else _excerpt(row.payload)
        shown = (escape(printable(text)) for text in (row.code, row.message, payload))
        table.add_row(f"{row.received_at:%Y-%m-%d %H:%M:%S}", *shown)
    Console().print(table)


async def _rejected(settings: "Settings", url: str, limit: int) -> list[Any]:
    from db.queries.housekeeping import newest_rejected

    async with prepared_services(settings, url) as services, services.database.read() as connection:
        return await newest_rejected(connection, limit)


def _excerpt(text: str) -> str:
    return text if len(text) <= _EXCERPT_CHARACTERS else text[:_EXCERPT_CHARACTERS] + "…"
