"""The time a request waits for the database before it is told to come back."""

from core.errors import Unavailable
from core.timeouts import Timeout
from db.engine import unavailable

SECONDS = 4.0
"""In all, so that a client has its answer within five: what has failed by then takes a moment to be given up."""


def database_timeout() -> Timeout:
    """Bound what one request waits. Unavailable when its time is over."""
    return Timeout(SECONDS, _given_up)


def _given_up() -> Unavailable:
    return unavailable("The database takes too long at the moment.")
