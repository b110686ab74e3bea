"""How long a request waits for the database before it is asked to come back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from db.engine import unavailable

SECONDS = 4.0
"""In all, so that a client has its answer within five: what has failed by then takes a moment to be given up."""


class Patience:
    """The time that one request has. It is spent in stages: what lies between them, like a slow client, costs none."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._left = seconds

    @asynccontextmanager
    async def spent(self) -> AsyncIterator[None]:
        """Do something within the time that is left. Unavailable when that is over."""
        clock = asyncio.get_running_loop().time
        started = clock()
        try:
            async with asyncio.timeout(self._left):
                yield
        except TimeoutError as error:
            raise unavailable("The database takes too long at the moment.") from error
        finally:
            self._left -= clock() - started
