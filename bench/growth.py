"""The growth of the dashboard's time: with the table, with a person's days, with the active minutes of an organization.

The table grows by people. The first forty have a month each, made up as in the other parts, and one of them five
months more. All others do what one of the forty does, at the same times; they are organizations of several sizes:

    a tenth     [forty]
    a third     [forty] [10] [20] [60]
    all         [forty] [10] [20] [60] [80] [160] [30]
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, cycle
from statistics import median
from typing import Any
from uuid import UUID

from bench import bulk
from bench.asking import ORGANIZATION, PERSON
from bench.dashboard import Answer, Question, ask, differences
from bench.events import DAYS, PEOPLE, browsing, until
from bench.section import Bench, Section, Target, console, table
from bench.service import Company, Service, execute, fresh_database, serving, up_to_date, value
from core.months import month_of
from db import partitions
from tests.conftest import counted
from tests.statement_costs import Work, work_of
from tests.world import Asker

_STEPS = ((), (10, 20, 60), (80, 160, 30))
_EVERYBODY = PEOPLE + sum(chain(*_STEPS))
_MONTHS_BEFORE = 5
_PERIODS = (7, 14, 30, 60, 90)
_RUNS = 5
_SAME = 1.25
"""How many times as long still counts as the same: this machine's own variation."""


class AnswerChanged(AssertionError):
    """An answer changed although nothing changed that it is about."""


@dataclass(frozen=True, slots=True)
class DashboardCost:
    """One dashboard: its time in seconds (median), the database's work for it, and the answer."""

    seconds: float
    work: Work
    answer: Answer

    @property
    def minutes(self) -> int:
        """The engaged minutes of everybody together."""
        return int(self.answer["usage"]["total"]["engagedMinutes"])

    def cells(self) -> list[str]:
        """Time and work for a table."""
        return [f"{self.seconds * 1000:,.0f} ms", f"{self.work.rows:,}", f"{self.work.blocks:,}"]


_WORK = ["time", "rows read", "blocks looked at"]


@dataclass(slots=True)
class GrowthResults:
    """The times by size: at each number of events of the table; of one person by days; of organizations by people."""

    tables: list[tuple[int, DashboardCost, DashboardCost]] = field(default_factory=list)
    days: list[tuple[int, DashboardCost]] = field(default_factory=list)
    organizations: list[tuple[int, DashboardCost]] = field(default_factory=list)
    seconds: float = 0.0
    bytes: int = 0


async def measure(bench: Bench) -> Section:
    """Grow a table, and ask."""
    grown = await grow(bench)
    return Section(_lines(grown), _targets(grown), lambda figure: _draw(figure, grown))


