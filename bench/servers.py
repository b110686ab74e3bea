"""Servers under load, each a program of its own on a free port of the loopback interface."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.ports import free_port
from tests.servers import COMMAND

_ROOT = Path(__file__).parent.parent
_PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server listens, and its process; None for one that somebody else has started."""

    host: str
    port: int
    pid: int | None = None


@contextmanager
def service(database_url: str, folder: Path, *, workers: int = 1) -> Iterator[Server]:
    """`web-behavior serve` on a database, without rate limits, otherwise as it comes."""
    settings = {
        "DATABASE_URL": database_url,
        "WORKERS": str(workers),
        "RATE_LIMIT_ENABLED": "false",
        "DATA_DIR": str(folder / "service"),
        "LOG_LEVEL": "warning",
    }
    with _running([str(COMMAND), "serve"], settings, "/ready") as server:
        yield server


@contextmanager
def echo() -> Iterator[Server]:
    """The bare ASGI echo, served as the service is."""
    options = "--factory", "--no-access-log", "--no-server-header", "--log-level", "warning"
    with _running([sys.executable, "-m", "uvicorn", "bench.echo:create", *options], {}, "/") as server:
        yield server


@contextmanager
def _running(command: Sequence[str], settings: dict[str, str], path: str) -> Iterator[Server]:
    port = free_port()
    # Nothing of the caller's own settings, nor of a `.env` in the folder they stand in.
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    environment = kept | settings | {"PORT": str(port), "UVICORN_PORT": str(port), "PYTHONPATH": str(_ROOT)}
    with subprocess.Popen(command, env=environment, cwd="/") as process:  # noqa: S603 - ours
        try:
            _wait(process, port, path)
            yield Server("127.0.0.1", port, process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(_PATIENCE_SECONDS)


def cpu_seconds(pid: int | None) -> float:
    """The processor time that a process and its children, those that have ended included, have used."""
    if pid is None:
        return 0.0
    process = psutil.Process(pid)
    used = sum(process.cpu_times()[:4])  # user, system, and those of children that have ended
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it ended a moment ago
            used += sum(child.cpu_times()[:4])
    return float(used)


def _wait(process: subprocess.Popen[bytes], port: int, path: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not _answers(port, path):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} did not start")
        time.sleep(0.05)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    with suppress(OSError):
        connection.request("GET", path)
        return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
    return False
