"""Bounds on how long something may take, watched by one timer for all of them.

`asyncio.timeout` sets a timer for each. Where thousands a second begin and next to none runs out, setting and
cancelling timers takes longer than much of what they bound.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

_TICK_SECONDS = 0.2
"""How often is looked: a bound may be exceeded by so much."""

Late = Callable[[], Exception]
"""Makes what is raised when time is over."""


class Timeout:
    """`with Timeout(seconds):` cancels what takes longer, and raises TimeoutError, or `late()`. In a task only."""

    __slots__ = ("_cancelling", "_clock", "_late", "_seconds", "deadline", "expired", "task")

    def __init__(self, seconds: float, late: Late = TimeoutError) -> None:
        self._seconds = seconds
        self._late = late
        self.expired = False

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None, "`Timeout` is for tasks"  # noqa: S101
        self.task, self.deadline, self._cancelling = task, loop.time() + self._seconds, task.cancelling()
        self._clock = _clocks.get(loop) or _Clock(loop)
        self._clock.running.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._clock.running.discard(self)
        # Only if nobody else cancels the task as well is the end of time all there is to tell.
        if self.expired and self.task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise self._late() from error

    def reschedule(self, seconds: float, late: Late) -> tuple[float, Late]:
        """Bound what follows, from now on, by so much instead. Returns what was left, to go on with it afterwards."""
        now = self._clock.loop.time()
        before = self.deadline - now, self._late
        self.deadline, self._late = now + seconds, late
        return before


class _Clock:
    """The deadlines that are pending on one event loop. It ticks as long as there are any."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.running: set[Timeout] = set()
        self.loop = loop
        _clocks[loop] = self
        loop.call_later(_TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        if not self.running:
            del _clocks[self.loop]
            return
        now = self.loop.time()
        for each in self.running:
            if each.deadline <= now and not each.expired:
                each.expired = True
                each.task.cancel()
        self.loop.call_later(_TICK_SECONDS, self._tick)


_clocks: dict[asyncio.AbstractEventLoop, _Clock] = {}
