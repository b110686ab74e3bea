"""One number of events: stored, then asked about in every way, all answers compared."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench import dashboard, duck
from bench.dashboard import Answer, Question, Timed, differences, timed
from bench.events import browsing, store, until
from bench.service import Company, execute, fresh_database, serving

PERSON, ORGANIZATION = "extensionUser", "organization"
OURS, RAW, DUCKDB = "web-behavior", "raw events in PostgreSQL", "DuckDB"
_RUNS = {PERSON: 5, ORGANIZATION: 3}


class FiguresDiffer(AssertionError):
    """Two systems gave different answers to the same question."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one number of events took: `seconds` by question and system, medians."""

    events: int
    stored_per_second: float
    seconds: dict[str, dict[str, float]]
    duckdb_threads: int
    answers: dict[str, Answer]


async def measure(server_url: str, folder: Path, events: int, runs: dict[str, int] | None = None) -> Measured:
    """Store so many events in a database of their own and ask every system for both dashboards.

    Raises FiguresDiffer when one of them answers otherwise than the others.
    """
    end = until()
    async with fresh_database(server_url, f"bench_{events}") as url:
        async with serving(url, folder, rollups=True) as service:
            company = await service.company()
            people = [person.id for person in company.people]
            rate = await store(service.services, browsing(people, events, end), events, f"{events:,} events")
        await execute(url, "VACUUM ANALYZE")
        source = folder / "events.csv"
        await duck.export(url, source)
        async with serving(url, folder, rollups=True) as ours, serving(url, folder, rollups=False) as raw:
            asker, raw_asker = await ours.admin(), await raw.admin()
            with duck.loaded(source) as ducks:
                source.unlink()

                async def ask_duck(question: Question) -> Answer:
                    return ducks.dashboard(question)

                systems = {
                    OURS: lambda question: dashboard.ask(asker, question),
                    RAW: lambda question: dashboard.ask(raw_asker, question),
                    DUCKDB: ask_duck,
                }
                timings = {
                    question.field: await _ask(systems, question, (runs or _RUNS)[question.field])
                    for question in _questions(company, end)
                }
                threads = ducks.threads
    return Measured(
        events,
        rate,
        {field: {name: each.seconds for name, each in by.items()} for field, by in timings.items()},
        threads,
        {field: by[OURS].answer for field, by in timings.items()},
    )


def _questions(company: Company, end: datetime) -> list[Question]:
    return [Question(PERSON, company.person.id, end), Question(ORGANIZATION, company.organization.id, end)]


async def _ask(
    systems: dict[str, Callable[[Question], Awaitable[Answer]]], question: Question, runs: int
) -> dict[str, Timed]:
    found = {name: await timed(runs, lambda: ask(question)) for name, ask in systems.items()}  # noqa: B023 - awaited here
    for name in (RAW, DUCKDB):
        different = differences(found[OURS].answer, found[name].answer)
        if different:
            raise FiguresDiffer(f"{question.field}, {OURS} ≠ {name}: " + "; ".join(different[:5]))
    return found
