"""Deleting everything held on people who have been removed: portion by portion, in the background.

An erasure begins in resolvers/erasures.py, which removes the people and records what is left to delete, in one
transaction. From then on nobody sees them and no writer stores an event of theirs. The rest is done here, and goes on
where it was after any interruption, since each portion's transaction writes down how far it has come:

    EVENTS ──none left──▶ ROLLUPS (marks and rejected events, too) ──none left──▶ DONE

Whoever makes somebody's rollups from events that they read before these were deleted is waited for: else the rollups
would stay. Several processes may be at it: a portion's transaction holds its erasure, and others pass it over.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import AuditAction
from core.erasure import ErasurePhase
from core.observer import NOBODY, Job, Observer, PortionOutcome
from db.background_jobs import LONGEST_SECONDS, PORTION_SECONDS, BackgroundJob
from db.engine import Database
from db.queries import audit_entries, dirty_hours, erasures, event_ranges, rejected_events, rollups
from db.queries.audit_entries import NewEntry
from db.queries.erasures import ErasureRow, Progress

log = structlog.get_logger()

INTERVAL_SECONDS = 10
"""How often is looked for erasures that another process has begun and not finished."""
ROWS_AT_ONCE = 20_000
PEOPLE_AT_ONCE = 100
"""How many people a portion deals with at most: an organization may have many, with next to nothing on each."""
_PAGE = 100


_REST: dict[str, Callable[[AsyncConnection, UUID, int], Awaitable[int]]] = {
    "runs": rollups.remove_some_runs_of,
    "hours": rollups.remove_some_hours_of,
    "marks": dirty_hours.remove_some_marks_of,
    "rejected_events": rejected_events.remove_some_of,
}
"""Deletes at most so many of a person's rows; the number of them. In this order, once their events are gone."""


class _Portion(NamedTuple):
    """The outcome of a portion: the phase afterwards, and whose makers of rollups it has to wait for, if any."""

    phase: ErasurePhase
    waits_for: UUID | None = None


class Eraser:
    """Works on all unfinished erasures: in turns, a portion of each."""

    def __init__(
        self,
        database: Database,
        observer: Observer = NOBODY,
        *,
        largest: int = ROWS_AT_ONCE,
        limit_seconds: float = PORTION_SECONDS,
    ) -> None:
        self.job = BackgroundJob(Job.ERASURE, database, observer, largest=largest, limit_seconds=limit_seconds)
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Begin a round now: an erasure has begun."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled: whenever woken, and at intervals."""
        await self.job.repeat(self.work_round, INTERVAL_SECONDS, self._woken)

    async def work_round(self) -> bool:
        """Give each unfinished erasure a portion in turn, until none can make progress.

        One that fails is left alone for some seconds, while the others go on. False if any failed.
        """
        failed: dict[UUID, float] = {}
        working = True
        while working:
            working = False
            async for erasure_id in self._unfinished():
                if time.monotonic() < failed.get(erasure_id, 0):
                    continue
                try:
                    working |= await self._take_turn(erasure_id)
                except Exception as error:  # noqa: BLE001 - one erasure must not keep the others waiting
                    log.warning("erasure put aside", erasure_id=str(erasure_id), reason=repr(error))
                    self.job.observer.portion_ended(Job.ERASURE, PortionOutcome.PUT_ASIDE)
                    failed[erasure_id] = time.monotonic() + INTERVAL_SECONDS
        return not failed

    async def _unfinished(self) -> AsyncIterator[UUID]:
        last = None
        while True:
            async with self.job.database.read() as connection:
                page = await erasures.unfinished(connection, last, _PAGE)
            for _, erasure_id in page:
                yield erasure_id
            if len(page) < _PAGE:
                return
            last = page[-1]

    async def _take_turn(self, erasure_id: UUID) -> bool:
        """Do the next portion of an erasure; False when another process is at it, or it is finished."""
        portion = await self.job.work(partial(self._work_on, erasure_id), LONGEST_SECONDS)
        if portion is not None and portion.waits_for is not None:
            await self._wait_for_makers(portion.waits_for)
        return portion is not None and portion.phase is not ErasurePhase.DONE

    async def _wait_for_makers(self, user_id: UUID) -> None:
        async with self.job.database.write(statement_timeout=self.job.limit_seconds) as connection:
            await rollups.wait_for_makers(connection, user_id)

    async def _work_on(self, erasure_id: UUID, connection: AsyncConnection, size: int) -> _Portion | None:
        """Delete at most `size` rows for an erasure. None if it is finished or another process holds it."""
        await self.job.limit_lock_waits(connection)
        erasure = await erasures.lock(connection, erasure_id)
        if erasure is None:
            return None
        people = await erasures.subjects(connection, erasure, min(size, PEOPLE_AT_ONCE))
        if erasure.phase is ErasurePhase.EVENTS:
            progress = await _remove_events(connection, erasure, people, size)
        else:
            free = await rollups.lock_people(connection, people)
            if people and not free:
                return _Portion(erasure.phase, people[0])
            progress = await _remove_rollups(connection, erasure, [each for each in people if each in free], size)
        after = await erasures.record(connection, erasure_id, progress)
        if progress.phase is ErasurePhase.DONE:
            await _conclude(connection, after)
        return _Portion(progress.phase)


async def _remove_events(connection: AsyncConnection, erasure: ErasureRow, people: list[UUID], size: int) -> Progress:
    if not people:
        return Progress(ErasurePhase.ROLLUPS, None)
    number, place, position = 0, erasure.place, erasure.position
    for user_id in people:
        removed = await event_ranges.remove_oldest(connection, user_id, size - number, after=position)
        number, position = number + removed.number, removed.position
        if position is not None:  # there may be more of this person
            break
        place = user_id
    return Progress(ErasurePhase.EVENTS, place, position, behaviors=number)


async def _remove_rollups(connection: AsyncConnection, erasure: ErasureRow, people: list[UUID], size: int) -> Progress:
    removed = dict.fromkeys(_REST, 0)
    finished = []
    for user_id in people:
        for kind, remove_some in _REST.items():
            removed[kind] += await remove_some(connection, user_id, size - sum(removed.values()))
            if sum(removed.values()) >= size:  # there may be more of this person
                break
        else:
            finished.append(user_id)
            continue
        break
    await erasures.remove_subjects(connection, erasure.id, finished)
    phase = ErasurePhase.ROLLUPS if people else ErasurePhase.DONE
    return Progress(phase, None, runs=removed["runs"], rejected_events=removed["rejected_events"])


async def _conclude(connection: AsyncConnection, erasure: ErasureRow) -> None:
    """Write into the audit log that nothing is left."""
    counts = {"behaviors": erasure.behaviors, "runs": erasure.runs, "rejectedEvents": erasure.rejected_events}
    action = AuditAction.EXTENSION_USER_ERASED
    if erasure.extension_user_id is None:
        action, counts = AuditAction.ORGANIZATION_DELETED, {"extensionUsers": erasure.extension_users} | counts
    entry = NewEntry(action, erasure.actor_id, erasure.organization_id, erasure.extension_user_id, counts)
    await audit_entries.add(connection, entry)
