"""The way to PostgreSQL: one pool, short transactions, and failures told in our own words."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg
import structlog
from sqlalchemy import URL, event, make_url, text
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from core.errors import AppError, InvalidInput, QueryTimeout, SchemaMismatch, Unavailable
from core.spans import span
from db.cluster import detect_topology, engine_topology
from db.topology import Topology

log = structlog.get_logger()

DRIVER = "postgresql+asyncpg"
_CONNECT_SECONDS = 3
_POOL_WAIT_SECONDS = 3
_GOODBYE_SECONDS = 0.5
"""How long a connection that has failed may take to close: a server that is frozen never says goodbye."""

# SQLSTATE classes: https://www.postgresql.org/docs/current/errcodes-appendix.html
# Of these: connection, authorization, no such database, resources (disk, slots), operator, system, internal.
_UNAVAILABLE_CLASSES = {"08", "28", "3D", "53", "57", "58", "XX"}
_UNAVAILABLE_STATES = {"25006", "40001", "40P01", "55P03"}  # read-only, serialization, deadlock, lock timeout
_QUERY_CANCELED = "57014"
_CouldNotConnect = AsyncAdapt_asyncpg_dbapi.Error
"""As `raw_connection` passes it on from the driver: SQLAlchemy wraps it for its own connections alone."""
_LOST = asyncpg.InterfaceError, asyncpg.InternalClientError
"""By the driver of a connection that is closed; and of one whose server has said that it goes, but not gone yet."""
_INTERRUPTED = TimeoutError, asyncio.CancelledError
"""While a statement may have been under way: whoever uses the connection next would be made to wait for its end."""
_READ_ONLY = "25006"
_BAD_VALUE_CLASS = "22"
_MISSING_STATES = {"42P01", "42703", "3F000"}  # no such table, column, schema
_MISSING_LOG_SECONDS = 60.0
"""How long after a missing table or column was logged no other is: all requests meet them."""

Answer = TypeVar("Answer")
Lent = TypeVar("Lent")


@dataclass(frozen=True, slots=True)
class DatabaseOptions:
    """The options of the pool. Times in seconds; `application_name` is shown by `pg_stat_activity`."""

    application_name: str = "web-behavior"
    pool_size: int = 10
    statement_timeout: float = 5.0


class _Connection(asyncpg.Connection):  # type: ignore[misc]  # the driver comes without types
    """A connection that is hardly waited for when it is given up, where the pool would wait for two seconds."""

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the driver's
        await super().close(timeout=_GOODBYE_SECONDS if timeout is None else min(timeout, _GOODBYE_SECONDS))


class Database:
    """A pool of connections. `read()` and `write()` lend one for a transaction.

    Both raise core errors for what a caller can act on: Unavailable when the server cannot be reached, is read-only,
    out of connections or disk; SchemaMismatch for a missing table or column; QueryTimeout past the statement timeout;
    InvalidInput for a value that PostgreSQL cannot hold. `size`, `used`, `waiting` and `timeouts` tell how the pool is
    doing.
    """

    def __init__(self, url: str | URL, options: DatabaseOptions | None = None) -> None:
        options = options or DatabaseOptions()
        address, connect_args = split_url(url)
        connect_args["timeout"] = _CONNECT_SECONDS
        connect_args["connection_class"] = _Connection
        # No limit: metrics' texts are long, and parsing them takes long.
        connect_args["max_cacheable_statement_size"] = 0
        # A frozen server sends no error: our own clock must end the wait, a little after the server's would have.
        connect_args["command_timeout"] = options.statement_timeout + 1
        connect_args["server_settings"] = {
            "application_name": options.application_name,
            "statement_timeout": str(int(options.statement_timeout * 1000)),
            "timezone": "UTC",
            "work_mem": "32MB",  # metrics sort what many people did in a month
            "random_page_cost": "1.1",  # of SSDs and memory: else an organization's rows are sought in everybody's
            "jit": "off",  # queries here are short; compiling them takes longer than running them
        }
        self.engine = create_async_engine(
            address,
            connect_args=connect_args,
            pool_size=options.pool_size,
            max_overflow=0,
            pool_timeout=_POOL_WAIT_SECONDS,
            hide_parameters=True,  # they are urls, keys and password hashes; errors are logged
        )
        detect_topology(self.engine)
        event.listen(self.engine.sync_engine, "checkout", _replace_if_closed)
        self._statements = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self.size = options.pool_size
        self.waiting = 0
        self.timeouts = 0

    @property
    def topology(self) -> Topology:
        """The topology of the database; known once there was a connection."""
        return engine_topology(self.engine.sync_engine).topology

    @property
    def used(self) -> int:
        """The number of connections checked out."""
        used: int = self.engine.pool.checkedout()  # type: ignore[attr-defined]  # of the kind of pool that is made here
        return used

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection for reading; nothing is committed."""
        async with translated_errors(), self._lent() as connection, _dropped_if_useless(connection):
            yield connection

    @asynccontextmanager
    async def write(self, *, statement_timeout: float | None = None) -> AsyncIterator[AsyncConnection]:
        """Lend a connection for one transaction, committed at the end unless an error passes through.

        `statement_timeout`: another limit in seconds for its statements, not above the pool's.
        """
        async with (
            translated_errors(),
            self._lent() as connection,
            connection.begin(),
            _dropped_if_useless(connection),
        ):
            if statement_timeout is not None:
                await connection.execute(text(f"SET LOCAL statement_timeout = {max(1, int(statement_timeout * 1000))}"))
            yield connection

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection for statements each of which is a transaction of its own: no BEGIN, no COMMIT."""
        async with (
            translated_errors(),
            self._lent(self._statements) as connection,
            _dropped_if_useless(connection),
        ):
            yield connection

    @asynccontextmanager
    async def driver(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend the driver's own connection, on which each statement is a transaction of its own.

        For a statement that is sent all the time: SQLAlchemy's way to the driver takes longer than the driver. A
        failure that is no core error is the driver's own.
        """
        with span():
            async with translated_errors():
                connection = await self._waited_for(self.engine.raw_connection())
                try:
                    yield connection.driver_connection
                except (asyncpg.ReadOnlySQLTransactionError, *_INTERRUPTED, *_LOST):  # as in `_dropped_if_useless`
                    connection.invalidate()
                    raise
                finally:
                    connection.close()

    async def answer(self, question: Callable[[AsyncConnection], Awaitable[Answer]]) -> Answer:
        """Run a function that only reads, and return its result. It may be run a second time.

        For expensive questions: db/replica.py sends them to a replica.
        """
        async with self.alone() as connection:
            return await question(connection)

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

    @asynccontextmanager
    async def _lent(self, engine: AsyncEngine | None = None) -> AsyncIterator[AsyncConnection]:
        async with AsyncExitStack() as stack:
            stack.enter_context(span())
            yield await self._waited_for(stack.enter_async_context((engine or self.engine).connect()))

    async def _waited_for(self, connection: Awaitable[Lent]) -> Lent:
        self.waiting += 1
        try:
            return await connection
        except PoolTimeoutError:
            self.timeouts += 1
            raise
        finally:
            self.waiting -= 1


