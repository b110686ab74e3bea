"""The command `web-behavior`: its subcommands, and the errors that it prints as one line."""

import signal
from importlib.metadata import version
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from cli.accounts import create_admin, set_password
from cli.identities import link_identity
from cli.legacy import import_legacy
from cli.migrating import migrate
from cli.people import import_people
from cli.rejected_events import rejected_events
from cli.retention import retention
from cli.rollups import rollups
from cli.schema import export_schema
from cli.serving import demo, serve

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they may be passwords
    help="Behaviour analytics: events in, answers out.",
)
for command in (
    serve,
    demo,
    migrate,
    create_admin,
    set_password,
    link_identity,
    import_people,
    export_schema,
    rejected_events,
    import_legacy,
):
    cli.command()(command)
cli.add_typer(rollups, name="rollups")
cli.add_typer(retention, name="retention")


def _show_version(asked: bool) -> None:
    if asked:
        Console(highlight=False).print(version("web-behavior"))
        raise typer.Exit


@cli.callback()
def _options(
    *,
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")
    ] = False,
) -> None:
    """Behaviour analytics: events in, answers out."""


def main() -> None:
    """Run the command line; expected errors are printed as one line."""
    # The default handling of SIGTERM would leave the embedded database running.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        cli()
    except Exception as error:
        reason = _reason(error)
        if reason is None:
            raise
        _fail(reason)


def _reason(error: Exception) -> str | None:
    """Return an expected error as one line; None for an unexpected one."""
    from pydantic import ValidationError

    from core.errors import AppError, CannotGoOn
    from db.migrate import CannotMigrate

    if isinstance(error, ValidationError):
        return "; ".join(_setting_problem(problem) for problem in error.errors())
    return str(error) if isinstance(error, CannotGoOn | CannotMigrate | AppError) else None


def _setting_problem(problem: Any) -> str:
    """Return a setting's problem as one line: its name and the message."""
    name = "_".join(str(part) for part in problem["loc"]).upper()
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{name}: {message}" if name else message


def _interrupt(number: int, _frame: object) -> None:
    """End an unfinished command, with the exit status that a shell reports for a signal."""
    raise SystemExit(128 + number)


def _fail(message: str) -> None:
    Console(stderr=True).print(f"[bold red]Cannot continue:[/bold red] {escape(message)}", soft_wrap=True)
    raise SystemExit(1)
