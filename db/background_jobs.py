"""Background jobs: loops that work through portions, each a transaction of its own with a time limit of its own.

Portions are what makes a job get on whatever somebody has sent: one that runs into its limit is rolled back, and taken
again half as large, down to one item. So each portion either finishes something or makes the next one smaller.

    size     2000 ──too long──▶ 1000 ──too long──▶ 500 ──done, quickly──▶ 1000 …
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import QueryTimeout, Unavailable
from core.observer import NOBODY, Job, Observer, PortionOutcome, RoundOutcome
from core.portions import Portion
from db.engine import Database, DatabaseOptions

log = structlog.get_logger()

CONNECTIONS = 6
"""Of the pool of all jobs. There are a few more loops: each holds a connection for a portion, and may wait for one."""
PORTION_SECONDS = 2.0
"""The time limit of each statement of a portion."""
LONGEST_SECONDS = 120.0
"""The limit of a statement that cannot be made smaller."""
_QUICK = 0.25
"""The part of its limit that a portion may take for the next one to be larger."""
_LOCK_WAIT = 0.5

Result = TypeVar("Result")


def background_options() -> DatabaseOptions:
    """The pool of all jobs: connections of their own, and time limits that are theirs, not those of queries."""
    return DatabaseOptions(
        application_name="web-behavior background", pool_size=CONNECTIONS, statement_timeout=LONGEST_SECONDS
    )


class BackgroundJob:
    """A kind of background work and the size of its portions, which it remembers from round to round.

    `limit_seconds` is that of each statement in a portion; `finished` counts portions.
    """

    def __init__(
        self,
        job: Job,
        database: Database,
        observer: Observer = NOBODY,
        *,
        largest: int,
        limit_seconds: float = PORTION_SECONDS,
    ) -> None:
        self.job = job
        self.database = database
        self.observer = observer
        self.limit_seconds = limit_seconds
        self.portion = Portion(largest)
        self.finished = 0

    async def work(
        self, transaction: Callable[[AsyncConnection, int], Awaitable[Result]], longest_seconds: float | None = None
    ) -> Result:
        """Run a transaction over as many items as fit into the time limit, and return its result.

        It is called again with half as many as long as time runs out. A single one may take `longest_seconds`, if
        given; QueryTimeout when that is too much.
        """
        limit_seconds = self.limit_seconds
        while True:
            began = time.monotonic()
            try:
                async with self.database.write(statement_timeout=limit_seconds) as connection:
                    result = await transaction(connection, self.portion.size)
            except QueryTimeout:
                self.portion_too_long()
                if not self.portion.halve():
                    if longest_seconds is None or limit_seconds == longest_seconds:
                        raise
                    limit_seconds = longest_seconds
            else:
                self.portion_finished(time.monotonic() - began)
                return result

    async def work_through(self, transaction: Callable[[AsyncConnection, int], Awaitable[int]]) -> int:
        """Run a transaction that processes at most so many items until it finds fewer; return how many there were."""
        total = 0
        while True:
            size, done = await self.work(_with_size(transaction))
            total += done
            if done < size:
                return total

    async def limit_lock_waits(self, connection: AsyncConnection) -> None:
        """Raise Unavailable in this transaction when it waits for a lock longer than half the time limit.

        A row that somebody else holds is no reason for smaller portions: halving would wait for it each time.
        """
        limit = max(1, int(self.limit_seconds * 1000 * _LOCK_WAIT))
        await connection.execute(text(f"SET LOCAL lock_timeout = {limit}"))

    def portion_finished(self, seconds: float, *, full: bool = True) -> None:
        """A portion was committed; one that was not `full` says nothing of how long a larger one takes."""
        self.finished += 1
        self.observer.portion_ended(self.job, PortionOutcome.FINISHED)
        if full and seconds < _QUICK * self.limit_seconds:
            self.portion.grow()

    def portion_too_long(self) -> None:
        """A portion ran into its time limit and was rolled back."""
        self.observer.portion_ended(self.job, PortionOutcome.TOO_LONG)

    async def repeat(
        self,
        work_round: Callable[[], Awaitable[object]],
        interval_seconds: float,
        wake: asyncio.Event | None = None,
    ) -> None:
        """Run rounds until cancelled, with a pause after each, which `wake` ends. No failure ends it."""
        wake = wake or asyncio.Event()
        while True:
            await self.run_round(work_round)
            with suppress(TimeoutError):
                async with asyncio.timeout(interval_seconds):
                    await wake.wait()
            wake.clear()

    async def run_round(self, work_round: Callable[[], Awaitable[object]]) -> None:
        """Run a round; report whether it came to its end, or else whether it finished anything.

        A round that returns False has left something.
        """
        before = self.finished
        complete = False
        try:
            complete = await work_round() is not False
        except Unavailable as error:
            log.warning("background job put off", job=self.job, reason=error.message)
        except Exception:
            log.exception("background job failed", job=self.job)
        unfinished = RoundOutcome.PARTIAL if self.finished > before else RoundOutcome.STUCK
        self.observer.round_ended(self.job, RoundOutcome.COMPLETE if complete else unfinished)


def _with_size(
    transaction: Callable[[AsyncConnection, int], Awaitable[int]],
) -> Callable[[AsyncConnection, int], Awaitable[tuple[int, int]]]:
    async def run(connection: AsyncConnection, size: int) -> tuple[int, int]:
        return size, await transaction(connection, size)

    return run
