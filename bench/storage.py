"""`python -m bench.storage 300000`: the space of an event on disk and in the log, for docs/scaling.md."""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.events import PEOPLE, Made, browsing, busy_days, store, until
from bench.legacy_import import OLD_COLUMNS, old_rows
from bench.service import execute, fresh_database, serving, up_to_date, value
from db import embedded
from tests.legacy.old_service import old_service

_SIZE = """
SELECT sum(pg_{kind}_size(inhrelid))::bigint FROM pg_inherits WHERE inhparent = '{table}'::regclass
"""
_INDEXES_BEFORE = """
ALTER TABLE user_behaviors ADD PRIMARY KEY (id);
CREATE INDEX ON user_behaviors (session_id);
CREATE INDEX ON user_behaviors (timestamp);
CREATE INDEX ON user_behaviors (event_type);
CREATE INDEX ON user_behaviors (user_id);
"""
_LOGGED = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"


@dataclass(frozen=True, slots=True)
class StorageSize:
    """The storage of so many events in all, in bytes; `log`: of the write-ahead log, with that of their rollups."""

    events: int
    runs: int
    table: int
    key: int
    rollups: int
    log: int

    @property
    def each(self) -> float:
        """Bytes on disk for an event."""
        return (self.table + self.key + self.rollups) / self.events

    def lines(self) -> list[str]:
        """The figures, an event each."""
        parts = {
            "the event": self.table,
            "its key": self.key,
            f"its part of the rollups ({self.events / self.runs:.1f} events a run)": self.rollups,
            "all on disk": self.table + self.key + self.rollups,
            "in the write-ahead log": self.log,
        }
        return [f"{name}: {size / self.events:.0f} bytes" for name, size in parts.items()]


@dataclass(frozen=True, slots=True)
class LegacyStorageSize:
    """The storage of so many events in the schema of the service before this one, in bytes."""

    events: int
    table: int
    indexes: int

    @property
    def each(self) -> float:
        """Bytes on disk for an event."""
        return (self.table + self.indexes) / self.events


async def stored_before(server_url: str, events: int) -> LegacyStorageSize:
    """Copy the same month into the old service's table with its five indexes."""
    async with old_service(server_url) as old:
        organization = await old.organization("Benchmark")
        people = [await old.person(f"person-{number:02}", organization) for number in range(PEOPLE)]
        await old.execute(_INDEXES_BEFORE)
        await old.connection.copy_records_to_table(
            "user_behaviors", records=old_rows(people, events), columns=OLD_COLUMNS
        )
        await old.execute("VACUUM ANALYZE")
        sizes = "SELECT pg_table_size('user_behaviors'), pg_indexes_size('user_behaviors')"
        return LegacyStorageSize(events, *await old.connection.fetchrow(sizes))


async def stored(server_url: str, folder: Path, events: int, made: Made = browsing) -> StorageSize:
    """Store so many events in a database of their own, make their rollups, and measure the space."""
    async with fresh_database(server_url, "bench_storage") as url:
        async with serving(url, folder, rollups=True) as service:
            people = [person.id for person in (await service.company()).people]
            before = await value(url, _LOGGED)
            await store(service.services, made(people, events, until()), events, f"{events:,} events")
            await up_to_date(service.services.database)
            log = await value(url, _LOGGED) - before
        await execute(url, "VACUUM ANALYZE")
        table, key, of_runs, of_hours = [
            await value(url, _SIZE.format(kind=kind, table=name))
            for kind, name in (
                ("table", "behaviors"),
                ("indexes", "behaviors"),
                ("total_relation", "runs"),
                ("total_relation", "hours"),
            )
        ]
        runs = await value(url, "SELECT count(*) FROM runs")
    return StorageSize(events, runs, table, key, of_runs + of_hours, log)


def main(events: Annotated[int, typer.Argument(help="How many events to store.")] = 300_000) -> None:
    """Measure busy working days, and print the figures."""
    with tempfile.TemporaryDirectory(prefix="wb-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as a user of its own for root
        found = asyncio.run(stored(embedded.start(Path(folder) / "pg"), Path(folder), events, busy_days))
    Console().print("\n".join(found.lines()))


if __name__ == "__main__":
    typer.run(main)
