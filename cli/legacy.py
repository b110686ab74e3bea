"""`web-behavior import-legacy`."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from cli.startup import start

if TYPE_CHECKING:
    from app.settings import Settings
    from legacy.report import Report

IMPORTED_PEOPLE = "Imported people"
"""The name of the organization that takes in people of an old database who have none."""


def import_legacy(
    source: Annotated[
        str,
        typer.Option(
            "--from",
            envvar="LEGACY_DATABASE_URL",
            show_envvar=True,
            help="The old service's database: postgresql://user:password@host:5432/name. It is only read.",
        ),
    ],
    organization: Annotated[
        str, typer.Option(help="What the organization is called that takes in people who have none.")
    ] = IMPORTED_PEOPLE,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look at everything, store nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the report as JSON.")] = False,
) -> None:
    """Take over what the Go service before this one has stored. Can be interrupted, and run again for what is new."""
    from cli import legacy_import

    settings, url = start()
    report = asyncio.run(_import_legacy(settings, url, source, organization, dry_run=dry_run))
    legacy_import.show(report, as_json=as_json)


async def _import_legacy(settings: "Settings", url: str, source: str, organization: str, *, dry_run: bool) -> "Report":
    from app import readiness
    from cli import legacy_import

    await readiness.prepare(settings, url)
    return await legacy_import.import_legacy(settings, url, source, organization, dry_run=dry_run)