def split_url(url: str | URL) -> tuple[URL, dict[str, Any]]:
    """A URL for our driver, and the connect arguments hidden in it: libpq's `sslmode` is asyncpg's `ssl`."""
    parsed = make_url(url).set(drivername=DRIVER)
    sslmode = parsed.query.get("sslmode")
    return parsed.difference_update_query(["sslmode"]), {} if sslmode is None else {"ssl": sslmode}


@asynccontextmanager
async def translated_errors() -> AsyncIterator[None]:
    """Turn the driver's and the pool's failures into core errors; pass everything else on."""
    try:
        yield
    except PoolTimeoutError as error:
        raise unavailable("All database connections are busy.") from error
    except DBAPIError as error:
        lost = error.connection_invalidated or isinstance(error, InterfaceError)
        translated = _translate(sqlstate_of(error), error.orig, lost=lost)
        if translated is None:
            raise
        raise translated from error
    except (asyncpg.PostgresError, *_LOST, _CouldNotConnect) as error:
        state = getattr(error, "sqlstate", None) or ""
        translated = _translate(state, error, lost=isinstance(error, _LOST))
        if translated is None:
            raise
        raise translated from error
    except (OSError, TimeoutError) as error:  # refused, reset, unreachable, or too slow to connect
        raise unavailable() from error


def sqlstate_of(error: DBAPIError) -> str:
    """The five-character SQLSTATE of a driver error, or the empty string when it has none."""
    return getattr(error.orig, "sqlstate", None) or ""


def is_missing(error: DBAPIError) -> bool:
    """True if PostgreSQL reports that a table, column or schema does not exist."""
    return sqlstate_of(error) in _MISSING_STATES


def _translate(state: str, reason: object, *, lost: bool) -> AppError | None:
    if state == _QUERY_CANCELED:
        return QueryTimeout("The query took too long. Ask for a shorter period or fewer things at once.", retry_after=1)
    if state[:2] == _BAD_VALUE_CLASS:
        return InvalidInput("A value in the request is one that the database cannot hold or compare.")
    if state in _MISSING_STATES:
        _missing_log.tell(reason)
        return SchemaMismatch(
            "The database does not have all that this version needs. Nothing was stored; please try again.",
            retry_after=_retry_after(),
        )
    if lost or state[:2] in _UNAVAILABLE_CLASSES or state in _UNAVAILABLE_STATES:
        return unavailable()
    return None


def unavailable(message: str = "The database cannot be reached at the moment.") -> Unavailable:
    """The failure, with a `retry_after` drawn anew each time so that clients do not come back all at once."""
    return Unavailable(f"{message} Nothing was stored; please try again.", retry_after=_retry_after())


def _retry_after() -> int:
    return random.randint(1, 5)  # noqa: S311 - jitter, not a secret


class _MissingLog:
    """Tells whoever runs the service of a missing table or column, at most once a minute."""

    def __init__(self) -> None:
        self._silent_until = 0.0

    def tell(self, reason: object) -> None:
        """Log what is missing, and what to do."""
        if time.monotonic() >= self._silent_until:
            self._silent_until = time.monotonic() + _MISSING_LOG_SECONDS
            log.error("the database lacks what this version needs: run `web-behavior migrate`", reason=str(reason))


_missing_log = _MissingLog()


@asynccontextmanager
async def _dropped_if_useless(connection: AsyncConnection) -> AsyncIterator[None]:
    """Keep a connection from returning to the pool when nobody could use it."""
    try:
        yield
    except DBAPIError as error:
        if sqlstate_of(error) == _READ_ONLY:  # after a failover an old primary still answers, but refuses writes
            await connection.invalidate()
        raise
    except _INTERRUPTED:  # a frozen server would not hear of the rollback either, nor that the statement is cancelled
        await connection.invalidate()
        raise


def _replace_if_closed(connection: Any, _record: object, _proxy: object) -> None:
    """Replace a connection, before it is lent, if the server has closed it, as a server does when it dies.

    The driver notices that by itself. Asking the server each time would cost three round trips, and the time of
    waiting for a frozen server twice.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError
