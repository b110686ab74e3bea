"""Leaving without being missed: a process that is told to stop says so first, and goes on for a while.

    SIGTERM ──── /ready: 503, Connection: close ────┬── what uvicorn does: no new connections, the rest is answered
            ◀──────── STOP_DELAY_SECONDS ──────────▶

Meanwhile whatever distributes requests sees that it is to send them elsewhere. Without the delay, who sends a request
in the very moment when its connection is closed gets no answer.
"""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Leaving:
    """Whether this process is about to stop. `seconds` is how long it goes on then."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.has_begun = False

    @contextmanager
    def on_sigterm(self) -> Iterator[None]:
        """Begin with the first SIGTERM, and pass it on after the delay; a second one is passed on at once."""
        if not self.seconds:
            yield
            return
        loop = asyncio.get_running_loop()
        stop = signal.getsignal(signal.SIGTERM)

        def begin(number: int, frame: FrameType | None) -> None:
            if not callable(stop):
                return
            if self.has_begun:
                stop(number, frame)
                return
            self.has_begun = True
            loop.call_soon_threadsafe(loop.call_later, self.seconds, stop, number, None)

        signal.signal(signal.SIGTERM, begin)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, stop)
