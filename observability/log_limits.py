"""The rate limit of log lines that clients can provoke: by bytes that are not HTTP, disconnecting, or much work.

Each kind of them has a few lines a minute in each process, without a traceback. The others are counted, and told in one
line at the end of the minute. Every other line passes: failures of ours, and whatever is not listed here.
"""

import logging
import threading
from collections import Counter

LINES = 10
"""The most lines of a kind that are written in a minute."""

SECONDS = 60.0

_PROVOKED = frozenset(
    {
        ("uvicorn.error", "Invalid HTTP request received."),
        ("uvicorn.error", "Unsupported upgrade request."),
        ("uvicorn.error", "Exceeded concurrency limit."),  # of the port for metrics
        ("asyncio", "socket.send() raised exception."),
    }
)
_LOST = "Fatal "
"""The beginning of messages of event loops about broken connections: timed out or unreachable, for example."""
_ABANDONED = "Task exception was never retrieved"
_CLOSING = "_terminate_graceful_close()"
"""SQLAlchemy's task that closes the connection of a request that was given up. If nobody waits for it any more, its
failure goes to the log: it takes too long where the event loop is late or the database away. The connection is cut
anyway."""


class RateLimitFilter(logging.Filter):
    """Passes a few lines of each provoked kind in each period of `seconds`, and every other line."""

    def __init__(self, seconds: float = SECONDS) -> None:
        super().__init__()
        self._seconds = seconds
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        kind = _kind(record)
        if kind is None:
            return True
        record.msg, record.args, record.exc_info, record.exc_text = kind[1], (), None, None
        with self._lock:
            self._counts[kind] += 1
            count = self._counts[kind]
        if count == 1:  # a timer thread, since lines are also written without an event loop
            timer = threading.Timer(self._seconds, self._end_period, kind)
            timer.daemon = True
            timer.start()
        return count <= LINES

    def summarize(self) -> None:
        """Log the numbers of suppressed lines now, since the process may end before the period does."""
        for kind in list(self._counts):
            self._end_period(*kind)

    def _end_period(self, logger: str, message: str) -> None:
        with self._lock:
            suppressed = self._counts.pop((logger, message), 0) - LINES
        if suppressed > 0:
            logging.getLogger(logger).warning("%s … %d more like this suppressed", message, suppressed)


class LimitedHandler(logging.StreamHandler):  # type: ignore[type-arg]  # it cannot be told of what at run time
    """Writes the lines that the rate limit passes to standard error."""

    def __init__(self) -> None:
        super().__init__()
        self._limit = RateLimitFilter()
        self.addFilter(self._limit)

    def close(self) -> None:
        """Log the numbers of suppressed lines, at the end of the process."""
        self._limit.summarize()
        super().close()


def _kind(record: logging.LogRecord) -> tuple[str, str] | None:
    """Return the logger and the message of a line that clients provoke; None for any other line."""
    message = str(record.msg)
    if (record.name, message) in _PROVOKED:
        return record.name, message
    error = record.exc_info[1] if record.exc_info else None
    if record.name == "asyncio" and isinstance(error, OSError) and message.startswith(_LOST):
        return record.name, f"Connection lost: {type(error).__name__}"
    if record.name == "asyncio" and error is not None and message.startswith(_ABANDONED) and _CLOSING in message:
        return record.name, f"Connection to PostgreSQL cut: {type(error).__name__}"
    return None
