"""Batch loading: simultaneous loads of sibling fields become one statement."""

from asyncio import Semaphore
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection
from strawberry.dataloader import DataLoader

from core.scope import Scope
from core.spans import RESOLVER
from db.metrics.question import Question
from resolvers.backlog import BacklogWait
from resolvers.viewer_database import ViewerDatabase

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

Query = Callable[..., Awaitable[Mapping[Key, Value]]]
"""A query by keys: `(connection, scope, keys, *arguments) → {key: value}`, leaving out what is not in scope."""


STATEMENTS_AT_ONCE = 4
"""The most statements of one request that run, or wait for their turn, at a time.

The limits of resolvers/concurrency.py apply to all requests of a viewer together. With this one, a large dashboard does
not queue all its statements before those of the viewer's next request.
"""


class Batches:
    """The loaders of a request: one per query and its further arguments, which must be hashable."""

    def __init__(self, database: ViewerDatabase, scope: Scope, backlog_wait: BacklogWait) -> None:
        self._run = partial(_run, database, scope, Semaphore(STATEMENTS_AT_ONCE), backlog_wait)
        self._loaders: dict[tuple[Any, ...], DataLoader[Any, Any]] = {}

    async def load(self, query: Query[Key, Value], key: Key, *arguments: Hashable) -> Value | None:
        """Return the value of `key`; None if the query does not find it."""
        loader = self._loaders.get((query, *arguments))
        if loader is None:
            loader = DataLoader(load_fn=partial(self._run, query, arguments))
            self._loaders[(query, *arguments)] = loader
        value: Value | None = await loader.load(key)
        return value


async def _run(
    database: ViewerDatabase,
    scope: Scope,
    turns: Semaphore,
    backlog_wait: BacklogWait,
    query: Query[Any, Any],
    arguments: Sequence[Hashable],
    keys: list[Any],
) -> list[Any]:
    """Load the values of keys. No method: loaders and Batches would form a cycle that keeps rows alive."""

    async def ask(connection: AsyncConnection) -> Mapping[Any, Any]:
        return await query(connection, scope, keys, *arguments)

    # The DataLoader runs in its own task, so the resolver's name is set here.
    RESOLVER.set(f"{query.__module__}.{query.__qualname__}")
    for argument in arguments:
        if isinstance(argument, Question):
            await backlog_wait.before(argument, keys)
    async with turns:
        found = await database.answer(ask)
    return [found.get(key) for key in keys]
