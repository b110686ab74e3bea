"""The cost of a Citus cluster, compared with a plain PostgreSQL: `python -m bench.cluster PLAIN_URL CLUSTER_URL`.

Both databases must be empty; the cluster's has the extension and its machines. They are left without tables.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.dashboard import Question, ask, differences, timed
from bench.events import browsing, store, until
from bench.service import Service, execute, serving, up_to_date
from db import migrate
from tests.world import Asker

_RUNS = 5


@dataclass(frozen=True, slots=True)
class ComparedDatabase:
    """One of the two, with the events stored: how many a second, and the seconds that making all rollups took."""

    service: Service
    asker: Asker
    stored: float
    rollups: float
    people: list[Question]


async def compare(plain_url: str, cluster_url: str, events: int, folder: Path) -> list[str]:
    """Store the same events in both and ask both the same; return the costs as lines."""
    async with _side(plain_url, events, folder) as plain, _side(cluster_url, events, folder) as cluster:
        lines = [
            f"storing: {plain.stored:,.0f} and {cluster.stored:,.0f} events/s",
            f"making rollups: {plain.rollups:.1f} and {cluster.rollups:.1f} s",
        ]
        for title, place in (("a person's dashboard", 0), ("an organization's dashboard", 1)):
            systems = {
                "plain": lambda _, place=place: ask(plain.asker, plain.people[place]),
                "cluster": lambda _, place=place: ask(cluster.asker, cluster.people[place]),
            }
            found = await timed(_RUNS, systems, plain.people[place])
            one, other = found["plain"], found["cluster"]
            same = not [each for each in differences(one.answer, other.answer) if "extensionUser" not in each]
            lines.append(
                f"{title}: {one.seconds * 1000:.0f} and {other.seconds * 1000:.0f} ms, "
                f"{other.seconds / one.seconds:.1f} times; the answers are {'the same' if same else 'DIFFERENT'}"
            )
    return lines


@asynccontextmanager
async def _side(url: str, events: int, folder: Path) -> AsyncIterator[ComparedDatabase]:
    async with serving(url, folder, rollups=True) as service:
        company = await service.company()
        people = [person.id for person in company.people]
        stored = await store(service.services, browsing(people, events, until()), events, f"{events:,} events")
        began = time.perf_counter()
        await up_to_date(service.services.database)
        rollups = time.perf_counter() - began
        await execute(url, "VACUUM ANALYZE behaviors", "VACUUM ANALYZE runs", "VACUUM ANALYZE hours")
        questions = [
            Question("extensionUser", people[0], until()),
            Question("organization", company.organization.id, until()),
        ]
        yield ComparedDatabase(service, await service.admin(), stored, rollups, questions)


async def _measured(plain_url: str, cluster_url: str, events: int, folder: Path) -> list[str]:
    try:
        for url in (plain_url, cluster_url):
            await migrate.upgrade(url)
        return await compare(plain_url, cluster_url, events, folder)
    finally:
        for url in (plain_url, cluster_url):
            await migrate.downgrade(url, "base")


def main(
    plain_url: Annotated[str, typer.Argument(help="An empty database of a plain PostgreSQL.")],
    cluster_url: Annotated[str, typer.Argument(help="An empty database of a cluster.")],
    events: Annotated[int, typer.Option(help="How many events to store in each.")] = 100_000,
) -> None:
    """Measure, and print the figures."""
    with tempfile.TemporaryDirectory(prefix="wb-") as folder:
        found = asyncio.run(_measured(plain_url, cluster_url, events, Path(folder)))
    Console().print("\n".join(found))


if __name__ == "__main__":
    typer.run(main)
