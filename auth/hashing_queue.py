"""Runs password hashing in one thread of the process, from a bounded queue that is fair between networks.

A hash takes a large part of a second of a processor and 64 MiB, and anybody may ask for one. A thread cannot be
stopped: it holds its place until it is done, whatever became of the request that it works for. So this is also the
limit of sign-ins over all addresses.

There is one thread, since argon2 spreads one hash over four of its own: on two busy cores a second one made a quarter
more hashes, of twice the memory, and the event loop late by up to 50 ms instead of 26.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from core.errors import TooManyAttempts

PLACES = 32
"""How many strangers' hashes may wait."""
PLACES_PER_NETWORK = 8
"""How many of these may be of one network; and how many hashes of those who are known may wait, beside the others."""
WAIT_SECONDS = 5.0
"""How long a hash waits for its turn: well below the time of a request."""

_RETRY_SECONDS = 5
_BUSY = "Too many sign-ins are being checked at this moment. Please wait a few seconds before you try again."

Answer = TypeVar("Answer")
_Turns = dict[asyncio.Future[None], None]


class HashingQueue:
    """Runs hashing in a thread of its own. `refusals` counts what found no place, or waited too long.

    A `network` of None stands for those who are known: signed in, or the operator. Every second turn is theirs, and
    strangers have no way to take a place of theirs. The networks of strangers take turns at the others.
    """

    def __init__(self, wait_seconds: float = WAIT_SECONDS) -> None:
        self.refusals = 0
        self._wait_seconds = wait_seconds
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="hashing")
        self._busy = False
        self._known_had_turn = False
        self._queues: OrderedDict[str | None, _Turns] = OrderedDict()

    @property
    def waiting(self) -> int:
        """The number of hashes that wait for their turn."""
        return sum(map(len, self._queues.values()))

    def check(self, network: str | None) -> None:
        """Refuse at once, before anything is looked up, what would find no place. Raises TooManyAttempts."""
        known = self._queues.get(None, {})
        full = network is not None and self.waiting - len(known) >= PLACES
        if full or len(self._queues.get(network, {})) >= PLACES_PER_NETWORK:
            raise self._refusal()

    async def run(self, work: Callable[[], Answer], network: str | None) -> Answer:
        """Do the work when its turn has come. TooManyAttempts when too much waits, or it has waited too long.

        A caller who is cancelled while waiting leaves the queue, and the work is not done.
        """
        await self._turn(network)
        loop = asyncio.get_running_loop()
        try:
            job = self._executor.submit(work)
        except RuntimeError:  # closed meanwhile
            self._end()
            raise
        # Told by the thread itself: the awaiting task may have been cancelled long before.
        job.add_done_callback(lambda _: self._ended(loop))
        return await asyncio.wrap_future(job)

    def close(self) -> None:
        """Give up what waits; what is being hashed ends by itself."""
        for turns in self._queues.values():
            for turn in turns:
                turn.cancel()
        self._queues.clear()
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _turn(self, network: str | None) -> None:
        if not self._busy:  # and so nobody waits
            self._busy = True
            return
        self.check(network)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(network, {})[turn] = None
        try:
            async with asyncio.timeout(self._wait_seconds):
                await turn
        except BaseException as error:
            self._leave(network, turn)
            if isinstance(error, TimeoutError):
                raise self._refusal() from None
            raise

    def _leave(self, network: str | None, turn: asyncio.Future[None]) -> None:
        """Give up a turn: one that waits, or one that was given in the moment in which the wait ended."""
        turns = self._queues.get(network, {})
        turns.pop(turn, None)
        if not turns:
            self._queues.pop(network, None)
        if turn.done() and not turn.cancelled():
            self._end()

    def _ended(self, loop: asyncio.AbstractEventLoop) -> None:
        with suppress(RuntimeError):  # the loop is closed: the process ends
            loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        """Let the next one hash, if any waits."""
        self._busy = False
        while self._queues and not self._busy:
            network = self._next()
            turns = self._queues.pop(network)
            turn = next(iter(turns))
            del turns[turn]
            if turns:
                self._queues[network] = turns  # at the end: the other networks come first
            if not turn.done():  # else cancelled a moment ago
                turn.set_result(None)
                self._busy = True
                self._known_had_turn = network is None

    def _next(self) -> str | None:
        stranger = next((network for network in self._queues if network is not None), None)
        return None if None in self._queues and not self._known_had_turn else stranger

    def _refusal(self) -> TooManyAttempts:
        self.refusals += 1
        return TooManyAttempts(_BUSY, _RETRY_SECONDS)
