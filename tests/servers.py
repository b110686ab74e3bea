"""Servers that tests start for themselves: a second application, uvicorn, Redis, PostgreSQL 15, the command line."""

import asyncio
import getpass
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import uvicorn
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from starlette.types import ASGIApp

from app.server import create_app
from app.settings import Settings
from db.engine import split_url
from resolvers.services import Services
from tests.free_ports import free_port
from tests.world import World
from web.connection_limits import ConnectionLimits
from web.protocol import limited_protocol

COMMAND = Path(sys.executable).parent / "web-behavior"
_POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
_REDIS = Path("/usr/bin/redis-server")
_PATIENCE_SECONDS = 60


def surroundings(**settings: str) -> dict[str, str]:
    """An environment with these settings and none of the developer's; the code is that which is being tested."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    return {"HOME": "/tmp", "TERM": "dumb", **kept, **settings}


def wait_until(answered: Callable[[], bool], what: str) -> None:
    """Return once `answered` says yes: another process cannot be awaited."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not answered():
        assert time.monotonic() < deadline, f"{what} did not start"
        time.sleep(0.02)


@asynccontextmanager
async def own_world(settings: Settings, database_url: str, address: str = "127.0.0.1") -> AsyncIterator[World]:
    """A second application on the tests' database, with settings of its own; its client comes from `address`."""
    application = create_app(settings, database_url)
    async with LifespanManager(application):
        transport = ASGITransport(application, client=(address, 4711))
        async with AsyncClient(transport=transport, base_url=settings.public_url) as client:
            services: Services = application.state.services
            yield World(services, client)


@asynccontextmanager
async def served(
    app: ASGIApp, requests: int = 100, connections: int | None = None, limits: ConnectionLimits | None = None
) -> AsyncIterator[int]:
    """The port where uvicorn serves an application that has been started, by the service's own protocol."""
    port = free_port()
    config = uvicorn.Config(
        app,
        http=limited_protocol(limits or ConnectionLimits(requests)),  # type: ignore[arg-type]  # it is only called
        port=port,
        lifespan="off",
        log_config=None,
        server_header=False,
        limit_concurrency=connections,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.01)
    yield port
    server.should_exit = True
    await serving


@dataclass
class RedisServer:
    """A Redis of one test, which may be killed and started again."""

    port: int = field(default_factory=free_port)
    password: str | None = None
    options: tuple[str, ...] = ()
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL of the server."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, empty."""
        options = [*self.options, *(["--requirepass", self.password] if self.password else [])]
        self._process = subprocess.Popen(
            [_REDIS, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", *options],
            stdout=subprocess.DEVNULL,
            cwd=tempfile.gettempdir(),
        )
        wait_until(self._answers, "Redis")

    def freeze(self) -> None:
        """Let it hold its connections and answer nothing."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with Redis(port=self.port, password=self.password) as client, suppress(RedisConnectionError):
            return bool(client.ping())
        return False


@contextmanager
def redis_server(password: str | None = None, options: tuple[str, ...] = ()) -> Iterator[RedisServer]:
    """A running Redis."""
    server = RedisServer(password=password, options=options)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@dataclass(frozen=True)
class Postgres15:
    """A server of Debian's PostgreSQL 15 in a folder of its own, on a Unix socket there."""

    folder: str
    options: str = "-c fsync=off"
    user: str = "postgres" if os.geteuid() == 0 else getpass.getuser()  # PostgreSQL refuses to run as root

    @property
    def url(self) -> str:
        """Its first database."""
        return f"postgresql://{self.user}@/postgres?host={self.folder}"

    @property
    def data(self) -> str:
        """The data directory."""
        return f"{self.folder}/data"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder} {self.options}"
        self.run("pg_ctl", "-D", self.data, "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def stop(self) -> None:
        """Let it die: no shutdown, every connection is cut. One that is dead may stay so."""
        if Path(self.data, "postmaster.pid").exists():
            self.run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the server's owner."""
        owner = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        subprocess.run(
            [_POSTGRES_15 / program, *arguments],
            check=True,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            **owner,  # type: ignore[call-overload]
        )


@contextmanager
def folder_of_postgres() -> Iterator[str]:
    """A folder of the account that runs PostgreSQL; its name is short, as a socket's path has to be."""
    with tempfile.TemporaryDirectory(prefix="pg15-", ignore_cleanup_errors=True) as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        yield folder


@contextmanager
def postgres_15(options: str = Postgres15.options) -> Iterator[Postgres15]:
    """Debian's PostgreSQL 15; by default it does not sync its writes, which tests do not need."""
    with folder_of_postgres() as folder, started(Postgres15(folder, options)) as server:
        yield server


@contextmanager
def started(server: Postgres15) -> Iterator[Postgres15]:
    """A new server at work in its folder."""
    options = ("-U", server.user, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    server.run("initdb", "-D", server.data, *options)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def replica_of(primary: Postgres15) -> Iterator[Postgres15]:
    """A streaming replica of a server, in step with it."""
    with folder_of_postgres() as folder:
        server = Postgres15(folder)
        source = ("-h", primary.folder, "-U", primary.user, "--checkpoint=fast", "--no-sync")
        server.run("pg_basebackup", "-D", server.data, "--write-recovery-conf", *source)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@asynccontextmanager
async def new_database(server_url: str) -> AsyncIterator[str]:
    """An empty database on a server, dropped again afterwards."""
    name = f"db_{uuid4().hex}"
    await _command(server_url, f"CREATE DATABASE {name}")
    url = make_url(server_url).set(database=name).render_as_string(hide_password=False)
    yield url
    await drop_database(url)


async def drop_database(url: str) -> None:
    """Drop a database although connections use it."""
    address = make_url(url)
    await _command(address.set(database="postgres"), f"DROP DATABASE IF EXISTS {address.database} WITH (FORCE)")


async def _command(server_url: str | URL, command: str) -> None:
    address, connect_args = split_url(server_url)
    engine = create_async_engine(address, connect_args=connect_args, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(command))
