"""A real PostgreSQL that syncs its writes, and ways to disturb it."""

import os
import pwd
import signal
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import asyncpg
import psutil

from tests.servers import Postgres15, folder_of_postgres, postgres_15, started
from torture.findings import CannotRun

CAREFUL = "-c max_connections=40 -c shared_buffers=512MB"
"""Unlike in tests, what is committed is on disk (fsync is on); as much memory as docker-compose.yml gives."""
_SMALL_DISK_MIB = 192
_LITTLE_LOG = " -c min_wal_size=32MB -c max_wal_size=48MB"
_FILLER_BYTES = 64 * 1024


def on_any_disk() -> AbstractContextManager[Postgres15]:
    """A server of its own."""
    return postgres_15(CAREFUL)


@contextmanager
def on_a_small_disk() -> Iterator[Postgres15]:
    """A server whose data lie on a file system of 192 MiB in memory. CannotRun where that cannot be mounted."""
    with folder_of_postgres() as folder:
        server = Postgres15(folder, CAREFUL + _LITTLE_LOG)
        Path(server.data).mkdir(mode=0o700)
        options = f"size={_SMALL_DISK_MIB}m,mode=0700,uid={_uid(server.user)}"
        mounting = subprocess.run(  # noqa: S603
            ["/bin/mount", "-t", "tmpfs", "-o", options, "torture", server.data],
            capture_output=True,
            text=True,
            check=False,
        )
        if mounting.returncode:
            raise CannotRun(f"no file system can be mounted here: {mounting.stderr.strip()}")
        try:
            with started(server):
                yield server
        finally:
            subprocess.run(["/bin/umount", "--lazy", server.data], check=True)  # noqa: S603


def kill(server: Postgres15) -> None:
    """End every process of it as `kill -9` does."""
    found = processes(server)
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(found)


def stop(server: Postgres15) -> None:
    """Stop it without waiting for clients, as by `pg_ctl stop -m fast`."""
    server.run("pg_ctl", "-D", server.data, "-m", "fast", "-w", "stop")


def freeze(server: Postgres15) -> None:
    """Let every process of it stand still: it holds its connections and answers nothing."""
    for process in processes(server):
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGSTOP)


def thaw(server: Postgres15) -> None:
    """Let it go on."""
    for process in processes(server):
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGCONT)


def fill_disk(server: Postgres15) -> None:
    """Take all the room there is beside its data."""
    with suppress(OSError), _filler(server).open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(_FILLER_BYTES))


def free_disk(server: Postgres15) -> None:
    """Give the room back. A server that died for want of it is started again, as its supervisor would."""
    _filler(server).unlink()
    if not processes(server):
        server.start()


def processes(server: Postgres15) -> list[psutil.Process]:
    """All of its processes, the first of them first; none when it does not run."""
    with suppress(FileNotFoundError, psutil.NoSuchProcess):
        first = psutil.Process(int(Path(server.data, "postmaster.pid").read_text().split()[0]))
        if first.name().startswith("postgres"):
            return [first, *first.children(recursive=True)]
    return []


async def execute(server: Postgres15, *statements: str) -> None:
    """Run statements as its superuser, whatever its settings."""
    connection = await asyncpg.connect(server.url, server_settings={"default_transaction_read_only": "off"})
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def connections(server: Postgres15) -> dict[str, int]:
    """Return the number of the service's connections, by state: `idle`, `active`, `idle in transaction`.

    One that is idle in a transaction for less than a second is between two of its statements, and so active.
    """
    connection = await asyncpg.connect(server.url)
    try:
        rows = await connection.fetch(
            "SELECT CASE WHEN state = 'idle in transaction' AND state_change > now() - interval '1 second' "
            "THEN 'active' ELSE state END AS state, count(*) AS number FROM pg_stat_activity "
            "WHERE application_name LIKE 'web-behavior%' GROUP BY 1"
        )
        return {row["state"]: row["number"] for row in rows}
    finally:
        await connection.close()


def _filler(server: Postgres15) -> Path:
    return Path(server.data, "filler")


def _uid(user: str) -> int:
    return pwd.getpwnam(user).pw_uid if os.geteuid() == 0 else os.getuid()
