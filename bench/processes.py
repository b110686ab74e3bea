"""Servers that are measured as they are run: programs of their own, on free ports of the loopback interface."""

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import psutil

from tests.ports import free_port

_ROOT = Path(__file__).parent.parent
_PATIENCE_SECONDS = 90
_OK = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request took, in seconds: the median until its answer had been read, and the server's processor time."""

    latency: float
    cpu: float


class Client:
    """One connection to a running server."""

    def __init__(self, port: int, pid: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
        self._process = psutil.Process(pid)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """The body of the answer, which must be 200."""
        self._connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != _OK:
            raise ValueError(f"{response.status}: {answer[:200]!r}")
        return answer

    def ask(self, times: int, path: str, body: bytes, headers: Mapping[str, str]) -> Asked:
        """Post the same so many times, one after the other."""
        latencies, cpu = [], self._cpu()
        for _ in range(times):
            began = time.perf_counter()
            self.post(path, body, headers)
            latencies.append(time.perf_counter() - began)
        return Asked(sorted(latencies)[times // 2], (self._cpu() - cpu) / times)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _cpu(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def running(command: Sequence[str], settings: Mapping[str, str]) -> Iterator[Client]:
    """A server, once it answers; `PORT` tells it where to listen. Nothing of the caller's own settings is passed on."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    environment = {**kept, **settings, "PORT": str(port), "UVICORN_PORT": str(port), "PYTHONPATH": str(_ROOT)}
    with subprocess.Popen(command, env=environment, cwd="/") as process:  # noqa: S603 - our own programs
        try:
            _wait(port)
            with closing(Client(port, process.pid)) as client:
                yield client
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(_PATIENCE_SECONDS)


def _wait(port: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not _answers(port):
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing answers on port {port}")
        time.sleep(0.02)


def _answers(port: int) -> bool:
    with suppress(OSError, http.client.HTTPException), urlopen(f"http://127.0.0.1:{port}/ready", timeout=1):
        return True
    return False
