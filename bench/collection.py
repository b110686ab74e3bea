"""Benchmark of ingestion: `python -m bench.collection [--peer-url http://…] [--seconds N]`.

The service with one worker process and with two, a bare ASGI echo of the same bytes (bench/bare_echo.py), a peer if one
is named, and a bare COPY of the same rows into the same table (bench/bare_copy.py), in turns. Real servers on loopback,
a real PostgreSQL that syncs each commit to disk, a load generator in a process of its own. Medians count.
"""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

import typer

from bench import servers
from bench.bare_copy import BareCopy
from bench.driving import Driver, IngestionRun, NotMeasured
from bench.posts import Load, Poster
from bench.section import Bench, Options, Section, Target, console, table
from bench.servers import Server
from bench.service import fresh_database, serving, value
from core.clock import now
from db import embedded

CONNECTIONS = {1: 64, 10: 64, 100: 32, 1000: 16}
"""How many clients post at the same time, by the events of a request."""
_FASTEST = {1: 20_000, 10: 6000, 100: 1000, 1000: 120}
"""Requests a second that no server here exceeds: so many are made beforehand."""
_PEOPLE = max(CONNECTIONS.values())
_DAYS_AGO = 20
ECHO, OURS, TWO, PEER, COPY = "ASGI echo", "web-behavior", "web-behavior, 2 workers", "peer", "COPY"
_PART, _P99_SECONDS = 0.6, 0.03

Runs = Mapping[str, Sequence[IngestionRun]]
"""Who was measured, and each time's result."""


@dataclass(frozen=True, slots=True)
class CollectionPlan:
    """The plan of a measurement: the sizes of requests, for how long, how often, and who posts to the peer."""

    sizes: Sequence[int] = tuple(CONNECTIONS)
    seconds: float = 5
    rounds: int = 3
    peer_poster: Poster = field(default_factory=lambda: Poster(0))


async def measure(bench: Bench) -> Section:
    """Measure, and tell."""
    return section(await collected(bench, CollectionPlan()))


async def collected(bench: Bench, plan: CollectionPlan) -> dict[int, Runs]:
    """Everybody's runs, by the events of a request. NotMeasured."""
    async with AsyncExitStack() as stack:
        generator = stack.enter_context(ProcessPoolExecutor(1, mp_context=get_context("spawn")))
        url = await stack.enter_async_context(fresh_database(bench.server_url, "bench_collection"))
        own_url = await stack.enter_async_context(fresh_database(bench.server_url, "bench_copy"))
        if (await value(url, "SHOW fsync"), await value(url, "SHOW synchronous_commit")) != ("on", "on"):
            raise NotMeasured("This PostgreSQL does not sync commits to disk.")
        people = await _people(url, bench.folder)
        one = stack.enter_context(servers.service(url, bench.folder))
        two = stack.enter_context(servers.service(url, bench.folder, WORKERS="2"))
        echo, peer = stack.enter_context(servers.bare("bench.bare_echo:create")), _peer(bench.options.peer_url)
        driver = Driver(generator, _postmaster(bench.folder))
        copy = await stack.enter_async_context(BareCopy.into(own_url, driver))
        loads = _Loads(people)
        found: dict[int, Runs] = {}
        for size in plan.sizes:
            runs: dict[str, list[IngestionRun]] = {}
            for number in range(plan.rounds + 1):
                seconds = plan.seconds if number else 1  # the first is to warm up
                load = loads.next(size, seconds)
                done = {ECHO: driver.run(echo, load, seconds), OURS: driver.run(one, load, seconds)}
                done[TWO] = driver.run(two, loads.next(size, seconds), seconds)
                if peer is not None:
                    posters = [replace(plan.peer_poster, number=poster.number) for poster in load.posters]
                    done[PEER] = driver.run(peer, replace(load, posters=posters), seconds)
                done[COPY] = await copy.run(load)
                for name, run in done.items() if number else ():
                    runs.setdefault(name, []).append(run)
                    console.print(f"{size:4} events a request, {name}: {run.events_per_second:,.0f} events/s")
            found[size] = runs
        return found


class _Loads:
    """Loads of which no event is like another."""

    def __init__(self, people: Sequence[Poster]) -> None:
        self._people = people
        self._start: datetime = now() - timedelta(days=_DAYS_AGO)
        self._posted = 0

    def next(self, size: int, seconds: float) -> Load:
        """Requests of so many events, more than are answered in that time."""
        requests = round(_FASTEST[size] * seconds / CONNECTIONS[size])
        load = Load(self._people[: CONNECTIONS[size]], self._start, size, requests, self._posted)
        self._posted += size * requests
        return load


def _postmaster(folder: Path) -> int:
    return int((folder / "pg" / "postmaster.pid").read_text().split()[0])


