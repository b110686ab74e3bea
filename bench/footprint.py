"""The footprint of the service: time to start, memory idle and under load, disk for each event."""

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import make_url

from bench import servers, storage
from bench.asking import ORGANIZATION
from bench.dashboard import QUERY, Question
from bench.events import EVENTS_A_DAY, PEOPLE, WORKING_DAYS, browsing, busy_days, store, until
from bench.memory_under_load import ASKERS, BATCH_POSTERS, GRAPHQL, POSTERS, Dashboard, MemoryUnderLoad, hold
from bench.section import Bench, Section, Target, table
from bench.service import fresh_database, serving, up_to_date
from core.limits import EVENTS_PER_BATCH
from tests.rest_requests import BATCH, BEHAVIORS
from tests.servers import surroundings

_ROOT = Path(__file__).parent.parent
_TIMES = 3
_START_SECONDS = 2.0
_GROWS = 1.25
"""How much more memory the second half of a load may take than the first, to be called bounded."""
_HISTORY = 20_000
"""How many events there are to ask about under load."""
_PROGRAMS = {
    "importing the command line (`cli.main`)": "cli.main",
    "importing all that serves (`app.server`)": "app.server",
}


class ProcessCost(NamedTuple):
    """Seconds, and seconds of processor time: medians."""

    seconds: float
    processor: float


@dataclass(frozen=True, slots=True)
class FilledDatabase:
    """A database with a month of events, a request for its dashboard, and the people who post events."""

    url: str
    dashboard: Dashboard
    people: Sequence[UUID]


async def measure(bench: Bench) -> Section:
    """Start it, load it, look at the disk."""
    imports = {title: await asyncio.to_thread(imported, module) for title, module in _PROGRAMS.items()}
    async with filled(bench, _HISTORY) as asked:
        start = await asyncio.to_thread(started, asked.url, bench.folder)
        with servers.service(asked.url, bench.folder) as service:
            database = make_url(asked.url).database or ""
            held = await hold(service, database, bench.options.load_seconds, asked.dashboard, asked.people)
    busy = await storage.stored(bench.server_url, bench.folder, bench.options.ingested, busy_days)
    quiet = await storage.stored(bench.server_url, bench.folder, bench.options.events[0])
    before = await storage.stored_before(bench.server_url, bench.options.ingested)
    return Section(
        [
            *("### Start", ""),
            *_starting({"`web-behavior serve` to the first answer of `/ready`": start} | imports),
            *("", f"### Memory, {bench.options.load_seconds:g} seconds of load", ""),
            *_holding(held),
            *("", "### Disk", ""),
            *_storing(busy, quiet, before),
        ],
        _targets(start, held, busy, before),
    )


def _targets(
    start: ProcessCost, held: MemoryUnderLoad, stored: storage.StorageSize, before: storage.LegacyStorageSize
) -> list[Target]:
    grew = held.second.service / held.first.service
    return [
        Target(f"start to ready ≤ {_START_SECONDS:g} s", f"{start.seconds:.2f} s", met=start.seconds <= _START_SECONDS),
        Target(
            f"memory under load bounded: second half ≤ {_GROWS:g} × first",
            f"{grew:.2f} ×, {held.second.service:,.0f} MiB",
            met=grew <= _GROWS,
        ),
        Target(
            "an event on disk, with its rollups ≤ in the schema before",
            f"{stored.each:.0f} of {before.each:.0f} bytes",
            met=stored.each <= before.each,
        ),
    ]


def _starting(rows: dict[str, ProcessCost]) -> list[str]:
    cells = [[title, f"{took.seconds:.2f} s", f"{took.processor:.2f} s"] for title, took in rows.items()]
    return table(["", "time", "processor time"], cells)


def _holding(held: MemoryUnderLoad) -> list[str]:
    rows = [
        [title, f"{seen.service:,.0f} MiB", f"{seen.backends:,.0f} MiB", seen.connections]
        for title, seen in {
            "idle": held.idle,
            "the most in the first half of the load": held.first,
            "the most in the second half": held.second,
            "afterwards": held.after,
        }.items()
    ]
    answered = held.answered
    posted = f"{answered[BEHAVIORS]:,} single events ({POSTERS} connections)"
    batches = f"{answered[BATCH]:,} batches of {EVENTS_PER_BATCH:,} ({BATCH_POSTERS})"
    return [
        *table(["", "the service", "its connections in PostgreSQL", "connections"], rows),
        "",
        f"Answered meanwhile: {posted}, {batches}, {answered[GRAPHQL]:,} dashboards ({ASKERS}).",
    ]


def _storing(busy: storage.StorageSize, quiet: storage.StorageSize, before: storage.LegacyStorageSize) -> list[str]:
    def each(size: int, stored: storage.StorageSize | storage.LegacyStorageSize) -> str:
        return f"{size / stored.events:.0f}"

    rows = [
        ["row", each(busy.table, busy), each(quiet.table, quiet), each(before.table, before)],
        ["indexes", each(busy.key, busy), each(quiet.key, quiet), each(before.indexes, before)],
        ["rollups", each(busy.rollups, busy), each(quiet.rollups, quiet), "none"],
        ["all", f"{busy.each:.0f}", f"{quiet.each:.0f}", f"{before.each:.0f}"],
        ["write-ahead log", each(busy.log, busy), each(quiet.log, quiet), ""],
    ]
    quiet_day = quiet.events / (PEOPLE * WORKING_DAYS)
    columns = [
        "bytes for each event",
        f"web-behavior, {EVENTS_A_DAY:,} of a person's working day",
        f"web-behavior, {quiet_day:,.0f} of a person's working day",
        "the schema before",
    ]
    return table(columns, rows)


def imported(module: str) -> ProcessCost:
    """Return the cost of importing a module in a Python of its own, which may keep what it has compiled."""
    return _median([_timed([sys.executable, "-c", f"import {module}"]) for _ in range(_TIMES)])


def _timed(command: Sequence[str]) -> ProcessCost:
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    # With the caller's PYTHONDONTWRITEBYTECODE it would compile everything each time.
    subprocess.run(command, check=True, env=surroundings(), cwd=_ROOT)  # noqa: S603 - our own command
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return ProcessCost(time.perf_counter() - began, processor)


def started(url: str, folder: Path, times: int = _TIMES) -> ProcessCost:
    """Return the cost from the command to the first answer of `/ready`."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        with servers.service(url, folder) as service:
            taken.append(ProcessCost(time.perf_counter() - began, servers.cpu_seconds(service.pid)))
    return _median(taken)


def _median(taken: Sequence[ProcessCost]) -> ProcessCost:
    return ProcessCost(median(each.seconds for each in taken), median(each.processor for each in taken))


@asynccontextmanager
async def filled(bench: Bench, events: int) -> AsyncIterator[FilledDatabase]:
    """A database with a month of browsing, and the request for its organization's dashboard."""
    async with fresh_database(bench.server_url, "bench_footprint") as url:
        async with serving(url, bench.folder, rollups=True) as service:
            company, admin = await service.company(), await service.admin()
            people = [person.id for person in company.people]
            await store(service.services, browsing(people, events, until()), events, f"{events:,} events")
            await up_to_date(service.services.database)
        question = Question(ORGANIZATION, company.organization.id, until())
        period = {"between": {"start": question.start.isoformat(), "end": question.end.isoformat()}}
        body = {"query": QUERY % question.field, "variables": {"id": str(question.id), "period": period}}
        headers = {"Authorization": f"Bearer {admin.token}"}
        yield FilledDatabase(url, Dashboard(json.dumps(body).encode(), headers), people)
