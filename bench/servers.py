"""Servers under load, each a program of its own on a free port of the loopback interface."""

import http.client
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.free_ports import free_port
from tests.servers import COMMAND, surroundings, wait_until

_ROOT = Path(__file__).parent.parent
_PATIENCE_SECONDS = 60
_BARE = "--factory", "--no-access-log", "--no-server-header", "--log-level", "warning"


@dataclass(frozen=True, slots=True)
class Server:
    """The address of a server, and its process; None for one that somebody else has started."""

    host: str
    port: int
    pid: int | None = None


@contextmanager
def service(database_url: str, folder: Path, **settings: str) -> Iterator[Server]:
    """`web-behavior serve` on a database, without rate limits, with these settings, otherwise as it comes."""
    usual = {
        "DATABASE_URL": database_url,
        "RATE_LIMIT_ENABLED": "false",
        "DATA_DIR": str(folder / "service"),
        "LOG_LEVEL": "warning",
    }
    with _running([str(COMMAND), "serve"], usual | settings) as server:
        yield server


@contextmanager
def bare(factory: str, **settings: str) -> Iterator[Server]:
    """A bare ASGI application, `module:function`, served as the service is."""
    with _running([sys.executable, "-m", "uvicorn", factory, *_BARE], settings) as server:
        yield server


@contextmanager
def _running(command: Sequence[str], settings: dict[str, str]) -> Iterator[Server]:
    port = free_port()
    # Nothing of the caller's own settings, nor of a `.env` in the folder they stand in.
    environment = surroundings(**settings, PORT=str(port), UVICORN_PORT=str(port), PYTHONPATH=str(_ROOT))
    with subprocess.Popen(command, env=environment, cwd="/") as process:  # noqa: S603 - our own programs
        try:
            wait_until(lambda: process.poll() is not None or _is_ready(port), f"{process.args!r}")
            yield Server("127.0.0.1", port, process.pid)
        finally:
            process.terminate()
            process.wait(_PATIENCE_SECONDS)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with closing(connection), suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/ready")
        return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR  # a bare one knows no /ready
    return False


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
