"""One client of a running server, which asks the same again and again."""

import http.client
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass

from bench.servers import Server, cpu_seconds

_PATIENCE_SECONDS = 90


@dataclass(frozen=True, slots=True)
class RequestCost:
    """The cost of a request in seconds: the median until its answer had been read, and the server's processor time."""

    latency: float
    cpu: float


class Client:
    """One connection to a running server."""

    def __init__(self, server: Server, connection: http.client.HTTPConnection) -> None:
        self._server = server
        self._connection = connection

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """The body of the answer, which must be 200."""
        self._connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != http.client.OK:
            raise ValueError(f"{response.status}: {answer[:200]!r}")
        return answer

    def ask(self, times: int, path: str, body: bytes, headers: Mapping[str, str]) -> RequestCost:
        """Post the same request `times` times, one after the other."""
        latencies, cpu = [], cpu_seconds(self._server.pid)
        for _ in range(times):
            began = time.perf_counter()
            self.post(path, body, headers)
            latencies.append(time.perf_counter() - began)
        return RequestCost(sorted(latencies)[times // 2], (cpu_seconds(self._server.pid) - cpu) / times)


@contextmanager
def connected(server: Server) -> Iterator[Client]:
    """A client of the server."""
    with closing(http.client.HTTPConnection(server.host, server.port, timeout=_PATIENCE_SECONDS)) as connection:
        yield Client(server, connection)
