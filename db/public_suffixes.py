"""The public suffix list in the database: kept as new as the newest that any process has installed.

Statements read the list from a table, so all processes find the same sites whatever list they have installed
themselves. A newer list takes effect at once and for the past, too: nothing that is derived from it is stored.
"""

import structlog
from sqlalchemy import SmallInteger, Text, delete, func, insert, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from core.public_suffixes import installed_version, public_suffixes
from db.engine import Database
from db.models import PublicSuffix

log = structlog.get_logger()

_LOCK = 0x0BE4A715
_NUMBERS = ARRAY(SmallInteger())


async def update_public_suffixes(database: Database) -> None:
    """Store the list that is installed, if the database's is older or missing.

    Several processes may do so at once: one stores it, the others wait and find it done. Readers see the old list or
    the new one, never a mixture.
    """
    async with database.read() as connection:
        if not await _is_outdated(connection):
            return
    async with database.write() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if await _is_outdated(connection):
            await _replace(connection)
            log.info("the public suffix list is up to date", version=installed_version())


async def _is_outdated(connection: AsyncConnection) -> bool:
    stored = await connection.scalar(select(func.max(PublicSuffix.list_version)))
    return stored is None or stored < installed_version()


async def _replace(connection: AsyncConnection) -> None:
    """Replace the rows, without locking readers out as TRUNCATE would."""
    await connection.execute(delete(PublicSuffix))
    installed = public_suffixes()
    rule = (
        func.unnest(literal(list(installed.labels), ARRAY(Text())), literal([*installed.labels.values()], _NUMBERS))
        .table_valued("suffix", "labels")
        .render_derived("rule")
    )
    rows = select(rule.c.suffix, rule.c.labels, literal(installed.version, Text()))
    await connection.execute(insert(PublicSuffix).from_select(["suffix", "labels", "list_version"], rows))
