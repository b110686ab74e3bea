"""Compares the schema of a running service's database with the one that this version of the program knows."""

import structlog

from db import migrate
from db.engine import Database

log = structlog.get_logger()


class SchemaVersion:
    """Reports a problem with the schema's revision.

    An older one, or none, lacks what this version reads and writes. A newer one is no problem: a migration only adds,
    a later version removes, and during a rollout processes of the previous version must stay ready.
    """

    def __init__(self) -> None:
        self._logged: str | None = None

    async def problem(self, database: Database) -> str | None:
        """Return the problem and its remedy, for operators; None without a problem. One statement; AppError."""
        current, latest = await migrate.current_revision(database), migrate.latest_revision()
        if current == latest:
            return None
        if current is not None and not migrate.is_known(current):
            self._log_newer(current, latest)
            return None
        return f"The database's schema is at {current or 'nothing'}, not {latest}. Run `web-behavior migrate`."

    def _log_newer(self, current: str, latest: str) -> None:
        if self._logged != current:
            self._logged = current
            log.warning("the schema is of a newer version; this process goes on", revision=current, known=latest)
