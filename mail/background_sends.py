"""Work that ends in a mail and that nobody waits for: done in the background, from a bounded queue.

What a request for a new password finds out and sends must not show in the time of its answer.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from core.errors import TooManyAttempts

log = structlog.get_logger()

PLACES = 200
"""How much may wait."""
_WORKERS = 2
_RETRY_SECONDS = 30
_BUSY = "Too many mails wait to be sent at this moment. Please try again in a minute."

Work = Callable[[], Awaitable[None]]


class BackgroundSends:
    """A bounded queue of work and its workers."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Work] = asyncio.Queue(PLACES)

    @property
    def waiting(self) -> int:
        """How much waits."""
        return self._queue.qsize()

    def submit(self, work: Work) -> None:
        """Have the work done. TooManyAttempts if too much waits."""
        try:
            self._queue.put_nowait(work)
        except asyncio.QueueFull:
            raise TooManyAttempts(_BUSY, _RETRY_SECONDS) from None

    async def run(self) -> None:
        """Do the work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(_WORKERS):
                tasks.create_task(self._work(), name="mails")

    async def done(self) -> None:
        """Return once nothing waits and nothing is being done."""
        await self._queue.join()

    async def _work(self) -> None:
        while True:
            work = await self._queue.get()
            try:
                await work()
            except Exception:
                log.exception("a mail could not be prepared")
            finally:
                self._queue.task_done()