def _peer(url: str | None) -> Server | None:
    if url is None:
        return None
    address = urlsplit(url)
    if address.scheme != "http" or address.hostname is None:
        raise NotMeasured(f"{url} is not like http://127.0.0.1:8081")
    return Server(address.hostname, address.port or 80)


async def _people(url: str, folder: Path) -> list[Poster]:
    async with serving(url, folder, rollups=True) as service:
        organization = await service.world.organization("Benchmark")
        made = [await service.world.recorded(organization, f"person-{number:02}") for number in range(_PEOPLE)]
        return [Poster(number, each.id, each.key.text) for number, each in enumerate(made)]


def section(found: Mapping[int, Runs]) -> Section:
    """Return the results in words."""
    lines: list[str] = []
    for size, runs in found.items():
        title = f"### {'One event' if size == 1 else f'{size} events'} a request, {CONNECTIONS[size]} connections"
        lines += [*([""] if lines else []), title, "", *_table(size, runs)]
    return Section(lines, _targets(found), lambda figure: _draw(figure, found))


def _table(size: int, runs: Runs) -> list[str]:
    echo, copy = _median(runs[ECHO], "events_per_second"), _median(runs[COPY], "events_per_second")
    rows = []
    for name, each in runs.items():
        rate = _median(each, "events_per_second")
        parts = f"{rate / size:,.0f}", f"{rate:,.0f}", f"{rate / echo:.0%}", f"{rate / copy:.0%}"
        times = (f"{_median(each, which) * 1e3:.1f} ms" for which in ("p50", "p99"))
        cpu = (f"{_median(each, which) * 1e6:,.0f} µs" for which in ("server_cpu", "database_cpu"))
        rows.append([name, *parts, *times, *cpu, f"{_median(each, 'generator'):.0%}"])
    columns = ["", "requests/s", "events/s", "of the echo", "of COPY", "p50", "p99"]
    return table([*columns, "server's CPU a request", "PostgreSQL's", "generator's part of a core"], rows)


def _targets(found: Mapping[int, Runs]) -> list[Target]:
    targets = []
    if 1 in found:
        echo, ours = (_median(found[1][name], "events_per_second") for name in (ECHO, OURS))
        p99 = _median(found[1][OURS], "p99")
        part = ours / echo
        targets.append(Target(f"single events ≥ {_PART:.0%} of a bare ASGI echo", f"{part:.0%}", met=part >= _PART))
        goal = f"single events: 99th percentile ≤ {_P99_SECONDS * 1e3:.0f} ms"
        targets.append(Target(goal, f"{p99 * 1e3:.0f} ms", met=p99 <= _P99_SECONDS))
    most = max(CONNECTIONS)
    if most in found:
        copy, ours = (_median(found[most][name], "events_per_second") for name in (COPY, OURS))
        part = ours / copy
        targets.append(Target(f"batches of {most} ≥ {_PART:.0%} of a bare COPY", f"{part:.0%}", met=part >= _PART))
    return targets


def _median(runs: Sequence[IngestionRun], which: str) -> float:
    return float(median(getattr(run, which) for run in runs))


def _draw(figure: Any, found: Mapping[int, Runs]) -> None:
    axis = figure.subplots()
    for name in next(iter(found.values())):
        rates = [_median(runs[name], "events_per_second") for runs in found.values()]
        axis.plot(list(found), rates, "o-", label=name)
    axis.set(xscale="log", yscale="log", xlabel="events a request", ylabel="events a second (median)")
    axis.grid(visible=True, which="both", alpha=0.25)
    axis.legend()


def main(
    peer_url: Annotated[str | None, typer.Option(help="A server that speaks the REST contract, to compare.")] = None,
    peer_user: Annotated[UUID | None, typer.Option(help="A person there; anonymous events otherwise.")] = None,
    peer_key: Annotated[str | None, typer.Option(help="That person's API key.")] = None,
    seconds: Annotated[float, typer.Option(help="How long each load lasts.")] = 5,
    rounds: Annotated[int, typer.Option(help="How many times each is measured.")] = 3,
    size: Annotated[list[int] | None, typer.Option(help="Events a request: 1, 10, 100, 1000.")] = None,
) -> None:
    """Measure collection alone, and print the results."""
    plan = CollectionPlan(size or tuple(CONNECTIONS), seconds, rounds, Poster(0, peer_user, peer_key))
    with tempfile.TemporaryDirectory(prefix="wb-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as a user of its own for root
        bench = Bench(embedded.start(Path(folder) / "pg"), Path(folder), Options(peer_url=peer_url))
        told = section(asyncio.run(collected(bench, plan)))
    lines = [f"{'met' if each.met else 'MISSED'}  {each.goal}: {each.reached}" for each in told.targets]
    typer.echo("\n".join([*told.lines, "", *lines]))


if __name__ == "__main__":
    typer.run(main)
