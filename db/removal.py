"""Deleting everything of people, however much it is: in small transactions, none of which comes near a timeout."""

from collections.abc import Collection
from uuid import UUID

from db.engine import Database
from db.queries import behavior as behaviors
from db.queries import rollups

ROWS_AT_ONCE = 20_000
_REMOVALS = (behaviors.remove_some_of, rollups.remove_some_runs_of, rollups.remove_some_hours_of)


async def remove_browsing_of(database: Database, user_ids: Collection[UUID]) -> None:
    """Delete every event of these people, and what was made from them.

    Interrupted, it can be done again and goes on where it was. The caller has seen to it that nobody adds to them.
    """
    for user_id in user_ids:
        for remove_some in _REMOVALS:
            removed = ROWS_AT_ONCE
            while removed == ROWS_AT_ONCE:
                async with database.write() as connection:
                    removed = await remove_some(connection, user_id, ROWS_AT_ONCE)
    async with database.write() as connection:
        await rollups.remove_marks_of(connection, user_ids)
