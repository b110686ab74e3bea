"""The event writer: many requests, one commit.

Requests do not insert for themselves. They hand their events to the writer, which commits what has gathered while the
last commit ran, and each request is answered after *its* commit:

    requests   a  b c      d e f            g
    commits      [a]──────[b c d e f]──────[g]──────▶

One fsync serves a whole group. Where very much waits, a second group is sent while the first is committed: PostgreSQL
then stores one while this process prepares the other. The queue is bounded: past the bound a request is refused (503)
instead of remembered.
A request whose timeout ends while it waits has been told to come back: its events are dropped, not stored for nobody.
A value that PostgreSQL refuses fails nobody else: the group is halved until the culprit stands alone.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import structlog
from asyncpg import CheckViolationError, IntegrityConstraintViolationError
from sqlalchemy.exc import IntegrityError

from core.clock import now
from core.errors import UNEXPECTED, AppError, InvalidInput, Unavailable
from core.events import EventRejected, RejectionCode, as_sent
from core.observer import NOBODY, GroupReport, Observer
from core.rejected_event_quota import RejectedEventQuota
from core.spans import span
from db.engine import Database, unavailable
from db.key_usage import KeyUsage
from db.queries.former_ids import recognise
from db.queries.ingestion import store
from db.queries.partitions import RULED_OUT
from db.queries.store_group_fast import store_whole
from db.submissions import Receipt, RejectedEvent, Submission

log = structlog.get_logger()

QUEUE_BYTES = 64 * 1024 * 1024
"""How much memory the events that wait may hold, about."""
GROUP_EVENTS = 2_500
"""A commit takes no further request once it has so many events: few enough that nobody waits long behind a group."""
PLENTY_EVENTS = 2_000
"""How many must wait for a second group at the same time. Fewer are better stored together, when the first is done."""

_REFUSED = IntegrityConstraintViolationError, IntegrityError, InvalidInput
"""PostgreSQL refuses a value, or a row where it was to go; told by the driver, by SQLAlchemy, or in our own words."""

_Outcome = Receipt | Exception
_Waiting = tuple[Submission, int, "asyncio.Future[Receipt]"]
"""What waits: a submission, its weight in bytes, and who is to be answered."""


class EventWriter:
    """Stores submissions in groups. `run()` is the task that does it; `write()` is what requests call.

    `queued_bytes` and `queued_events` wait; `refused` requests found the queue full; `rejected_quota` limits how many
    rejected events are kept.
    """

    def __init__(self, database: Database, key_usage: KeyUsage, observer: Observer = NOBODY) -> None:
        self.database = database
        self.queued_bytes = 0
        self.queued_events = 0
        self.refused = 0
        self.rejected_quota = RejectedEventQuota()
        self._observer = observer
        self._key_usage = key_usage
        self._waiting: deque[_Waiting] = deque()
        self._arrival = asyncio.Event()
        self._plenty = asyncio.Event()
        self._closing = False

    async def write(self, submission: Submission) -> Receipt:
        """Store a request's events and return what became of each, once that is committed.

        Raises Unavailable when the queue is full or the database cannot answer, Unauthenticated when the API key was
        revoked meanwhile. In both cases nothing of the request is stored, or a retry adds nothing to what is.
        """
        weight = submission.bytes
        if self._closing or (self._waiting and self.queued_bytes + weight > QUEUE_BYTES):
            self.refused += 1
            raise unavailable("Too many events are waiting to be stored.")
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append((submission, weight, answer))
        self.queued_bytes += weight
        self.queued_events += submission.size
        self._arrival.set()
        if self.queued_events >= PLENTY_EVENTS:
            self._plenty.set()
        with span("db.event_writer.EventWriter.write"):
            return await answer

    async def run(self) -> None:
        """Commit groups until `close()`, then until the queue is empty."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._commit_groups(self._arrival, 0))
            tasks.create_task(self._commit_groups(self._plenty, PLENTY_EVENTS))

    async def _commit_groups(self, arrival: asyncio.Event, least: int) -> None:
        """Commit groups, one after the other, whenever at least so many events wait."""
        while True:
            if self._waiting and self.queued_events >= least:
                group = self._take_group()
                if group:
                    await self._answer(group)
            elif self._closing:
                return
            else:
                arrival.clear()
                await arrival.wait()

    def close(self) -> None:
        """Refuse new submissions; `run()` returns when the accepted ones are stored."""
        self._closing = True
        self._arrival.set()
        self._plenty.set()

    def _take_group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        size = 0
        while self._waiting and size < GROUP_EVENTS:
            waiting = self._waiting.popleft()
            self.queued_bytes -= waiting[1]
            self.queued_events -= waiting[0].size
            if not waiting[2].cancelled():
                size += max(waiting[0].size, 1)
                group.append(waiting)
        return group

    async def _answer(self, group: list[_Waiting]) -> None:
        started = time.perf_counter()
        outcomes = await self._outcomes([submission for submission, _, _ in group])
        events = sum(submission.size for submission, _, _ in group)
        self._observer.group_stored(_report(outcomes, events, time.perf_counter() - started))
        for (_, _, answer), outcome in zip(group, outcomes, strict=True):
            if answer.done():  # it waits no longer; a retry will find its events stored
                continue
            if isinstance(outcome, Receipt):
                answer.set_result(outcome)
            else:
                answer.set_exception(outcome)

    async def _outcomes(self, submissions: Sequence[Submission]) -> Sequence[_Outcome]:
        try:
            return await self._store_or_halve(submissions)
        except Unavailable as error:
            log.warning("events not stored", reason=error.message, requests=len(submissions))
            return [unavailable() for _ in submissions]
        except Exception as error:  # the writer must outlive whatever one group ran into
            log.exception("events not stored", requests=len(submissions))
            return [error for _ in submissions]

    async def _store_or_halve(self, submissions: Sequence[Submission]) -> Sequence[_Outcome]:
        # Once more: a month may have got its partition while its first events were on their way to the default one.
        with suppress(*_REFUSED):
            return await self._store(submissions)
        try:
            return await self._store(submissions)
        except _REFUSED as error:
            if _finds_no_place(error):
                raise unavailable("The database has no place for events of that time at the moment.") from error
            if len(submissions) > 1:
                middle = len(submissions) // 2
                return [
                    *await self._store_or_halve(submissions[:middle]),
                    *await self._store_or_halve(submissions[middle:]),
                ]
            return [await self._store_halves(submissions[0], error)]

    async def _store_halves(self, submission: Submission, error: Exception) -> _Outcome:
        """Store what can be stored of one request whose events hold a value that PostgreSQL refuses."""
        if len(submission.events) > 1:
            first, second = submission.halves()
            outcomes = await self._store_or_halve([first]), await self._store_or_halve([second])
            one, other = outcomes[0][0], outcomes[1][0]
            if isinstance(one, Receipt) and isinstance(other, Receipt):
                return one.merged(other)
            return one if isinstance(one, Exception) else other
        log.error("event refused by the database", error=type(error).__name__)
        reason = EventRejected(RejectionCode.INVALID_EVENT, "the database cannot hold this event")
        poster = None if submission.key is None else submission.key.user_id
        refused = [RejectedEvent(event.index, reason, poster, as_sent(event.event.raw)) for event in submission.events]
        [outcome] = await self._store([submission.without_events(refused)])
        return outcome

    async def _store(self, submissions: Sequence[Submission]) -> Sequence[_Outcome]:
        received_at = now()
        outcomes = await self._stored(submissions, received_at)
        for submission, outcome in zip(submissions, outcomes, strict=True):
            if isinstance(outcome, Receipt):
                self._note_usage(submission, outcome, received_at)
        return outcomes

    def _note_usage(self, submission: Submission, receipt: Receipt, at: datetime) -> None:
        """Note that the submission's key was used, or that it came without one for these people; and their clock."""
        skew = submission.clock_skew_seconds
        if submission.key is not None:
            self._key_usage.touch(submission.key.user_id, at, skew)
        for user_id in submission.keyless_user_ids & receipt.user_ids:
            if not submission.trusted_for.covers(receipt.people[user_id].organization_id):
                self._key_usage.touch_keyless(user_id, at, skew)

    async def _stored(self, submissions: Sequence[Submission], received_at: datetime) -> Sequence[_Outcome]:
        async with self.database.driver() as driver:
            await recognise(driver, submissions)
            at_once = self.database.topology.stores_in_one_statement
            receipts = await store_whole(driver, submissions, received_at) if at_once else None
        if receipts is not None:
            return receipts
        with self.rejected_quota.admission() as admission:
            async with self.database.write() as connection:
                return await store(connection, submissions, received_at, admission)


def _finds_no_place(error: Exception) -> bool:
    """Return True if a month has no partition, as on an older schema, or is ruled out: no value is at fault."""
    driver = error.orig and error.orig.__cause__ if isinstance(error, IntegrityError) else error
    if not isinstance(driver, CheckViolationError):
        return False
    return driver.constraint_name is None or driver.constraint_name.startswith(RULED_OUT)


def _report(outcomes: Sequence[_Outcome], events: int, seconds: float) -> GroupReport:
    receipts = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
    return GroupReport(
        events,
        seconds,
        accepted=sum(len(receipt.accepted) for receipt in receipts),
        duplicates=sum(len(receipt.duplicates) for receipt in receipts),
        rejected=Counter(event.reason.code.value for receipt in receipts for event in receipt.rejected),
        failed=Counter(_code(outcome) for outcome in outcomes if isinstance(outcome, Exception)),
    )


def _code(error: Exception) -> str:
    return error.code if isinstance(error, AppError) else UNEXPECTED
