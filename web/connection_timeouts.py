"""Time limits of connections: for the head of a request to arrive, and for a client to read the answer.

One timer checks all connections; a timer for each request would cost more than the request. The clock counts the ticks
of that timer instead of reading the time: while a busy process does not read its sockets, the clock stands still, so
that no client is blamed for the delay.
"""

import asyncio
from collections.abc import Collection
from typing import Protocol

TICK_SECONDS = 0.5


class TimedConnection(Protocol):
    """A connection that ends itself when it has taken too long."""

    transport: asyncio.Transport

    def check(self, now: float) -> None:
        """End the connection if it has taken too long."""


class ConnectionTimeouts:
    """The clock of a process's connections: `now` is in seconds since its start."""

    def __init__(self, write_seconds: float) -> None:
        self.now = 0.0
        self.write_seconds = write_seconds
        self._is_running = False

    def start(self, loop: asyncio.AbstractEventLoop, connections: Collection[TimedConnection]) -> None:
        """Check the connections from now on, as long as there are any."""
        if not self._is_running:
            self._is_running = True
            loop.call_later(TICK_SECONDS, self._tick, loop, connections)

    def _tick(self, loop: asyncio.AbstractEventLoop, connections: Collection[TimedConnection]) -> None:
        self._is_running = bool(connections)
        if not self._is_running:
            return
        loop.call_later(TICK_SECONDS, self._tick, loop, connections)
        self.now += TICK_SECONDS
        for each in tuple(connections):
            each.check(self.now)


class StalledWrites:
    """Measures for how long the client of a connection has read nothing of the data that waits to be sent."""

    __slots__ = ("_pending", "_since")

    def __init__(self) -> None:
        self._pending = 0
        self._since = 0.0

    def seconds(self, pending: int, now: float) -> float:
        """Return the seconds since anything was read of the `pending` bytes. To be called at each tick."""
        if not pending or pending < self._pending or not self._pending:
            self._since = now
        self._pending = pending
        return now - self._since

    def note_progress(self) -> None:
        """Record that something was read, however many bytes are pending now."""
        self._pending = 0
