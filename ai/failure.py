"""Why an endpoint gave no reply at all."""

from enum import Enum

_PASSING_STATUSES = {408, 409, 429}
_SERVER = 500


class Failure(Enum):
    """The reasons."""

    TIMEOUT = "timeout"
    CONNECTION = "connection"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    REJECTED = "rejected"
    UNREADABLE = "unreadable"


class Failed(Exception):
    """A call without a reply. `retry_after` is how many seconds the endpoint wants to be left alone, if it says so.

    The client's own errors hold the request, and so the key; this one holds neither.
    """

    def __init__(self, reason: Failure, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(reason.value if status is None else f"{reason.value} ({status})")
        self.reason = reason
        self.status = status
        self.retry_after = retry_after

    @property
    def may_pass(self) -> bool:
        """True if another try may succeed."""
        if self.status is None:
            return self.reason is Failure.CONNECTION
        return self.status in _PASSING_STATUSES or self.status >= _SERVER
