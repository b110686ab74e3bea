"""The time of groups by what is found from a domain, its site or its category, over many domains."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from pathlib import Path
from uuid import UUID

from bench.dashboard import Answer, Question, System, timed
from bench.events import DAYS, store, until
from bench.section import Bench, Section, Target, console, table
from bench.service import execute, fresh_database, serving, up_to_date
from core.events import RawEvent
from tests.world import Asker

DOMAIN, SITE, CATEGORY = "DOMAIN", "SITE", "CATEGORY"
EVENTS_A_DOMAIN = 20
_RUNS = 7
_TIMES_CATEGORY = 1.25
_NAMES = ("www", "docs", "mail", "eu.api")
_SUFFIXES = ("com", "co.uk", "github.io", "corp.internal", "city.kawasaki.jp", "org")
_QUERY = """query Groups($id: ID!, $period: Period!) {
  organization(id: $id) { usage(period: $period) {
    groups(by: %s, first: 10) { totalCount nodes { measures { events trackedSeconds } } }
  } }
}"""


@dataclass(frozen=True, slots=True)
class DomainGroupsResults:
    """The times of groups by each dimension, medians of seconds, and how many groups there are."""

    events: int
    domains: int
    seconds: Mapping[str, float]
    groups: Mapping[str, int]

    @property
    def times_category(self) -> float:
        """The time of groups by site as a multiple of that of groups by category."""
        return self.seconds[SITE] / self.seconds[CATEGORY]


async def measure(bench: Bench) -> Section:
    """Ask about the least number of events."""
    found = await ask_by_each(bench.server_url, bench.folder, min(bench.options.events))
    console.print(found)
    return section(found)


def section(found: DomainGroupsResults) -> Section:
    """Return the results as a section of the page."""
    rows = [
        [f"`{dimension}`", found.groups[dimension], f"{seconds * 1000:,.0f} ms"]
        for dimension, seconds in found.seconds.items()
    ]
    goal = f"groups by site, {found.domains:,} domains ≤ {_TIMES_CATEGORY:g} × groups by category"
    target = Target(goal, f"{found.times_category:.2f} ×", met=found.times_category <= _TIMES_CATEGORY)
    lines = [f"Medians, of {found.events:,} events of an organization in 30 days on {found.domains:,} domains.", ""]
    return Section([*lines, *table(["groups by", "groups", "time"], rows)], [target])


async def ask_by_each(server_url: str, folder: Path, events: int, runs: int = _RUNS) -> DomainGroupsResults:
    """Store so many events in a database of their own and ask for groups by each dimension, in turns."""
    end, domains = until(), events // EVENTS_A_DOMAIN
    async with (
        fresh_database(server_url, "bench_domains") as url,
        serving(url, folder, rollups=True) as service,
    ):
        company = await service.company()
        people = [person.id for person in company.people]
        await store(service.services, _wandering(people, events, domains, end), events, f"{events:,} events")
        await up_to_date(service.services.database)
        await execute(url, "VACUUM ANALYZE")
        asker = await service.admin()
        systems: dict[str, System] = {each: partial(_ask, asker, each) for each in (DOMAIN, SITE, CATEGORY)}
        answers = await timed(runs, systems, Question("organization", company.organization.id, end))
    return DomainGroupsResults(
        events,
        domains,
        {dimension: each.seconds for dimension, each in answers.items()},
        {dimension: int(each.answer["totalCount"]) for dimension, each in answers.items()},
    )


async def _ask(asker: Asker, dimension: str, question: Question) -> Answer:
    period = {"between": {"start": question.start.isoformat(), "end": question.end.isoformat()}}
    data = await asker.ask(_QUERY % dimension, id=str(question.id), period=period)
    groups: Answer = data["organization"]["usage"]["groups"]
    return groups


def _wandering(people: list[UUID], events: int, domains: int, end: datetime) -> Iterator[RawEvent]:
    """So many events, the people by turns, in the 30 days before `end`; each domain in its turn."""
    start, step = end - timedelta(days=DAYS), timedelta(days=DAYS) / events
    kinds = list(product(_NAMES, _SUFFIXES))
    for number in range(events):
        place = number // EVENTS_A_DOMAIN % domains
        name, suffix = kinds[place % len(kinds)]
        stamp = (start + number * step).isoformat(timespec="milliseconds")
        url = f"https://{name}.site-{place // len(kinds)}.{suffix}/"
        yield RawEvent("session", stamp, "click", url, people[number % len(people)])
