"""`web-behavior export-schema`."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def export_schema(
    path: Annotated[Path | None, typer.Argument(help="Where to write it; standard output, without.")] = None,
) -> None:
    """Write the GraphQL schema in its own language."""
    from schema.build import sdl

    if path is None:
        sys.stdout.write(sdl())
    else:
        path.write_text(sdl())
