"""The memory of processes: their private memory, so that nothing shared is counted twice."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

_INTERVAL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Memory:
    """The service's resident memory, the private memory of PostgreSQL's connections (MiB), and their number."""

    service: float
    backends: float
    connections: int


@dataclass(slots=True)
class Watch:
    """The samples that were taken while it watched, in order."""

    seen: list[Memory] = field(default_factory=list)

    @property
    def peak(self) -> Memory:
        """The most of each."""
        return _most(self.seen)

    def halves(self) -> tuple[Memory, Memory]:
        """The most of each in the first half of the time, and in the second."""
        middle = len(self.seen) // 2
        return _most(self.seen[: middle + 1]), _most(self.seen[middle:])


def now(service: int, database: str) -> Memory:
    """The memory of a service's process, and of the connections to a database on the same machine."""
    backends = []
    for process in psutil.process_iter(["name", "cmdline"]):
        command = " ".join(process.info["cmdline"] or ())
        if command.startswith("postgres: ") and f" {database} " in command:
            try:
                backends.append(process.memory_full_info().uss / 2**20)
            except psutil.NoSuchProcess:  # it ended a moment ago
                continue
    return Memory(psutil.Process(service).memory_info().rss / 2**20, sum(backends), len(backends))


@contextmanager
def watching(service: int, database: str) -> Iterator[Watch]:
    """Look several times a second, in a thread."""
    watch, over = Watch(), threading.Event()

    def look() -> None:
        while not over.wait(_INTERVAL_SECONDS):
            watch.seen.append(now(service, database))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watch
    finally:
        over.set()
        thread.join()


def _most(seen: list[Memory]) -> Memory:
    return Memory(
        max(each.service for each in seen), max(each.backends for each in seen), max(each.connections for each in seen)
    )
