"""Making partitions by month: for commands that are about to store much. Keeping them: db/partition_keeper.py."""

import asyncio
from collections.abc import Iterable
from datetime import date

import structlog
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core.errors import QueryTimeout, Unavailable
from db.engine import Database, unavailable
from db.queries import partitions as queries
from db.queries.partitions import TooManyRows

log = structlog.get_logger()

MOST_MOVED = 20_000
"""How many rows may leave a default partition for a new one: everybody waits meanwhile."""
LOCKED_SECONDS = 0.5
"""How long each statement of making a partition may take."""
_LOCK_WAIT_MS = 250
_ATTEMPTS = 20
_PAUSE_SECONDS = 0.2


async def ensure(database: Database, months: Iterable[date]) -> None:
    """Give these months partitions of their own unless they have them: before a command stores much in them.

    A month that the default partition has too much of already stays there. Raises Unavailable when somebody holds
    the tables for long, as a dump does.
    """
    async with database.read() as connection:
        missing = set(months) - await queries.months(connection)
    for month in sorted(missing):
        try:
            await _try_for_a_while(database, month)
        except (TooManyRows, QueryTimeout) as error:
            log.warning("month stays in the default partition", month=f"{month:%Y-%m}", reason=repr(error))


async def make(database: Database, month: date) -> None:
    """Try once to give a month its partitions.

    It waits briefly for whoever is in the way, since all that come later wait behind it: Unavailable when that is not
    enough. TooManyRows or QueryTimeout when there is too much in the default partitions.
    """
    try:
        # A cluster makes many tables, and moves no rows.
        limit = LOCKED_SECONDS if database.topology.moves_rows else None
        async with database.write(statement_timeout=limit) as connection:
            await connection.execute(text(f"SET LOCAL lock_timeout = {_LOCK_WAIT_MS}"))
            await queries.make(connection, month, MOST_MOVED)
    except IntegrityError as error:  # the first event of the month came in between
        raise unavailable("Events of the month were stored meanwhile.") from error


async def rule_out(database: Database, month: date) -> None:
    """See to it that the default partitions hold nothing of a month that no event can be of yet, without locking them.

    Making its partitions then takes moments, whatever the default ones hold.
    """
    async with database.write(statement_timeout=LOCKED_SECONDS) as connection:
        await connection.execute(text(f"SET LOCAL lock_timeout = {_LOCK_WAIT_MS}"))
        await queries.rule_out(connection, month)
    async with database.write() as connection:
        await queries.prove_ruled_out(connection, month)


async def _try_for_a_while(database: Database, month: date) -> None:
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            await make(database, month)
        except QueryTimeout:
            raise
        except Unavailable:
            if not attempts_left:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return
