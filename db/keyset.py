"""Keyset pages: "the next n rows after this sort key", which costs the same on page 1 and page 1000."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Select, func, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from core.cursors import decode_cursor, encode_cursor
from core.names import LONGEST_FORM, normalized_name

Row = TypeVar("Row")

Column: TypeAlias = ColumnElement[Any] | InstrumentedAttribute[Any]
AnySelect: TypeAlias = Select[*tuple[Any, ...]]
"""A SELECT whose columns are known where its rows are read, not to the type checker."""


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity: `==` of SQL columns makes an expression
class Ordering(Generic[Row]):
    """A total order of rows.

    `name` marks its cursors; `columns` are the sort keys, all in one direction, the last one making the order total;
    `types` are their Python types; `key` reads them off a row. `by_name`: the first column holds normalized
    names, so the name in a cursor is normalized, too.
    """

    name: str
    columns: tuple[Column, ...]
    types: tuple[Any, ...]
    key: Callable[[Row], tuple[Any, ...]]
    descending: bool = False
    by_name: bool = False

    def cursor(self, row: Row) -> str:
        """The opaque cursor of a row."""
        return encode_cursor(self.name, self.key(row))

    def parse(self, cursor: str) -> tuple[Any, ...]:
        """The sort key in a cursor; InvalidInput when it is not one of this ordering."""
        key = decode_cursor(self.name, cursor, self.types)
        return (normalized_name(key[0][:LONGEST_FORM]), *key[1:]) if self.by_name else key


@dataclass(frozen=True, slots=True)
class PageRequest:
    """At most `limit` rows after a sort key, or, `backward`, the last ones before it. `bound` None: from the end.

    Its parts are values, or parameters of a statement that is built once for many (db/prepared.py).
    """

    limit: int
    bound: tuple[Any, ...] | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class RowPage(Generic[Row]):
    """The rows of a page, in the list's order whichever way they were fetched."""

    rows: Sequence[Row]
    has_next_page: bool
    has_previous_page: bool
    ordering: Ordering[Row]


def condition(ordering: Ordering[Any], page: PageRequest) -> ColumnElement[bool] | None:
    """Return the condition of rows beyond the page's bound; None if the page has no bound."""
    if page.bound is None:
        return None
    columns = tuple_(*ordering.columns)
    parts: list[Column] = [
        part if isinstance(part, BindParameter) else literal(part, column.type)
        for part, column in zip(page.bound, ordering.columns, strict=True)
    ]
    bound = tuple_(*parts)
    return columns < bound if ordering.descending != page.backward else columns > bound


def order_by(ordering: Ordering[Any], page: PageRequest) -> list[Column]:
    """The sort, reversed for a backward page."""
    if ordering.descending != page.backward:
        return [column.desc() for column in ordering.columns]
    return [column.asc() for column in ordering.columns]


def keyset(statement: AnySelect, ordering: Ordering[Any], page: PageRequest) -> AnySelect:
    """The statement cut to a page and one row more, which tells whether there is a next page."""
    bound = condition(ordering, page)
    if bound is not None:
        statement = statement.where(bound)
    return statement.order_by(*order_by(ordering, page)).limit(page.limit + 1)


def keyset_per(parent: Column, statement: AnySelect, ordering: Ordering[Any], page: PageRequest) -> AnySelect:
    """The same page of every parent's rows, in one statement: the parent's key comes first in each row."""
    bound = condition(ordering, page)
    if bound is not None:
        statement = statement.where(bound)
    sort = order_by(ordering, page)
    place = func.row_number().over(partition_by=parent, order_by=sort).label("place")
    ranked = statement.add_columns(parent.label("parent"), place).subquery()
    *columns, _parent, _place = ranked.c
    return (
        select(ranked.c.parent, *columns)
        .where(ranked.c.place <= page.limit + 1)
        .order_by(ranked.c.parent, ranked.c.place)
    )


def paginate_rows(rows: Sequence[Row], ordering: Ordering[Row], page: PageRequest) -> RowPage[Row]:
    """The page of rows fetched with one more than its limit."""
    more = len(rows) > page.limit
    kept = rows[: page.limit]
    if page.backward:
        return RowPage(kept[::-1], page.bound is not None, more, ordering)
    return RowPage(kept, more, page.bound is not None, ordering)
