"""What the database needs done now and then, by whichever process gets to it: all of it may run twice."""

import asyncio
from datetime import timedelta

import structlog

from core.clock import now
from core.errors import Unavailable
from db.engine import Database
from db.key_usage import KeyUsage
from db.partitions import Partitions
from db.queries.housekeeping import remove_ended_sign_ins, remove_old_rejected

log = structlog.get_logger()

INTERVAL_SECONDS = 30
REJECTED_EVENTS_KEPT = 10_000
REJECTED_EVENTS_AGE = timedelta(days=14)


async def housekeeping(database: Database, partitions: Partitions, key_usage: KeyUsage) -> None:
    """Keep house until cancelled."""
    while True:
        try:
            await keep_house_once(database, partitions, key_usage)
        except Unavailable as error:
            log.warning("housekeeping put off", reason=error.message)
        except Exception:  # one failing chore must not end the others for good
            log.exception("housekeeping failed")
        await asyncio.sleep(INTERVAL_SECONDS)


async def keep_house_once(database: Database, partitions: Partitions, key_usage: KeyUsage) -> None:
    """Do every chore once."""
    await partitions.ensure_ahead()
    await key_usage.flush()
    async with database.write() as connection:
        await remove_ended_sign_ins(connection)
        await remove_old_rejected(connection, now() - REJECTED_EVENTS_AGE, REJECTED_EVENTS_KEPT)
