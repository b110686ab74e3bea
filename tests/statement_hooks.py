"""The SQL on its way to the database: seen, or replaced, whichever way it goes there."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import asyncpg
from sqlalchemy import event

from db.engine import Database
from resolvers.services import Services

Sent = tuple[str, Any]
"""A statement and its parameters."""


def databases_of(services: Services) -> list[Database]:
    """Return the databases of an application, the event writer's own among them."""
    return [services.database, services.writer.database]


@contextmanager
def watch_statements(databases: Iterable[Database], see: Callable[[str, Any], Sent | None]) -> Iterator[None]:
    """Have `see` told of every statement and its parameters; it may return others to be sent instead.

    Statements that go to the driver itself, which SQLAlchemy is not told of, are those of any database.
    """

    def through_sqlalchemy(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> Sent:
        return see(statement, parameters) or (statement, parameters)

    with ExitStack() as stack:
        for engine in [database.engine.sync_engine for database in databases]:
            event.listen(engine, "before_cursor_execute", through_sqlalchemy, retval=True)
            stack.callback(event.remove, engine, "before_cursor_execute", through_sqlalchemy)
        for name in ("fetch", "fetchrow"):  # SQLAlchemy goes around both
            method = getattr(asyncpg.Connection, name)
            stack.enter_context(patch.object(asyncpg.Connection, name, _seen_by(see, method)))
        yield


def _seen_by(see: Callable[[str, Any], Sent | None], method: Callable[..., Any]) -> Callable[..., Any]:
    async def send(driver: asyncpg.Connection, statement: str, *parameters: Any, **options: Any) -> Any:
        statement, parameters = see(statement, parameters) or (statement, parameters)
        return await method(driver, statement, *parameters, **options)

    return send
