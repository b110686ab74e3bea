"""Bringing a database's schema up to date, or back."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, text
from sqlalchemy.exc import ProgrammingError

from db.engine import Database

_MIGRATIONS = Path(__file__).parent.parent / "migrations"


def config(url: str | URL) -> Config:
    """Alembic's configuration for a database."""
    settings = Config()
    settings.set_main_option("script_location", str(_MIGRATIONS))
    settings.attributes["url"] = url
    return settings


async def upgrade(url: str | URL, revision: str = "head") -> None:
    """Migrate up to `revision`. Several processes may do so at once: one works, the others wait and find it done."""
    await asyncio.to_thread(command.upgrade, config(url), revision)


async def downgrade(url: str | URL, revision: str) -> None:
    """Migrate down to `revision` (`-1`: one step, `base`: to nothing)."""
    await asyncio.to_thread(command.downgrade, config(url), revision)


def latest_revision() -> str | None:
    """The revision this version of the program expects."""
    return ScriptDirectory(str(_MIGRATIONS)).get_current_head()


async def current_revision(database: Database) -> str | None:
    """The revision a database is at; None when it was never migrated."""
    try:
        async with database.read() as connection:
            revision: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    except ProgrammingError:  # no such table
        return None
    return revision
