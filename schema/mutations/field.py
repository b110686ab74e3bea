"""The declaration of a mutation, made beside the function that resolves it."""

from collections.abc import Awaitable, Callable
from typing import Any

import strawberry
from strawberry.extensions import FieldExtension

from execution.context import Info
from execution.declarations import Metadata


class _FreshData(FieldExtension):
    """Drops data loaded by earlier mutations of the request, so that each mutation sees their changes."""

    async def resolve_async(
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info, **arguments: Any
    ) -> Any:
        info.context.forget()
        return await next_(source, info, **arguments)


def mutation(
    result: Any, *, metadata: Metadata, description: str, deprecation_reason: str | None = None
) -> Callable[[Callable[..., Awaitable[Any]]], Any]:
    """The field of a function: its union of results, and the declarations of execution/declarations.py."""

    def declare(resolve: Callable[..., Awaitable[Any]]) -> Any:
        return strawberry.mutation(
            resolver=resolve,
            graphql_type=result,
            metadata=metadata,
            description=description,
            deprecation_reason=deprecation_reason,
            extensions=[_FreshData()],
        )

    return declare
