"""Pages as Relay connections: their arguments, and the objects that answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from core.errors import InvalidInput
from core.limits import PAGE
from db.keyset import PageRequest, RowPage

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Edge(Generic[Row]):
    """A row and its cursor."""

    node: Row
    cursor: str


@dataclass(frozen=True, slots=True)
class PageInfo:
    """The position of a page in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class ConnectionRow(Generic[Row]):
    """A page of rows as a Relay connection. Edges, cursors and the count are computed only when they are selected."""

    page: RowPage[Row]
    count: Callable[[], Awaitable[int]] | None = None

    @property
    def nodes(self) -> list[Row]:
        """The rows."""
        return list(self.page.rows)

    @property
    def edges(self) -> list[Edge[Row]]:
        """The rows with their cursors."""
        return [Edge(row, self.page.ordering.cursor(row)) for row in self.page.rows]

    @property
    def page_info(self) -> PageInfo:
        """The position of the page."""
        rows, ordering = self.page.rows, self.page.ordering
        return PageInfo(
            self.page.has_next_page,
            self.page.has_previous_page,
            ordering.cursor(rows[0]) if rows else None,
            ordering.cursor(rows[-1]) if rows else None,
        )

    async def total_count(self) -> int:
        """Return the number of rows of the whole list."""
        assert self.count is not None, "this list is not counted"  # noqa: S101 - a schema type asked what its resolver lacks
        return await self.count()


Parse = Callable[[str], tuple[Any, ...]]
"""Reads the sort key off a cursor."""


def forward(parse: Parse, first: int, after: str | None, *, most: int = PAGE) -> PageRequest:
    """Return the request for the page that `first` and `after` describe; InvalidInput unless `first` is 1 to `most`."""
    check_size("first", first, most)
    return PageRequest(first, None if after is None else parse(after))


@dataclass(frozen=True, slots=True)
class TwoWay:
    """The four arguments of a list that can be paged from either end."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


def two_way(parse: Parse, arguments: TwoWay, *, default: int, most: int) -> PageRequest:
    """Return the request for the page of `first` and `after`, or `last` and `before`; InvalidInput for a mixture."""
    backward = arguments.last is not None or arguments.before is not None
    if not backward:
        return forward(parse, default if arguments.first is None else arguments.first, arguments.after, most=most)
    if arguments.first is not None or arguments.after is not None:
        raise InvalidInput("Page with `first` and `after`, or with `last` and `before`, not with both.", "first")
    size = default if arguments.last is None else arguments.last
    check_size("last", size, most)
    return PageRequest(size, None if arguments.before is None else parse(arguments.before), backward=True)


def check_size(name: str, size: int, most: int) -> None:
    """Raise InvalidInput unless `size` is 1 to `most`."""
    if not 1 <= size <= most:
        raise InvalidInput(f"`{name}` must be between 1 and {most}.", name)
