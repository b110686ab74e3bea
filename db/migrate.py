"""Bringing a database's schema up to date, or back."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, text
from sqlalchemy.exc import ProgrammingError

from db.engine import Database

_MIGRATIONS = Path(__file__).parent.parent / "migrations"


class CannotMigrate(Exception):
    """There is no way from the database's revision to the wanted one; the message says so in one line."""


def config(url: str | URL) -> Config:
    """Alembic's configuration for a database."""
    settings = Config()
    settings.set_main_option("script_location", str(_MIGRATIONS))
    settings.attributes["url"] = url
    return settings


async def upgrade(url: str | URL, revision: str = "head") -> None:
    """Migrate up to `revision`. Several processes may do so at once: one works, the others wait and find it done.

    CannotMigrate for a revision that this version does not know.
    """
    await _step(command.upgrade, url, revision)


async def downgrade(url: str | URL, revision: str) -> None:
    """Migrate down to `revision` (`-1`: one step, `base`: to nothing). CannotMigrate as with `upgrade`."""
    await _step(command.downgrade, url, revision)


def latest_revision() -> str | None:
    """The revision this version of the program expects."""
    return ScriptDirectory(str(_MIGRATIONS)).get_current_head()


def is_known(revision: str) -> bool:
    """Whether this version of the program has that revision; those it has not are of a newer one."""
    return any(script.revision == revision for script in ScriptDirectory(str(_MIGRATIONS)).walk_revisions())


async def current_revision(database: Database) -> str | None:
    """The revision a database is at; None when it was never migrated."""
    try:
        async with database.read() as connection:
            revision: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    except ProgrammingError:  # no such table
        return None
    return revision


async def _step(step: Callable[[Config, str], None], url: str | URL, revision: str) -> None:
    try:
        await asyncio.to_thread(step, config(url), revision)
    except CommandError as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise CannotMigrate(
            f"The schema cannot be migrated: {reason}. A revision that cannot be located is one of a newer version."
        ) from error
