"""The database of a viewer's request: statements wait for the viewer's turn, and their time is metered."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from auth.meter import Meter
from auth.viewer import Viewer
from db.engine import Answer, Database
from resolvers.concurrency import WAIT_SECONDS, ConcurrencyLimit


@dataclass(frozen=True, slots=True)
class ViewerDatabase:
    """Reads under the limits of `limit`, and adds the time of statements to `meter`, if there is one.

    Writes are short, and are neither limited nor metered.
    """

    database: Database
    limit: ConcurrencyLimit
    viewer: Viewer
    meter: Meter | None

    async def answer(
        self, question: Callable[[AsyncConnection], Awaitable[Answer]], wait_seconds: float = WAIT_SECONDS
    ) -> Answer:
        """Run a question as `Database.answer` does, once it is the viewer's turn."""

        async def metered(connection: AsyncConnection) -> Answer:
            with self._metered():
                return await question(connection)

        async with self._turn(wait_seconds):
            return await self.database.answer(metered)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection as `Database.read` does, once it is the viewer's turn."""
        async with self._turn(WAIT_SECONDS), self.database.read() as connection:
            with self._metered():
                yield connection

    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Lend a connection as `Database.write` does."""
        return self.database.write()

    @asynccontextmanager
    async def _turn(self, wait_seconds: float) -> AsyncIterator[None]:
        slot = await self.limit.acquire(self.viewer, wait_seconds)
        try:
            yield
        finally:
            self.limit.release(slot)  # released first, since charging may wait for Redis
            if self.meter is not None and self.meter.owed:
                await self.meter.settle()

    @contextmanager
    def _metered(self) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            if self.meter is not None:
                self.meter.add(time.monotonic() - began)
