"""One load on one server, and its cost for the server and for PostgreSQL."""

from concurrent.futures import Executor
from dataclasses import dataclass

from bench.load import LoadResult, drive
from bench.posts import Load
from bench.servers import Server, cpu_seconds

_CREATED = 201


class NotMeasured(Exception):
    """Raised if a run did not measure the intended thing."""


@dataclass(frozen=True, slots=True)
class IngestionRun:
    """The result of a load. Times in seconds; `server_cpu` and `database_cpu` are processor time for each request.

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

    def run(self, server: Server, load: Load, seconds: float) -> IngestionRun:
        """Send a load's requests for `seconds`. Raises NotMeasured if one is not answered with 201."""
        before = cpu_seconds(server.pid), cpu_seconds(self.postmaster)
        driven = self.generator.submit(_drive, server, load, seconds).result()
        if set(driven.statuses) != {_CREATED}:
            raise NotMeasured(f"Not every request was answered with {_CREATED}: {driven.statuses}")
        return IngestionRun(
            load.size * driven.requests / driven.seconds,
            driven.percentile(0.5),
            driven.percentile(0.99),
            (cpu_seconds(server.pid) - before[0]) / driven.requests,
            (cpu_seconds(self.postmaster) - before[1]) / driven.requests,
            driven.cpu,
        )


def _drive(server: Server, load: Load, seconds: float) -> LoadResult:
    """In the generator's process: make the requests, then send them."""
    requests = [load.of(f"{server.host}:{server.port}", poster) for poster in load.posters]
    return drive((server.host, server.port), requests, seconds)
