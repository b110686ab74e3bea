"""Deleting everything of people, however much it is: in small transactions, none of which comes near a timeout."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from db.engine import Database
from db.queries import behavior as behaviors
from db.queries import rejected_event as rejected_events
from db.queries import rollups

ROWS_AT_ONCE = 20_000

_RemoveSome = Callable[[AsyncConnection, UUID, int], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Removed:
    """How much was deleted. What was begun earlier and interrupted is not counted."""

    behaviors: int
    runs: int
    rejected_events: int

    @property
    def counts(self) -> dict[str, int]:
        """The same for the audit log."""
        return {"behaviors": self.behaviors, "runs": self.runs, "rejectedEvents": self.rejected_events}


async def remove_browsing_of(database: Database, user_ids: Collection[UUID]) -> Removed:
    """Delete every event of these people, what was made from them, and what was refused of them.

    Interrupted, it can be done again and goes on where it was. The caller has seen to it that nobody adds to them.
    """
    events = sum([await _remove_all(database, behaviors.remove_some_of, user_id) for user_id in user_ids])
    async with database.write() as connection:
        await rollups.wait_for_makers(connection)  # who read the events before they were gone still makes runs of them
    runs = sum([await _remove_all(database, rollups.remove_some_runs_of, user_id) for user_id in user_ids])
    for user_id in user_ids:
        await _remove_all(database, rollups.remove_some_hours_of, user_id)
    async with database.write() as connection:
        await rollups.remove_marks_of(connection, user_ids)
        rejected = await rejected_events.remove_of(connection, user_ids)
    return Removed(events, runs, rejected)


async def _remove_all(database: Database, remove_some: _RemoveSome, user_id: UUID) -> int:
    total, removed = 0, ROWS_AT_ONCE
    while removed == ROWS_AT_ONCE:
        async with database.write() as connection:
            removed = await remove_some(connection, user_id, ROWS_AT_ONCE)
        total += removed
    return total
