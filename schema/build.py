"""The schema, built once: types, scalars, error handling, caches."""

from strawberry.extensions import MaxTokensLimiter, ParserCache, ValidationCache
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from core.limits import DOCUMENT_TOKENS
from schema.client_errors import ClientErrors, LoggedSchema
from schema.errors import HANDLERS
from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.user import User

CACHED_DOCUMENTS = 64
"""A document of the greatest length weighs about a megabyte when it is parsed, and anybody may send one."""

schema = LoggedSchema(
    query=Query,
    mutation=Mutation,
    types=[User],
    config=StrawberryConfig(scalar_map=SCALARS),
    extensions=[
        ClientErrors,
        lambda: MaxTokensLimiter(DOCUMENT_TOKENS),
        lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
        lambda: ValidationCache(maxsize=CACHED_DOCUMENTS),
    ],
    exception_handlers=HANDLERS,
)


def sdl() -> str:
    """The schema in GraphQL's own language: what schema.graphql holds."""
    return print_schema(schema) + "\n"
