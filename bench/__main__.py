"""`python -m bench`: every part of the benchmark, and the page about it. `python -m bench metrics`: that part anew."""

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from bench import plot
from bench.machine import machine
from bench.other_processes import Others
from bench.page import Page
from bench.parts import BY_REQUEST, PARTS
from bench.section import Bench, Measure, Options, console
from db import embedded

_USUAL = Options()
_DOCS = Path(__file__).parent.parent / "docs"


def main(
    parts: Annotated[
        list[str] | None, typer.Argument(help=f"Which parts: {', '.join([*PARTS, *BY_REQUEST])}. All, without.")
    ] = None,
    events: Annotated[list[int] | None, typer.Option(help="How many events; several to see how time grows.")] = None,
    ingested: Annotated[int, typer.Option(help="How many events to compare ways of storing with.")] = _USUAL.ingested,
    growth: Annotated[int, typer.Option(help="How many events the table grows to, for `growth`.")] = _USUAL.growth,
    peer_url: Annotated[str | None, typer.Option(help="A server that speaks the REST contract, to compare.")] = None,
    into: Annotated[Path, typer.Option(help="The folder of performance.md.")] = _DOCS,
) -> None:
    """Measure, and write performance.md and its pictures."""
    known = {**PARTS, **BY_REQUEST}
    unknown = sorted(set(parts or ()) - set(known))
    if unknown:
        raise typer.BadParameter(f"There is no {', '.join(unknown)}. Parts are {', '.join(known)}.")
    chosen = {name: known[name] for name in parts or PARTS}
    options = Options(tuple(sorted(events or _USUAL.events)), ingested, growth, peer_url=peer_url)
    page = Page(into / "performance.md")
    for name in chosen:
        page.check(name)
    with tempfile.TemporaryDirectory(prefix="wb-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as a user of its own for root
        bench = Bench(embedded.start(Path(folder) / "pg"), Path(folder), options)
        asyncio.run(_measure(bench, chosen, page, into))


async def _measure(bench: Bench, parts: Mapping[str, Measure], page: Page, into: Path) -> None:
    where = await machine(bench.server_url)
    for name, measure in parts.items():
        watch = Others(bench.folder / "pg")
        section = await measure(bench)
        busy = f"{where}; other processes took {watch.part():.0%} of the processors meanwhile"
        picture = into / f"performance-{name}.png" if section.draw else None
        if section.draw and picture:
            plot.save(picture, section.draw)
        page.write(name, section, busy, picture)
        for target in section.targets:
            console.print(f"{'met' if target.met else 'MISSED'}  {name}: {target.goal}: {target.reached}")


if __name__ == "__main__":
    typer.run(main)
