"""Heavy pieces of work on the event loop, one at a time, with turns of the event loop for everybody else in between.

    loop    │ piece of a │ others │ piece of b │ others │ piece of a │ …

A piece lasts from `turn` until its task lets go of the event loop. Afterwards the loop is left to others for as long as
the piece took, so heavy work takes at most half of its time, however many clients send it. Sources (an account, a
network address) take turns, and within one its pieces go in the order in which they came.
"""

import asyncio
import random
from collections import OrderedDict, deque

from core.errors import RetryLater, TooManyAttempts, Unavailable

WAITING_OF_A_SOURCE = 16
"""Many more than a page that asks everything at once sends: at 50 ms a piece the last one waits under two seconds."""
WAITING = 128
_RETRY_SECONDS = (1, 5)

Waiters = deque[asyncio.Future[None]]


class FairQueue:
    """The heavy work of one event loop. `waiting` and `refused` count pieces."""

    def __init__(self, most_of_a_source: int = WAITING_OF_A_SOURCE, most: int = WAITING) -> None:
        self.waiting = 0
        self.refused = 0
        self._most_of_a_source = most_of_a_source
        self._most = most
        self._busy = False
        self._sources: OrderedDict[str, Waiters] = OrderedDict()

    async def turn(self, source: str) -> None:
        """Return when the source may do a piece of work: all that it does without waiting for anything.

        At once if there was no other lately. TooManyAttempts when too much of the source waits, Unavailable when too
        much waits in all and nobody has more waiting.
        """
        if self._busy:
            await self._wait(source)
        self._busy = True
        loop = asyncio.get_running_loop()
        loop.call_soon(self._end, loop.time())  # which runs once the piece is done

    def _end(self, began: float) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(loop.time() - began, self._admit_next)

    def _admit_next(self) -> None:
        while self._sources:
            source, waiters = self._sources.popitem(last=False)
            waiter = waiters.popleft()
            self.waiting -= 1
            if waiters:
                self._sources[source] = waiters
            if not waiter.done():
                waiter.set_result(None)
                return
        self._busy = False

    async def _wait(self, source: str) -> None:
        self._make_room(source)
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sources.setdefault(source, deque()).append(waiter)
        self.waiting += 1
        try:
            await waiter
        except BaseException:
            is_next = waiter.done() and not waiter.cancelled() and waiter.exception() is None
            if is_next:  # in the very moment in which it was given up
                self._admit_next()
            self._forget(source, waiter)
            raise

    def _make_room(self, source: str) -> None:
        """Return if another piece of the source may wait, instead of one of whoever has most waiting if need be."""
        own = len(self._sources.get(source, ()))
        if own >= self._most_of_a_source:
            self.refused += 1
            raise TooManyAttempts(
                f"{own} requests of yours that take much work wait already, as many as may: wait for their answers "
                "before you send more.",
                random.randint(*_RETRY_SECONDS),  # noqa: S311 - jitter, not a secret
            )
        if self.waiting < self._most:
            return
        self.refused += 1
        largest = max(self._sources, key=lambda each: len(self._sources[each]), default=source)
        if len(self._sources.get(largest, ())) <= own + 1:
            raise _full()
        waiter = self._sources[largest].pop()
        self.waiting -= 1
        if not waiter.done():
            waiter.set_exception(_full())

    def _forget(self, source: str, waiter: asyncio.Future[None]) -> None:
        waiters = self._sources.get(source, ())
        if waiter in waiters:
            self._sources[source].remove(waiter)
            self.waiting -= 1
            if not waiters:
                del self._sources[source]


def _full() -> RetryLater:
    return Unavailable(
        "Too many requests that take much work wait at the moment. Nothing was stored; please try again.",
        random.randint(*_RETRY_SECONDS),  # noqa: S311 - jitter, not a secret
    )
