"""One number of events: stored, then asked about in every way, all answers compared."""

import time
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from bench import dashboard, duck, measures_of_time, splits
from bench.dashboard import Answer, Question, System, TimedAnswer, differences, timed
from bench.events import browsing, store, until
from bench.other_processes import Others
from bench.service import Company, execute, fresh_database, serving, up_to_date, value

PERSON, ORGANIZATION = "extensionUser", "organization"
OURS, RAW, DUCKDB = "web-behavior", "raw events in PostgreSQL", "DuckDB"
_RUNS = {PERSON: 5, ORGANIZATION: 3}


class FiguresDiffer(AssertionError):
    """Two systems gave different answers to the same question."""


@dataclass(frozen=True, slots=True)
class VolumeResults:
    """The measurements of one number of events: `seconds` by question and system, medians.

    `runs` is how many runs the events make, `runs_seconds` how long making them took; `others`, the part of the machine
    that processes of others took while questions were timed. `splits`: seconds by question of bench/splits.py.
    `times`: those of single measures, of bench/measures_of_time.py.
    """

    events: int
    stored_per_second: float
    runs: int
    runs_seconds: float
    seconds: dict[str, dict[str, float]]
    splits: dict[str, float]
    times: dict[str, measures_of_time.Seconds]
    others: float
    duckdb_threads: int
    answers: dict[str, Answer]


async def ask_everybody(
    server_url: str, folder: Path, events: int, runs: dict[str, int] | None = None
) -> VolumeResults:
    """Store so many events in a database of their own and ask every system for both dashboards.

    Raises FiguresDiffer when one of them answers otherwise than the others.
    """
    end = until()
    async with fresh_database(server_url, f"bench_{events}") as url:
        async with serving(url, folder, rollups=True) as service:
            company = await service.company()
            await splits.categorised(service, company.organization)
            people = [person.id for person in company.people]
            rate = await store(service.services, browsing(people, events, end), events, f"{events:,} events")
            began = time.perf_counter()
            await up_to_date(service.services.database)
            runs_seconds = time.perf_counter() - began
        await execute(url, "VACUUM ANALYZE")  # as the server's own housekeeping leaves tables, sooner or later
        run_count = await value(url, "SELECT count(*) FROM runs")
        source = folder / "events.csv"
        await duck.export(url, source)
        async with serving(url, folder, rollups=True) as ours, serving(url, folder, rollups=False) as raw:
            asker, raw_asker = await ours.admin(), await raw.admin()
            with duck.loaded(source) as ducks:
                source.unlink()

                async def ask_duck(question: Question) -> Answer:
                    return ducks.dashboard(question)

                systems: dict[str, System] = {
                    OURS: partial(dashboard.ask, asker),
                    RAW: partial(dashboard.ask, raw_asker),
                    DUCKDB: ask_duck,
                }
                watch = Others(folder / "pg")
                timings = {
                    question.field: await _ask(systems, question, (runs or _RUNS)[question.field])
                    for question in _questions(company, end)
                }
                by_split = await splits.compared(asker, company.organization, end, (runs or _RUNS)[ORGANIZATION])
                times = {
                    question.field: await measures_of_time.ask_for_times(asker, question, (runs or _RUNS)[PERSON])
                    for question in _questions(company, end)
                }
                others, threads = watch.part(), ducks.threads
    return VolumeResults(
        events,
        rate,
        run_count,
        runs_seconds,
        {field: {name: each.seconds for name, each in by.items()} for field, by in timings.items()},
        by_split,
        times,
        others,
        threads,
        {field: by[OURS].answer for field, by in timings.items()},
    )


def _questions(company: Company, end: datetime) -> list[Question]:
    return [Question(PERSON, company.person.id, end), Question(ORGANIZATION, company.organization.id, end)]


async def _ask(systems: dict[str, System], question: Question, runs: int) -> dict[str, TimedAnswer]:
    found = await timed(runs, systems, question)
    for name in (RAW, DUCKDB):
        different = differences(found[OURS].answer, found[name].answer)
        if different:
            raise FiguresDiffer(f"{question.field}, {OURS} ≠ {name}: " + "; ".join(different[:5]))
    return found
