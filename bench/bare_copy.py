"""The ceiling of the database: a bare COPY of the rows that a load would become, into the same table with its key."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any
from uuid import UUID

import asyncpg

from bench.driving import Driver, IngestionRun
from bench.posts import Load, Poster
from bench.servers import cpu_seconds
from core.clock import now
from core.events import ANONYMOUS, EventRules
from core.identity import OccurrenceCounter
from core.months import month_of
from db import partitions
from db.engine import Database
from db.models.behavior import EVENT_COLUMNS

_ROWS = 50_000
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class BareCopy:
    """A database with our tables that nothing else writes to, and one connection to it."""

    database: Database
    connection: Any
    driver: Driver

    @classmethod
    @asynccontextmanager
    async def into(cls, url: str, driver: Driver) -> AsyncIterator["BareCopy"]:
        """Be ready to copy into a migrated database."""
        database, connection = Database(url), await asyncpg.connect(url)
        try:
            yield cls(database, connection, driver)
        finally:
            await connection.close()
            await database.close()

    async def run(self, load: Load) -> IngestionRun:
        """Copy the first of the load's rows, a thousand by each statement, each of which is committed."""
        each = _ROWS // len(load.posters)
        batches = [batch for poster in load.posters for batch in _batches(_rows(load, poster, each))]
        await partitions.ensure(self.database, {month_of(row[1]) for row in chain.from_iterable(batches)})
        used, began, latencies = cpu_seconds(self.driver.postmaster), time.perf_counter(), []
        for batch in batches:
            before = time.perf_counter()
            await self.connection.copy_records_to_table("behaviors", records=batch, columns=EVENT_COLUMNS.split(", "))
            latencies.append(time.perf_counter() - before)
        seconds, cpu = time.perf_counter() - began, cpu_seconds(self.driver.postmaster) - used
        latencies.sort()
        rows = sum(len(batch) for batch in batches)
        middle, last = latencies[len(latencies) // 2], latencies[int(0.99 * len(latencies))]
        return IngestionRun(rows / seconds, middle, last, 0.0, cpu * load.size / rows, 0.0)


def _rows(load: Load, poster: Poster, count: int) -> list[tuple[Any, ...]]:
    """A poster's first events as the rows that the service makes of them."""
    rules, ids, received = EventRules(), OccurrenceCounter(), now()
    user_id = poster.user_id or ANONYMOUS
    rows = []
    for raw in islice(load.events(poster), count):
        event = rules.check(raw, received)
        members = event.session_id, event.url, event.domain
        place = user_id, event.ts, ids.id_of(user_id, event), UUID(int=1), received
        rows.append((*place, event.type.value, event.x, event.y, *members))
    return rows


def _batches(rows: list[tuple[Any, ...]]) -> list[list[tuple[Any, ...]]]:
    return [rows[first : first + _AT_ONCE] for first in range(0, len(rows), _AT_ONCE)]
