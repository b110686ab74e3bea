"""The command line: `web-behavior serve | demo | migrate | create-admin | set-password | …`.

A command loads what it needs when it runs: what only others need would make `serve` start later.
"""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from app.settings import Settings
    from db.retention import Step
    from resolvers.legacy.report import Report
    from resolvers.services import Services

DRAIN_SECONDS = 10
"""How long requests that are being answered have after SIGTERM. What is queued then is stored all the same."""

IMPORTED_PEOPLE = "Imported people"
"""What the organization is called that takes in people of an old database who have none."""

_EXCERPT_CHARACTERS = 200

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they may be passwords
    help="Behaviour analytics: events in, answers out.",
)

rollups = typer.Typer(no_args_is_help=True, help="What makes long questions fast: make it anew, check it.")
cli.add_typer(rollups, name="rollups")
retention = typer.Typer(no_args_is_help=True, help="What organizations keep no longer.")
cli.add_typer(retention, name="retention")


def main() -> None:
    """Run the command line; what cannot be done is told in one line."""
    # A process that SIGTERM ends as it would by default leaves the embedded database running.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        cli()
    except Exception as error:
        reason = _reason(error)
        if reason is None:
            raise
        _fail(reason)


@cli.command()
def serve() -> None:
    """Serve the API on PORT. Without a configured database, on the embedded one."""
    with _no_collections():
        import structlog

        settings, url = _start()
        asyncio.run(_prepare(settings, url))
        if settings.workers == 1:
            import app.asgi  # noqa: F401 - which uvicorn is about to load in this process
    structlog.get_logger().info("serving", address=settings.public_url)
    _serve(settings, url)


@cli.command()
def demo() -> None:
    """Serve with a month of demo data, and print a sign-in."""
    from rich.panel import Panel

    from app.demo.seed import ADMIN
    from app.readiness import CannotStart
    from app.settings import Environment

    settings, url = _start()
    if settings.env is Environment.PROD:
        raise CannotStart("The demo has a password that it prints. It does not run with ENV=prod.")
    password = asyncio.run(_prepare_demo(settings, url))
    Console(stderr=True).print(
        Panel(
            f"GraphiQL  {settings.public_url}/graphql\nSign in   {ADMIN}  /  {password}\n"
            f"REST      {settings.public_url}/swagger",
            title="web-behavior demo",
            expand=False,
        )
    )
    _serve(settings, url)


@cli.command()
def migrate(
    revision: Annotated[str, typer.Argument(help="The revision to go to; `head` is the latest.")] = "head",
    *,
    down: Annotated[bool, typer.Option("--down", help="Go down to REVISION (`-1`: one step; `base`: all).")] = False,
    wait: Annotated[int, typer.Option(min=0, help="Seconds to wait for a database that does not answer yet.")] = 0,
) -> None:
    """Bring the database's schema up to date, or down to an earlier revision."""
    settings, url = _start()
    reached = asyncio.run(_migrate(settings, url, revision, down=down, wait=wait))
    Console(stderr=True).print(f"The schema is at [bold]{reached or 'nothing'}[/bold].")


@cli.command()
def create_admin(
    username: Annotated[str, typer.Option(prompt=True)],
    password: Annotated[
        str, typer.Option(prompt=True, confirmation_prompt=True, hide_input=True, envvar="ADMIN_PASSWORD")
    ],
) -> None:
    """Make a super admin."""
    settings, url = _start()
    asyncio.run(_create_admin(settings, url, username, password))
    Console(stderr=True).print(f"[bold]{escape(username)}[/bold] can sign in.")


@cli.command()
def set_password(
    username: Annotated[str, typer.Argument(help="Whose; in any case.")],
    password: Annotated[str, typer.Option(prompt="New password", confirmation_prompt=True, hide_input=True)],
) -> None:
    """Set an account's password, and end all its sign-ins."""
    settings, url = _start()
    asyncio.run(_set_password(settings, url, username, password))
    Console(stderr=True).print(f"[bold]{escape(username)}[/bold] can sign in with the new password, and only so.")


@cli.command()
def export_schema(
    path: Annotated[Path | None, typer.Argument(help="Where to write it; standard output, without.")] = None,
) -> None:
    """Write the GraphQL schema in its own language."""
    from schema.build import sdl

    if path is None:
        sys.stdout.write(sdl())
    else:
        path.write_text(sdl())


@cli.command()
def rejected_events(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to show.")] = 20,
    *,
    full: Annotated[
        bool, typer.Option("--full", help=f"Show whole events, not their first {_EXCERPT_CHARACTERS} characters.")
    ] = False,
) -> None:
    """Show the newest events that were refused, and why."""
    from rich.table import Column, Table

    settings, url = _start()
    rows = asyncio.run(_rejected(settings, url, limit))
    table = Table("received", "code", Column("message", overflow="fold"), Column("event", overflow="fold"))
    for row in rows:
        # What clients sent is neither markup nor, by way of escape sequences, commands for the terminal.
        payload = row.payload if full else _excerpt(row.payload)
        shown = (escape(_printable(text)) for text in (row.code, row.message, payload))
        table.add_row(f"{row.received_at:%Y-%m-%d %H:%M:%S}", *shown)
    Console().print(table)


@cli.command()
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
    from app import legacy_commands

    settings, url = _start()
    report = asyncio.run(_import_legacy(settings, url, source, organization, dry_run=dry_run))
    legacy_commands.show(report, as_json=as_json)


@rollups.command()
def rebuild() -> None:
    """Make all rollups anew from the events. Can be interrupted and run again; the service may go on meanwhile."""
    settings, url = _start()
    hours = asyncio.run(_rebuild(settings, url))
    Console(stderr=True).print(f"The rollups of {hours} hours are made anew.")


