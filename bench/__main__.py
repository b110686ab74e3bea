"""`python -m bench 300000 1000000 3000000`: the whole benchmark, and the page about it."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench import ingestion, plot, report
from bench.measure import Measured, measure
from db import embedded

_DOCS = Path(__file__).parent.parent / "docs"
_console = Console(stderr=True)


def main(
    events: Annotated[list[int], typer.Argument(help="How many events; several to see how the time grows.")],
    into: Annotated[Path, typer.Option(help="The folder of performance.md.")] = _DOCS,
    ingested: Annotated[int, typer.Option(help="How many events to compare ingestion with.")] = ingestion.EVENTS,
) -> None:
    """Measure, and write performance.md and performance.png."""
    with tempfile.TemporaryDirectory(prefix="wb-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as a user of its own for root
        server_url = embedded.start(Path(folder) / "pg")
        measured, cost, machine = asyncio.run(_measure(server_url, Path(folder), sorted(events), ingested))
    report.write(into / "performance.md", measured, cost, machine)
    plot.draw(into / "performance.png", measured)
    _console.print("\n".join(report.targets(measured, cost)))


async def _measure(
    server_url: str, folder: Path, counts: list[int], ingested: int
) -> tuple[list[Measured], ingestion.Ingested, report.Machine]:
    machine = await report.machine(server_url)
    cost = await ingestion.compare(server_url, folder, ingested)
    measured = []
    for count in counts:
        measured.append(await measure(server_url, folder, count))
        _console.print(f"{count:,} events", measured[-1].seconds)
    return measured, cost, machine


if __name__ == "__main__":
    typer.run(main)
