"""`python -m bench.legacy_import 1000000`: the cost of taking over a database of the service before this one.

An old database is filled with made-up browsing, then `web-behavior import-legacy` runs as a process of its own; then
again, with nothing new to find. For comparison the rows it has stored are copied (binary `COPY`, server to file to
server) into a bare table of the same shape and key.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import asyncpg
import psutil
import typer
from rich.console import Console

from bench.events import PEOPLE, browsing, until
from bench.machine import machine
from bench.other_processes import Others
from bench.service import fresh_database
from db import embedded
from tests.legacy.old_service import old_service

_COMMAND = Path(sys.executable).parent / "web-behavior"
OLD_COLUMNS = ("id", "session_id", "timestamp", "event_type", "url", "user_id", "created_at", "updated_at")
_console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class ImportCost:
    """Seconds, the command's own processor time and MiB of a first import; seconds of a second, and of a bare COPY."""

    events: int
    seconds: float
    processor: float
    peak: float
    again_seconds: float
    copy_seconds: float
    others: float

    def lines(self) -> list[str]:
        """The figures in words."""
        rate, copied = self.events / self.seconds, self.events / self.copy_seconds
        return [
            f"{self.events:,} events in {self.seconds:.1f} s: {rate:,.0f} events a second, start and report included",
            f"bare COPY of the same rows: {copied:,.0f} events a second, {copied / rate:.1f} × as many",
            f"the command's own processor time: {self.processor:.1f} s; its peak memory: {self.peak:.0f} MiB",
            f"run again with nothing new: {self.again_seconds:.1f} s",
            f"other processes took {self.others:.0%} of the processors meanwhile",
        ]


def main(events: Annotated[int, typer.Argument(help="How many events.")] = 1_000_000) -> None:
    """Measure, and tell."""
    with tempfile.TemporaryDirectory(prefix="wb-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as a user of its own for root
        server_url = embedded.start(Path(folder) / "pg")
        where = asyncio.run(machine(server_url))
        moved = asyncio.run(measure(server_url, Path(folder), events))
    _console.print(f"{where.processor}, {where.cores} cores, {where.memory_gib:.0f} GiB; PostgreSQL {where.postgresql}")
    _console.print("\n".join(moved.lines()))


async def measure(server_url: str, folder: Path, events: int) -> ImportCost:
    """Fill an old database, take it over twice, and copy the stored rows."""
    async with old_service(server_url) as old, fresh_database(server_url, "bench_legacy") as url:
        organization = await old.organization("Benchmark")
        people = [await old.person(f"person-{number:02}", organization) for number in range(PEOPLE)]
        await old.connection.copy_records_to_table(
            "user_behaviors", records=old_rows(people, events), columns=OLD_COLUMNS
        )
        await old.execute("ALTER TABLE user_behaviors ADD PRIMARY KEY (id)")
        await old.execute("CREATE INDEX ON user_behaviors (timestamp)")
        await old.execute("VACUUM ANALYZE")
        watch = Others(folder / "pg")
        seconds, processor, peak = await asyncio.to_thread(_import, old.url, url, folder)
        others = watch.part()
        again_seconds, _, _ = await asyncio.to_thread(_import, old.url, url, folder)
        copy_seconds = await _copy(url, folder / "behaviors", events)
    return ImportCost(events, seconds, processor, peak, again_seconds, copy_seconds, others)


def old_rows(people: list[UUID], events: int) -> Iterator[tuple[Any, ...]]:
    """The benchmark's month as rows of the old table."""
    for event in browsing(people, events, until()):
        ts = datetime.fromisoformat(event.ts).astimezone(UTC)
        yield uuid4(), event.session_id, ts, event.type, event.url, event.user_id, ts, ts


def _import(source_url: str, url: str, folder: Path) -> tuple[float, float, float]:
    """Run the command; its seconds, its processor time in seconds, and the most memory it held, in MiB."""
    began, peak, processor = time.perf_counter(), 0, 0.0
    environment = os.environ | {"DATABASE_URL": url, "LEGACY_DATABASE_URL": source_url, "DATA_DIR": str(folder)}
    with subprocess.Popen(  # noqa: S603 - our own command, with addresses of our own making
        [_COMMAND, "import-legacy", "--json"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as command:
        process = psutil.Process(command.pid)
        while command.poll() is None:
            try:
                times = process.cpu_times()
                peak, processor = max(peak, process.memory_info().rss), times.user + times.system
            except psutil.NoSuchProcess:  # it ended a moment ago
                continue
            time.sleep(0.05)
    if command.returncode:
        raise RuntimeError("The import failed.")
    return time.perf_counter() - began, processor, peak / 2**20


async def _copy(url: str, file: Path, events: int) -> float:
    """The seconds it takes to copy the stored events into a bare table with their key."""
    connection = await asyncpg.connect(url)
    try:
        await connection.copy_from_query("SELECT * FROM behaviors ORDER BY ts", output=file, format="binary")
        await connection.execute("CREATE TABLE bare (LIKE behaviors INCLUDING INDEXES)")
        began = time.perf_counter()
        copied = await connection.copy_to_table("bare", source=file, format="binary")
        seconds = time.perf_counter() - began
    finally:
        await connection.close()
    if copied != f"COPY {events}":
        raise RuntimeError(f"{copied} of {events} events were stored.")
    return seconds


if __name__ == "__main__":
    typer.run(main)