async def grow(bench: Bench, runs: int = _RUNS) -> GrowthResults:
    """Grow a table in steps, and ask at each. Raises AnswerChanged if an earlier question is answered otherwise."""
    end, grown, began = until(), GrowthResults(), time.perf_counter()
    async with (
        fresh_database(bench.server_url, "bench_growth") as url,
        serving(url, bench.folder, rollups=True) as service,
    ):
        admin, company = await service.admin(), await service.company()
        organizations = {len(company.people): company.organization.id}
        await _first_events(service, url, company, end, bench.options.growth // _EVERYBODY)
        for sizes in _STEPS:
            await _more_people(service, url, company, end, sizes, organizations)
            await up_to_date(service.services.database)
            await execute(url, "VACUUM ANALYZE")
            events = await value(url, "SELECT count(*) FROM behaviors")
            person = await _ask(service, admin, Question(PERSON, company.person.id, end), runs)
            organization = await _ask(service, admin, Question(ORGANIZATION, company.organization.id, end), runs)
            grown.tables.append((events, person, organization))
            console.print(f"{events:,} events after {time.perf_counter() - began:,.0f} s")
            _compare(grown.tables[0][1:], (person, organization))
        for days in _PERIODS:
            question = Question(PERSON, company.person.id, end, days)
            grown.days.append((days, await _ask(service, admin, question, runs)))
        for size, organization_id in sorted(organizations.items()):
            question = Question(ORGANIZATION, organization_id, end)
            grown.organizations.append((size, await _ask(service, admin, question, runs)))
        grown.bytes = await value(url, "SELECT pg_database_size(current_database())")
        grown.seconds = time.perf_counter() - began
    return grown


async def _first_events(service: Service, url: str, company: Company, end: datetime, each: int) -> None:
    months = [end - timedelta(days=DAYS * before) for before in range(_MONTHS_BEFORE, -1, -1)]
    days = (months[0] - timedelta(days=day) for day in range(-DAYS * _MONTHS_BEFORE, DAYS + 1))
    await partitions.ensure(service.services.database, {month_of(day) for day in days})
    people = [person.id for person in company.people]
    past = (browsing([company.person.id], each, month) for month in months[:-1])
    events = chain(*past, browsing(people, each * PEOPLE, end))
    await bulk.load(url, events, dict.fromkeys(people, company.organization.id))


async def _more_people(  # the organizations found are added to `organizations`
    service: Service, url: str, company: Company, end: datetime, sizes: Sequence[int], organizations: dict[int, UUID]
) -> None:
    number, like, people = sum(organizations), cycle(company.people), []
    for size in sizes:
        organization = await service.world.organization(f"Of {size}")
        organizations[size] = organization.id
        for _ in range(size):
            number += 1
            person = await service.world.recorded(organization, f"person-{number:03}-of-{size}")
            people.append(bulk.CopiedPerson(next(like).id, person.id, organization.id, number))
    await bulk.multiply(url, people, end)


async def _ask(service: Service, admin: Asker, question: Question, runs: int) -> DashboardCost:
    with counted(service.services) as sent:
        answer = await ask(admin, question)
    work, seconds = await work_of(service.services.database, sent), []
    for _ in range(runs):
        began = time.perf_counter()
        await ask(admin, question)
        seconds.append(time.perf_counter() - began)
    return DashboardCost(median(seconds), work, answer)


def _compare(before: Sequence[DashboardCost], now: Sequence[DashboardCost]) -> None:
    for one, other in zip(before, now, strict=True):
        different = differences(one.answer, other.answer)
        if different:
            raise AnswerChanged("; ".join(different[:5]))


def _targets(grown: GrowthResults) -> list[Target]:
    (few, person, _), (many, person_in_many, _) = grown.tables[0], grown.tables[-1]
    (days, short), (more_days, long) = grown.days[0], grown.days[-1]
    (size, small), (more_people, big) = grown.organizations[0], grown.organizations[-1]
    with_table = person_in_many.seconds / person.seconds
    with_days, with_minutes = long.seconds / short.seconds, big.seconds / small.seconds
    minutes = big.minutes / max(small.minutes, 1)
    return [
        Target(
            f"one person among {many:,} events instead of {few:,} ≤ {_SAME:g} ×",
            f"{with_table:.2f} ×",
            met=with_table <= _SAME,
        ),
        Target(
            f"one person's {more_days} days instead of {days} ≤ {more_days / days:.1f} × (as many days)",
            f"{with_days:.1f} ×",
            met=with_days <= more_days / days,
        ),
        Target(
            f"organization of {more_people} instead of {size} ≤ {minutes:.1f} × (as many active minutes)",
            f"{with_minutes:.1f} ×",
            met=with_minutes <= minutes,
        ),
    ]


def _lines(grown: GrowthResults) -> list[str]:
    tables = [[f"{events:,}", *person.cells(), *organization.cells()] for events, person, organization in grown.tables]
    days = [[str(days), f"{asked.minutes:,}", *asked.cells()] for days, asked in grown.days]
    people = [
        [str(size), f"{asked.minutes:,}", *asked.cells(), f"{asked.seconds / max(asked.minutes, 1) * 1e6:.1f} µs"]
        for size, asked in grown.organizations
    ]
    return [
        f"Made and asked in {grown.seconds / 60:.0f} minutes; the database took {grown.bytes / 2**30:.1f} GiB.",
        "",
        "### The same dashboards in a growing table",
        "",
        *table(
            ["events", *(f"one person: {what}" for what in _WORK), *(f"organization of 40: {what}" for what in _WORK)],
            tables,
        ),
        "",
        "### One person, by days",
        "",
        *table(["days", "active minutes", *_WORK], days),
        "",
        "### Organizations, 30 days",
        "",
        *table(["people", "active minutes", *_WORK, "time for a minute"], people),
    ]


def _draw(figure: Any, grown: GrowthResults) -> None:
    of_table, of_days, of_minutes = figure.subplots(1, 3)
    events = [events for events, _, _ in grown.tables]
    of_table.plot(events, [person.seconds for _, person, _ in grown.tables], "o-", color="#1f6feb", label="one person")
    of_table.plot(
        events,
        [organization.seconds for _, _, organization in grown.tables],
        "o-",
        color="#d29922",
        label="organization of 40",
    )
    of_table.set(title="by the table", xlabel="events stored", ylabel="seconds (median)")
    of_table.legend()
    of_days.plot([days for days, _ in grown.days], [asked.seconds for _, asked in grown.days], "o-", color="#1f6feb")
    of_days.set(title="one person, by days", xlabel="days")
    of_minutes.plot(
        [asked.minutes for _, asked in grown.organizations],
        [asked.seconds for _, asked in grown.organizations],
        "o-",
        color="#d29922",
    )
    of_minutes.set(title="organizations, by active minutes", xlabel="active minutes in 30 days")
    for axis in (of_table, of_days, of_minutes):
        axis.set_ylim(bottom=0)
        axis.grid(visible=True, alpha=0.25)
