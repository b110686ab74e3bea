"""The schema, built once: types, scalars, error handling, caches."""

from typing import Any

from strawberry.extensions import MaxTokensLimiter, ParserCache, ValidationCache
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from core.limits import DOCUMENT_TOKENS
from schema.client_errors import ClientErrors, LoggedSchema
from schema.errors import HANDLERS
from schema.executor import Executor
from schema.mutation import Mutation
from schema.observation import Observation
from schema.operation_choice import OperationChoice
from schema.query import Query
from schema.scalars import SCALARS
from schema.user import User

CACHED_DOCUMENTS = 64
"""A document of the greatest length weighs about a megabyte when it is parsed, and anybody may send one."""


def _parser_cache() -> ParserCache:
    return ParserCache(maxsize=CACHED_DOCUMENTS)


def _validation_cache() -> ValidationCache:
    return ValidationCache(maxsize=CACHED_DOCUMENTS)


schema = LoggedSchema(
    query=Query,
    mutation=Mutation,
    types=[User],
    config=StrawberryConfig(scalar_map=SCALARS),
    extensions=[
        Observation,  # around ClientErrors: it counts the codes that are given there
        ClientErrors,
        OperationChoice,
        lambda: MaxTokensLimiter(DOCUMENT_TOKENS),
        _parser_cache,
        _validation_cache,
    ],
    execution_context_class=Executor,
    exception_handlers=HANDLERS,
)


def cache_uses() -> dict[str, tuple[int, int]]:
    """How often a document was found parsed (`documents`) and checked (`validations`) already, and how often not."""
    caches: dict[str, Any] = {  # each is a functools.lru_cache, and the process's own
        "documents": _parser_cache().cached_parse_document,
        "validations": _validation_cache().cached_validate_document,
    }
    return {name: cache.cache_info()[:2] for name, cache in caches.items()}


def sdl() -> str:
    """The schema in GraphQL's own language: what schema.graphql holds."""
    return print_schema(schema) + "\n"
