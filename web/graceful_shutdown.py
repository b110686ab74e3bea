"""Graceful shutdown: after SIGTERM a process reports that it will stop, and goes on serving for a while.

    SIGTERM ──── /ready: 503, Connection: close ────┬── what uvicorn does: no new connections, the rest is answered
            ◀──────── STOP_DELAY_SECONDS ──────────▶

During the delay load balancers learn to send requests elsewhere. Without it, a request that is sent at the moment when
its connection is closed would get no answer.
"""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class GracefulShutdown:
    """The shutdown of this process. After `has_begun` it goes on serving for `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.has_begun = False

    @contextmanager
    def on_sigterm(self) -> Iterator[None]:
        """Begin at the first SIGTERM, and pass it on after the delay; pass a second one on at once."""
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
