"""One load on one server, and what it cost whom."""

from concurrent.futures import Executor
from dataclasses import dataclass

from bench.load import Driven, drive
from bench.posts import Load
from bench.servers import Server, cpu_seconds

_CREATED = 201


class NotMeasured(Exception):
    """What was measured was not what was meant to be."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a load came to. Times in seconds; `server_cpu` and `database_cpu` are processor time for each request.

    `generator` is the part of a core that the load generator took.
    """

    events_per_second: float
    p50: float
    p99: float
    server_cpu: float
    database_cpu: float
    generator: float


@dataclass(frozen=True, slots=True)
class Driver:
    """Puts servers under load from a process of its own; `postmaster` is PostgreSQL's first process."""

    generator: Executor
    postmaster: int

    def run(self, server: Server, load: Load, seconds: float) -> Run:
        """Send a load's requests for so long. NotMeasured when one is not answered with 201."""
        before = cpu_seconds(server.pid), cpu_seconds(self.postmaster)
        driven = self.generator.submit(_drive, server, load, seconds).result()
        if set(driven.statuses) != {_CREATED}:
            raise NotMeasured(f"Not every request was answered with {_CREATED}: {driven.statuses}")
        return Run(
            load.size * driven.requests / driven.seconds,
            driven.percentile(0.5),
            driven.percentile(0.99),
            (cpu_seconds(server.pid) - before[0]) / driven.requests,
            (cpu_seconds(self.postmaster) - before[1]) / driven.requests,
            driven.cpu,
        )


def _drive(server: Server, load: Load, seconds: float) -> Driven:
    """In the generator's process: make the requests, then send them."""
    requests = [load.of(f"{server.host}:{server.port}", poster) for poster in load.posters]
    return drive((server.host, server.port), requests, seconds)
