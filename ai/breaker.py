"""A circuit breaker: leaves an endpoint alone that keeps failing, and tries it again after a while.

CLOSED ──failures in a row──► OPEN ──pause──► HALF_OPEN ──one success──► CLOSED
                               ▲                  │
                               └────one failure───┘
"""

import time
from collections.abc import Callable
from enum import Enum


class BreakerState(Enum):
    """The breaker's state: calls are let through, or not."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Opens after `failures` in a row for `pause` seconds; then lets one call through, which closes or opens it again.

    An endpoint may ask for a longer pause, which is granted up to `longest_pause`.
    """

    def __init__(
        self,
        failures: int = 5,
        pause: float = 30,
        longest_pause: float = 300,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures = failures
        self._pause = pause
        self._longest_pause = longest_pause
        self._clock = clock
        self._in_a_row = 0
        self._retry_at: float | None = None
        self._trying = False

    @property
    def state(self) -> BreakerState:
        """The state at the moment."""
        if self._retry_at is None:
            return BreakerState.CLOSED
        return BreakerState.HALF_OPEN if self._clock() >= self._retry_at else BreakerState.OPEN

    def admits(self) -> bool:
        """True if a call may be made now; then its outcome must be reported."""
        state = self.state
        if state is BreakerState.CLOSED:
            return True
        if state is BreakerState.OPEN or self._trying:
            return False
        self._trying = True
        return True

    def succeeded(self) -> None:
        """The endpoint replied."""
        self._in_a_row, self._retry_at, self._trying = 0, None, False

    def failed(self, retry_after: float | None = None) -> None:
        """The endpoint did not reply; `retry_after` is the pause in seconds that it asks for."""
        self._in_a_row += 1
        if retry_after is not None or self._trying or self._in_a_row >= self._failures:
            pause = min(max(self._pause, retry_after or 0), self._longest_pause)
            self._retry_at = self._clock() + pause
        self._trying = False

    def abandoned(self) -> None:
        """The call was not made after all, or ended without telling anything about the endpoint."""
        self._trying = False
