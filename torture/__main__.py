"""`python -m torture`: every experiment, and the page about them. `python -m torture crashes`: that one alone."""

import asyncio
import resource
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from torture import report
from torture.experiments import EXPERIMENTS, STRANGERS
from torture.findings import CannotRun, Finding

_PAGE = Path(__file__).parent.parent / "docs" / "reliability.md"
_console = Console(stderr=True)


def main(
    names: Annotated[list[str] | None, typer.Argument(help=f"Which: {', '.join(EXPERIMENTS)}. All, without.")] = None,
) -> None:
    """Try to lose events; write docs/reliability.md when everything was tried, or all of a section.

    Fails when a promise was broken.
    """
    unknown = sorted(set(names or ()) - set(EXPERIMENTS))
    if unknown:
        raise typer.BadParameter(f"There is no {', '.join(unknown)}. There are {', '.join(EXPERIMENTS)}.")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # the overload opens thousands of connections
    began = time.monotonic()
    findings = _run(names or list(EXPERIMENTS))
    if not names or names == [STRANGERS]:
        report.write(_PAGE, findings, time.monotonic() - began)
    if any(finding.kept is False for finding in findings):
        raise SystemExit(1)


def _run(names: list[str]) -> list[Finding]:
    findings: list[Finding] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_console, transient=True) as progress:
        task = progress.add_task("", total=len(names))
        for name in names:
            progress.update(task, description=name)
            for finding in _one(name):
                progress.console.print(report.line(finding), markup=False)
                findings.append(finding)
            progress.advance(task)
    return findings


def _one(name: str) -> list[Finding]:
    with tempfile.TemporaryDirectory(prefix="wb-", ignore_cleanup_errors=True) as folder:
        try:
            return asyncio.run(EXPERIMENTS[name](Path(folder)))
        except CannotRun as error:
            return [Finding(name, "", f"could not be tried on this machine: {error}", None)]


if __name__ == "__main__":
    typer.run(main)
