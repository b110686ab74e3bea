"""Bringing a database's schema up to date, or back."""

import asyncio
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, text
from sqlalchemy.exc import ProgrammingError

from db.cluster import topology_of
from db.downgrade import Preview
from db.engine import Database, DatabaseOptions, is_missing
from db.public_suffixes import update_public_suffixes
from db.topology import SINGLE_NODE

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent.parent / "migrations"


class CannotMigrate(Exception):
    """There is no way from the database's revision to the wanted one; the message says so in one line."""


def config(url: str | URL) -> "Config":
    """Alembic's configuration for a database."""
    from alembic.config import Config  # noqa: PLC0415 - a start on a database that is up to date does without

    settings = Config()
    settings.set_main_option("script_location", str(_MIGRATIONS))
    settings.attributes["url"] = url
    return settings


async def upgrade(url: str | URL, revision: str = "head") -> None:
    """Migrate up to `revision`. Several processes may do so at once: one works, the others wait and find it done.

    Loads nothing where the database is at the latest one already, unless it is a cluster's, which may have tables to
    distribute. At the latest revision the public suffix list is brought up to date, too.
    CannotMigrate for a revision that this version does not know.
    """
    if revision != "head" or not await _is_up_to_date(url):
        await _step("upgrade", config(url), revision)
    if revision == "head":
        await _update_public_suffixes(url)


async def downgrade(url: str | URL, revision: str) -> None:
    """Migrate down to `revision` (`-1`: one step, `base`: to nothing). CannotMigrate as with `upgrade`."""
    await _step("downgrade", config(url), revision)


async def preview_downgrade(url: str | URL, revision: str) -> Preview:
    """Return what a downgrade would drop: runs it and rolls it back. CannotMigrate as with `downgrade`."""
    settings, preview = config(url), Preview()
    settings.attributes["preview"] = preview
    await _step("downgrade", settings, revision)
    return preview


def latest_revision() -> str:
    """The revision this version of the program expects."""
    return max(_revisions())


def is_known(revision: str) -> bool:
    """True if this version of the program has that revision; otherwise the revision is a newer version's."""
    return revision in _revisions()


@cache
def _revisions() -> list[str]:
    """All revisions: each file is named by its own, `0007_what_it_does.py`, and they are numbered in a row."""
    return [file.name.partition("_")[0] for file in _MIGRATIONS.glob("versions/[0-9]*.py")]


async def current_revision(database: Database) -> str | None:
    """Return the revision a database is at; None if it was never migrated."""
    async with database.read() as connection:
        try:
            revision: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        except ProgrammingError as error:
            if is_missing(error):
                return None
            raise
    return revision


async def _is_up_to_date(url: str | URL) -> bool:
    database = Database(url, DatabaseOptions(pool_size=1))
    try:
        current = await current_revision(database)
        async with database.read() as connection:
            return current == latest_revision() and topology_of(connection) is SINGLE_NODE
    finally:
        await database.close()


async def _update_public_suffixes(url: str | URL) -> None:
    database = Database(url, DatabaseOptions(pool_size=1))
    try:
        await update_public_suffixes(database)
    finally:
        await database.close()


async def _step(step: str, settings: "Config", revision: str) -> None:
    from alembic import command  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    try:
        await asyncio.to_thread(getattr(command, step), settings, revision)
    except CommandError as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise CannotMigrate(
            f"The schema cannot be migrated: {reason}. A revision that cannot be located is one of a newer version."
        ) from error
