"""Loading many at once: what sibling fields ask for in the same moment becomes one statement."""

from asyncio import Semaphore
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection
from strawberry.dataloader import DataLoader

from core.scope import Scope
from core.spans import RESOLVER
from db.engine import Database

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

Query = Callable[..., Awaitable[Mapping[Key, Value]]]
"""A query by keys: `(connection, scope, keys, *arguments) → {key: value}`, leaving out what is not in scope."""


STATEMENTS_AT_ONCE = 4
"""How many statements of one request run at a time: a large dashboard must leave connections to others."""


class Batches:
    """The loaders of one request: one per query and its further arguments, which must be hashable."""

    def __init__(self, database: Database, scope: Scope) -> None:
        self._run = partial(_run, database, scope, Semaphore(STATEMENTS_AT_ONCE))
        self._loaders: dict[tuple[Any, ...], DataLoader[Any, Any]] = {}

    async def load(self, query: Query[Key, Value], key: Key, *arguments: Hashable) -> Value | None:
        """The value of `key`, or None when the query does not find it."""
        loader = self._loaders.get((query, *arguments))
        if loader is None:
            loader = DataLoader(load_fn=partial(self._run, query, arguments))
            self._loaders[(query, *arguments)] = loader
        value: Value | None = await loader.load(key)
        return value


async def _run(
    database: Database,
    scope: Scope,
    turns: Semaphore,
    query: Query[Any, Any],
    arguments: Sequence[Hashable],
    keys: list[Any],
) -> list[Any]:
    """What a loader loads. It is no method, for then loaders would refer to their Batches, and never let go of rows."""

    async def ask(connection: AsyncConnection) -> Mapping[Any, Any]:
        return await query(connection, scope, keys, *arguments)

    # The loader has us run in a task of our own, where nothing tells whom for.
    RESOLVER.set(f"{query.__module__}.{query.__qualname__}")
    async with turns:
        found = await database.answer(ask)
    return [found.get(key) for key in keys]
