"""Bounds on how long something may take, watched by one timer for all of them.

`asyncio.timeout` sets a timer for each. Where thousands a second begin and next to none runs out, setting and
cancelling timers takes longer than much of what they bound.
"""

import asyncio
from types import TracebackType

_TICK_SECONDS = 0.2
"""How often is looked: a bound may be exceeded by so much."""


class within:  # noqa: N801 - reads as `asyncio.timeout` does
    """`with within(seconds):` cancels what takes longer, and raises TimeoutError. In a task only."""

    __slots__ = ("_cancelling", "_clock", "_seconds", "deadline", "expired", "task")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.expired = False

    def __enter__(self) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None, "`within` is for tasks"  # noqa: S101
        self.task, self.deadline, self._cancelling = task, loop.time() + self._seconds, task.cancelling()
        self._clock = _clocks.get(loop) or _Clock(loop)
        self._clock.running.add(self)

    @property
    def left(self) -> float:
        """How many seconds are left, once it was entered; negative when they are over."""
        return self.deadline - self._clock.loop.time()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._clock.running.discard(self)
        # Only if nobody else cancels the task as well is the end of time all there is to tell.
        if self.expired and self.task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error


class _Clock:
    """What is under way on one event loop. It ticks as long as there is anything."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.running: set[within] = set()
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
