"""Statements that are built once for each shape of questions, and run with each question's values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from sqlalchemy import BindParameter, Dialect, Select, bindparam
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

SHAPES = 128
"""How many statements of a kind are kept. Filters are part of the shape, so there is no end of shapes."""

_DIALECT: Dialect = dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own


_OPEN = object()


def parameter(name: str, type_: TypeEngine[Any]) -> BindParameter[Any]:
    """A value that differs from question to question."""
    return bindparam(name, _OPEN, type_=type_)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement's text, the names of its parameters in order, and the values that belong to the shape."""

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any] = field(repr=False)


def prepared(statement: Select[*tuple[Any, ...]]) -> Prepared:
    """The statement, compiled. Its parameters are of types that asyncpg takes as they are."""
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - so it is for every SELECT
    fixed = {name: value for name, value in compiled.params.items() if value is not _OPEN}
    return Prepared(str(compiled), tuple(compiled.positiontup or ()), fixed)


class _Row(asyncpg.Record):  # type: ignore[misc]  # the driver comes without types
    """A row: a sequence of its values, which are also attributes and, in brackets, items by their columns' names."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


async def fetch(connection: AsyncConnection, statement: Prepared, values: Mapping[str, Any]) -> list[Any]:
    """The statement's rows for these values. KeyError when a parameter has none.

    It goes to asyncpg itself: SQLAlchemy's way there, and its rows, take longer than the driver's own. A failure is the
    driver's own, too. It is part of a transaction only once SQLAlchemy has sent a statement of its own, before which it
    sends no BEGIN.
    """
    assert connection.sync_connection is not None  # noqa: S101 - it is lent, so it is connected
    driver: Any = connection.sync_connection.connection.driver_connection
    given = {**statement.fixed, **values}
    rows: list[Any] = await driver.fetch(statement.sql, *(given[name] for name in statement.names), record_class=_Row)
    return rows