@rollups.command()
def verify() -> None:
    """Compare all rollups with the events; fails when any is wrong."""
    settings, url = _start()
    compared, wrong = asyncio.run(_verify(settings, url))
    Console(stderr=True).print(f"{compared} hours compared, {wrong} wrong.")
    if wrong:
        from app.readiness import CannotStart

        raise CannotStart("Some rollups are wrong. Make them anew: web-behavior rollups rebuild")


@retention.command("run")
def run_retention() -> None:
    """Delete at once what organizations keep no longer; the service does so every hour. Can be interrupted."""
    settings, url = _start()
    removed = asyncio.run(_run_retention(settings, url))
    Console(stderr=True).print(
        f"{removed.events} events, {removed.rejected_events} rejected events and {removed.months} whole months deleted."
    )


@contextmanager
def _no_collections() -> Iterator[None]:
    """Leave garbage alone while the program is loaded: there is little, and much to go through, a dozen times."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _start() -> "tuple[Settings, str]":
    from app import logs, readiness
    from app.settings import Settings

    settings = Settings()
    logs.configure(settings)
    return settings, readiness.database_url(settings)


@asynccontextmanager
async def _prepared(settings: "Settings", url: str) -> "AsyncIterator[Services]":
    from app import readiness
    from app.wiring import running_services

    await readiness.prepare(settings, url)
    async with running_services(settings, url) as services:
        yield services


async def _prepare(settings: "Settings", url: str) -> None:
    from app.first_admin import ensure_admin

    async with _prepared(settings, url) as services:
        await ensure_admin(services, settings)


async def _prepare_demo(settings: "Settings", url: str) -> str:
    from app.demo.seed import seed

    async with _prepared(settings, url) as services:
        return await seed(services, settings.data_dir)


async def _create_admin(settings: "Settings", url: str, username: str, password: str) -> None:
    from resolvers.user import create_account

    async with _prepared(settings, url) as services:
        await create_account(services, username, password, is_super_admin=True)


async def _set_password(settings: "Settings", url: str, username: str, password: str) -> None:
    from resolvers.sign_in import set_password as set_account_password

    async with _prepared(settings, url) as services:
        await set_account_password(services, username, password)


async def _rejected(settings: "Settings", url: str, limit: int) -> list[Any]:
    from db.queries.housekeeping import newest_rejected

    async with _prepared(settings, url) as services, services.database.read() as connection:
        return await newest_rejected(connection, limit)


async def _import_legacy(settings: "Settings", url: str, source: str, organization: str, *, dry_run: bool) -> "Report":
    from app import legacy_commands, readiness

    await readiness.prepare(settings, url)
    return await legacy_commands.import_legacy(settings, url, source, organization, dry_run=dry_run)


async def _rebuild(settings: "Settings", url: str) -> int:
    from app import rollups_commands

    async with _prepared(settings, url) as services:
        return await rollups_commands.rebuild(services.database)


async def _verify(settings: "Settings", url: str) -> tuple[int, int]:
    from app import rollups_commands

    async with _prepared(settings, url) as services:
        return await rollups_commands.check(services.database)


async def _run_retention(settings: "Settings", url: str) -> "Step":
    from app import retention_commands

    async with _prepared(settings, url) as services:
        return await retention_commands.run(services.database)


async def _migrate(settings: "Settings", url: str, revision: str, *, down: bool, wait: float) -> str | None:
    """Go there; the revision that the database is at now."""
    from app import readiness
    from db import migrate as migrations
    from db.engine import Database, DatabaseOptions

    await readiness.wait_for_database(settings, url, wait)
    if down:
        await migrations.downgrade(url, "-1" if revision == "head" else revision)
    else:
        await migrations.upgrade(url, revision)
    database = Database(url, DatabaseOptions(pool_size=1))
    try:
        return await migrations.current_revision(database)
    finally:
        await database.close()


def _serve(settings: "Settings", url: str) -> None:
    import uvicorn

    from app import listening
    from app.protocol import bounded

    signal.signal(signal.SIGTERM, _stop)  # which the server raises again when it has answered everybody
    os.environ["DATABASE_URL"] = url  # the workers are processes of their own, and must not start another database
    config = uvicorn.Config(
        "app.asgi:create",
        factory=True,
        http=bounded(settings.max_requests),  # type: ignore[arg-type]  # it is only called
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_config=None,
        access_log=False,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        limit_concurrency=settings.max_connections,
    )
    listening.serve(config)


def _reason(error: Exception) -> str | None:
    """What cannot be done, in one line; None for what is no such error."""
    from pydantic import ValidationError

    from app.readiness import CannotStart
    from core.errors import AppError
    from db.migrate import CannotMigrate

    if isinstance(error, ValidationError):
        return "; ".join(_setting_problem(problem) for problem in error.errors())
    return str(error) if isinstance(error, CannotStart | CannotMigrate | AppError) else None


def _setting_problem(problem: Any) -> str:
    """A setting's problem in one line: its name, and what is wrong with it."""
    name = "_".join(str(part) for part in problem["loc"]).upper()
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{name}: {message}" if name else message


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _excerpt(text: str) -> str:
    return text if len(text) <= _EXCERPT_CHARACTERS else text[:_EXCERPT_CHARACTERS] + "…"


def _interrupt(number: int, _frame: object) -> None:
    """End a command that was not done, with the status that a shell gives to one that a signal has ended."""
    raise SystemExit(128 + number)


def _stop(_signal: int, _frame: object) -> None:
    """End a service as it is meant to end."""
    raise SystemExit(0)


def _fail(message: str) -> None:
    Console(stderr=True).print(f"[bold red]Cannot continue:[/bold red] {escape(message)}", soft_wrap=True)
    raise SystemExit(1)
