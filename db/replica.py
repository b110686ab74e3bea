"""Questions answered by a read replica, if it has everything that was acknowledged before they were asked.

Whoever is about to ask the replica first asks the primary how far its log is written, which costs it next to nothing:

    primary   ──e1──e2──e3─┤ position?              e1 … e3: acknowledged
    replica   ──e1──e2─────│──e3─┤ question         waits until it has replayed as much
                           ╰─────╯ at most PATIENCE, else the primary answers

So an answer includes every event acknowledged before the question, whichever process acknowledged it: processes tell
one another nothing, and there is nothing that could be lost. A replica that is behind, away or none at all makes
answers no older and no wrong, but puts the work back on the primary.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import NamedTuple

import structlog
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import QueryTimeout, Unavailable
from db.engine import Answer, Database, DatabaseOptions, unavailable

log = structlog.get_logger()

PATIENCE_SECONDS = 0.25
"""How long a question waits for a connection to the replica and for what it has not replayed yet."""
PAUSE_SECONDS = 5.0
"""How long a replica that was not ready is left alone, then tried by one question first."""
_POLL_SECONDS = 0.005

# A commit is acknowledged when its log is flushed; with synchronous_commit off, when it is written down in memory. A
# server that is a replica itself, after a failover say, has no position of its own.
_POSITION = text("""
    SELECT system_identifier, current_database(), CASE
        WHEN pg_is_in_recovery() THEN NULL
        WHEN current_setting('synchronous_commit') = 'off' THEN pg_current_wal_insert_lsn()::text
        ELSE pg_current_wal_flush_lsn()::text
    END
    FROM pg_control_system()
""")
_HAS_REPLAYED = text("""
    SELECT pg_is_in_recovery() AND system_identifier = :system AND current_database() = :database,
           pg_last_wal_replay_lsn() >= CAST(CAST(:place AS text) AS pg_lsn)
    FROM pg_control_system()
""")


class Position(NamedTuple):
    """A position in a primary's write-ahead log: the server, the database seen from, and the place in the log."""

    system: int
    database: str
    place: str | None


class NotItsReplica(Exception):
    """The server that is to be a replica of the primary is none, or of another one."""


class ReplicatedDatabase(Database):
    """A primary, and a replica that answers questions whose answers are the same there. See the module.

    `answered` counts questions by who answered: `replica` or `primary`.
    """

    def __init__(self, url: str | URL, replica_url: str | URL, options: DatabaseOptions | None = None) -> None:
        super().__init__(url, options)
        self.replica = Database(replica_url, options)
        self.answered: Counter[str] = Counter()
        self._positions = _Positions(self)
        self._leave_alone_until = 0.0

    async def answer(self, question: Callable[[AsyncConnection], Awaitable[Answer]]) -> Answer:
        """Run a question on the replica; on the primary when the replica is not up to it, or fails meanwhile."""
        if time.monotonic() >= self._leave_alone_until:
            position = await self._positions.current()
            try:
                answer = await self._ask_replica(position, question)
            except QueryTimeout:  # it would take as long on the primary
                raise
            except (Unavailable, NotItsReplica, TimeoutError) as error:
                self._leave_alone(error)
            else:
                self._leave_alone_until = 0.0
                self.answered["replica"] += 1
                return answer
        self.answered["primary"] += 1
        return await super().answer(question)

    async def check(self) -> None:
        """Raise NotItsReplica unless the replica is one of the primary; Unavailable when either does not answer."""
        position = await self._positions.current()
        async with self.replica.read() as connection:
            await _has_replayed(connection, position)

    async def close(self) -> None:
        """Close every connection."""
        await self.replica.close()
        await super().close()

    async def _ask_replica(
        self, position: Position, question: Callable[[AsyncConnection], Awaitable[Answer]]
    ) -> Answer:
        if self._leave_alone_until:  # it was not ready last time: while this question tries, others do not
            self._leave_alone_until = time.monotonic() + PAUSE_SECONDS
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(PATIENCE_SECONDS):
                connection = await stack.enter_async_context(self.replica.read())
                while not await _has_replayed(connection, position):  # noqa: ASYNC110 - a server tells nobody how far it is
                    await asyncio.sleep(_POLL_SECONDS)
            return await question(connection)

    def _leave_alone(self, error: Exception) -> None:
        reason = type(error.__cause__ or error).__name__
        log.warning("the primary answers for the replica", reason=reason)
        self._leave_alone_until = time.monotonic() + PAUSE_SECONDS


async def _has_replayed(connection: AsyncConnection, position: Position) -> bool:
    """True if the replica has replayed the primary's log up to that position. Raises NotItsReplica."""
    is_replica, has_replayed = (await connection.execute(_HAS_REPLAYED, position._asdict())).one()
    if not is_replica:
        raise NotItsReplica
    return bool(has_replayed)


class _Positions:
    """Asks the primary for its position, once for all callers of the same moment.

    An answer serves the callers that came before the request was sent; later ones share the next.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = asyncio.Lock()
        self._asked = 0
        self._answered = 0
        self._latest: Position | None = None

    async def current(self) -> Position:
        """A position at or after the one at the time of the call. Unavailable."""
        self._asked += 1
        mine = self._asked
        async with self._lock:
            if self._answered < mine:
                answered = self._asked
                self._latest = await self._ask()
                self._answered = answered
            if self._latest is None:
                raise unavailable()
            return self._latest

    async def _ask(self) -> Position | None:
        try:
            async with self._database.read() as connection:
                return Position(*(await connection.execute(_POSITION)).one())
        except Unavailable:  # told to all who wait: they need not find out one after the other
            return None
