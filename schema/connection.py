"""Relay connections, over the pages that resolvers return (resolvers.pages has the attributes named here)."""

from typing import Annotated, Any, Generic, TypeVar

import strawberry

from resolvers.pages import ConnectionRow
from schema.scalars import BigInt

T = TypeVar("T")

First = Annotated[int, strawberry.argument(description="The number of elements to return, at most 100.")]
After = Annotated[
    str | None, strawberry.argument(description="The cursor to start after: `endCursor` of the page before.")
]
FirstOf = Annotated[
    int | None,
    strawberry.argument(
        description="The number of elements from the start (or after `after`): 50 by default, at most 1000."
    ),
]
LastOf = Annotated[
    int | None,
    strawberry.argument(description="The number of elements from the end (or before `before`): at most 1000."),
]
Before = Annotated[
    str | None, strawberry.argument(description="The cursor to end before: `startCursor` of the page after.")
]


@strawberry.type(description="The place of a page in its list.")
class PageInfo:
    """Relay's PageInfo."""

    has_next_page: bool = strawberry.field(description="True if there are more elements after this page.")
    has_previous_page: bool = strawberry.field(description="True if there are more elements before this page.")
    start_cursor: str | None = strawberry.field(description="The first cursor of the page; null when it is empty.")
    end_cursor: str | None = strawberry.field(description="The last cursor of the page; null when it is empty.")


@strawberry.type(description="One element of a list, with its cursor.")
class Edge(Generic[T]):
    """Relay's Edge."""

    node: T = strawberry.field(description="The element.")
    cursor: str = strawberry.field(description="Its cursor, for `after` and `before`.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """Relay's Connection, with the nodes at hand for those who need no cursors."""

    nodes: list[T] = strawberry.field(description="The elements of the page.")
    edges: list[Edge[T]] = strawberry.field(description="The elements with their cursors.")
    page_info: PageInfo = strawberry.field(description="The place of the page in the list.")


@strawberry.type(name="Connection", description="A page of a list, and how long the list is.")
class CountedConnection(Connection[T], Generic[T]):
    """A connection whose length is cheap to count."""

    @strawberry.field(description="The number of elements in the whole list.")
    async def total_count(root: strawberry.Parent[ConnectionRow[Any]]) -> BigInt:
        return BigInt(await root.total_count())
