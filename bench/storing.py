"""The cost of rollups for the event writer: the same events stored with dirty hours and without, in turns.

Marks are set in the writer's own transaction. The rollups themselves are made later, by a background task that leaves
an hour alone until it is over; so that work is timed apart, and told apart. Each hour is made once, and one in twenty
once more, for what comes late to it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from bench.events import EVENTS_A_DAY, busy_days, store, until
from bench.section import Bench, Section, Target, table
from bench.service import execute, fresh_database, serving, up_to_date
from core.clock import now
from db.engine import Database
from db.event_writer import EventWriter
from db.queries.store_group_fast import store_whole
from db.submissions import Receipt, Submission
from resolvers.services import Services

_ROUNDS = 3
_COST = 0.25
_COME_LATE = """
    INSERT INTO dirty_hours (user_id, hour)
    SELECT user_id, hour FROM (SELECT *, row_number() OVER (ORDER BY user_id, hour) FROM hours) AS made
    WHERE row_number % 20 = 0
"""  # of clients that were offline, or asleep


class _WithoutMarks(EventWriter):
    """The event writer as it would be if there were no rollups."""

    def __init__(self, services: Services) -> None:
        self._own = services.database
        super().__init__(self._own, services.key_usage)

    async def _store(self, submissions: Sequence[Submission]) -> Sequence[Receipt]:
        received_at = now()
        async with self._own.driver() as driver:
            receipts = await store_whole(driver, submissions, received_at, marks=False)
        assert receipts is not None  # noqa: S101 - everybody here is known and active
        return receipts


@dataclass(frozen=True, slots=True)
class Ingested:
    """Medians: events a second without rollups, with marks, and with marks and the runs made."""

    events: int
    plain: float
    marked: float
    with_runs: float

    @property
    def cost_of_marks(self) -> float:
        """The part by which an event takes longer with dirty hours marked: 0.25 is a quarter."""
        return self.plain / self.marked - 1

    @property
    def cost_with_runs(self) -> float:
        """The part by which an event takes longer when its runs are made, too."""
        return self.plain / self.with_runs - 1


async def measure(bench: Bench) -> Section:
    """Compare, and tell."""
    cost = await compare(bench.server_url, bench.folder, bench.options.ingested)
    rows = [
        ["without rollups", f"{cost.plain:,.0f}", ""],
        ["with marks", f"{cost.marked:,.0f}", f"{cost.cost_of_marks:.0%}"],
        ["the making of the rollups counted, too", f"{cost.with_runs:,.0f}", f"{cost.cost_with_runs:.0%}"],
    ]
    return Section(
        [
            f"{cost.events:,} events at a time, {EVENTS_A_DAY:,} of a person's working day, made beforehand:",
            "",
            *table(["", "events a second", "costs"], rows),
        ],
        [
            _target("marks cost the writer", cost.cost_of_marks),
            _target("marks and making the rollups, all work counted, cost", cost.cost_with_runs),
        ],
    )


def _target(what: str, cost: float) -> Target:
    return Target(f"{what} ≤ {_COST:.0%}", f"{cost:.0%}", met=cost <= _COST)


async def compare(server_url: str, folder: Path, events: int, rounds: int = _ROUNDS) -> Ingested:
    """Store so many events with and without rollups, in turns."""
    plain, marked, with_runs = [], [], []
    for _ in range(rounds):
        rate, _ = await _round(server_url, folder, events, marks=False)
        plain.append(rate)
        rate, seconds = await _round(server_url, folder, events, marks=True)
        marked.append(rate)
        with_runs.append(events / (events / rate + seconds))
    return Ingested(events, median(plain), median(marked), median(with_runs))


async def _round(server_url: str, folder: Path, events: int, *, marks: bool) -> tuple[float, float]:
    """Events a second through the writer, and the seconds it then takes to make the runs."""
    async with fresh_database(server_url, "bench_ingestion") as url, serving(url, folder, rollups=marks) as service:
        company = await service.company()
        made = list(busy_days([person.id for person in company.people], events, until()))
        title = f"{events:,} events {'with' if marks else 'without'} rollups"
        await execute(url, "CHECKPOINT")  # what was written before is not to be paid for now
        if not marks:
            async with _without_marks(service.services) as services:
                return await store(services, made, events, title), 0.0
        rate = await store(service.services, made, events, title)
        seconds = await _making(service.services.database)
        await execute(url, _COME_LATE)
        return rate, seconds + await _making(service.services.database)


async def _making(database: Database) -> float:
    """Return the seconds that it takes to make the rollups of all dirty hours."""
    began = time.perf_counter()
    await up_to_date(database)
    return time.perf_counter() - began


@asynccontextmanager
async def _without_marks(services: Services) -> AsyncIterator[Services]:
    writer = _WithoutMarks(services)
    writing = asyncio.create_task(writer.run())
    try:
        yield replace(services, writer=writer)
    finally:
        writer.close()
        await writing
