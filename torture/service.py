"""The service as it is run: `web-behavior serve` in a process of its own, on a port of this machine."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import psutil

from tests.free_ports import free_port
from tests.servers import COMMAND, surroundings
from torture import http

ADMIN, PASSWORD = "root", "a password to start"
_PATIENCE_SECONDS = 60


class Service:
    """One process. `start()` and `kill()` may take turns; `url` stays the same."""

    def __init__(self, folder: Path, database_url: str, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"service-{self.port}.log"
        self._folder = folder
        self._environment = surroundings(
            **{
                "PORT": str(self.port),
                "DATABASE_URL": database_url,
                "DATA_DIR": str(folder / "data"),
                "ADMIN_USERNAME": ADMIN,
                "ADMIN_PASSWORD": PASSWORD,
                "RATE_LIMIT_ENABLED": "false",
                "MAX_CONNECTIONS_PER_ADDRESS": "0",  # all load comes from this machine
                **settings,
            }
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; it is not ready yet."""
        with self.log.open("a") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [COMMAND, "serve"], cwd=self._folder, env=self._environment, stdout=log, stderr=log
            )

    async def ready(self) -> None:
        """Return once it says that it can work."""
        async with http.client(self.url) as client, asyncio.timeout(_PATIENCE_SECONDS):
            while not await _is_ready(client):
                if self.process.poll() is not None:
                    raise RuntimeError(f"the service did not start:\n{self.log.read_text()}")
                await asyncio.sleep(0.02)

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.process.kill()
        self.process.wait()

    async def stop(self) -> int:
        """Tell it to stop as any supervisor does, and wait; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, _PATIENCE_SECONDS)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running process."""
        if self._process is None:
            raise RuntimeError("the service has not been started")
        return self._process

    @property
    def resident_bytes(self) -> int:
        """The resident memory at the moment, in bytes."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    @property
    def worked_seconds(self) -> float:
        """The processor time that it has taken so far, in seconds."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def connections_from(self, address: str) -> int:
        """The number of connections from that address that it has open at the moment."""
        found = psutil.Process(self.process.pid).net_connections("tcp4")
        return sum(bool(each.raddr) and each.raddr.ip == address for each in found)


@asynccontextmanager
async def running(folder: Path, database_url: str, **settings: str) -> AsyncIterator[Service]:
    """A service that is ready; stopped at the end."""
    service = Service(folder, database_url, **settings)
    service.start()
    try:
        await service.ready()
        yield service
    finally:
        with suppress(subprocess.TimeoutExpired):
            await service.stop()
        service.kill()


async def _is_ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/ready")).is_success
    except httpx.TransportError:
        return False
