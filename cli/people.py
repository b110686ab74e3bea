"""`web-behavior import-people`."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cli.startup import prepared_services, start

if TYPE_CHECKING:
    from app.settings import Settings
    from cli.people_import import Imported


def import_people(
    organization: Annotated[str, typer.Argument(help="The organization: its name, in any case, or its id.")],
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="A CSV in UTF-8 with a column `username`; others are ignored."
        ),
    ],
    keys: Annotated[
        Path | None,
        typer.Option(help="The new file to write the API keys to, for its owner alone; otherwise standard output."),
    ] = None,
) -> None:
    """Make extension users of a CSV file. Those who exist are left as they are, so it can be run again."""
    from core.errors import CannotGoOn

    settings, url = start()
    imported = asyncio.run(_import_people(settings, url, organization, file, keys))
    Console(stderr=True).print(
        f"{imported.created} people made, {imported.existing} existed already, {imported.refused} lines refused."
    )
    if imported.refused:
        raise CannotGoOn("Mend the lines above, and import the file again: it changes nobody who is there.")


async def _import_people(
    settings: "Settings", url: str, organization: str, file: Path, keys: Path | None
) -> "Imported":
    from cli import people_import

    async with prepared_services(settings, url) as services:
        organization_id = await people_import.organization_named(services.database, organization)
        with people_import.key_file(keys) as output:
            return await people_import.import_file(services.database, organization_id, file, output)
