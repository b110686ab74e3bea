"""How long a request waits for the database before it is asked to come back."""

from types import TracebackType

from core.deadlines import within
from db.engine import unavailable

SECONDS = 4.0
"""In all, so that a client has its answer within five: what has failed by then takes a moment to be given up."""


class Patience:
    """The time that one request has. It is spent in stages: what lies between them, like a slow client, costs none.

    `with patience:` does something within the time that is left. Unavailable when that is over.
    """

    __slots__ = ("_left", "_stage")

    def __init__(self) -> None:
        self._left = SECONDS

    def __enter__(self) -> None:
        self._stage = within(self._left)
        self._stage.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._left = self._stage.left
        try:
            self._stage.__exit__(kind, error, traceback)
        except TimeoutError as expired:
            raise unavailable("The database takes too long at the moment.") from expired
