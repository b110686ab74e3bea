"""The schema, built once: types, scalars, error handling, admission of requests."""

from graphql import GraphQLInputObjectType
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from schema.admission import Admission
from schema.client_errors import ClientErrors, LoggedSchema
from schema.errors import HANDLERS
from schema.executor import Executor
from schema.mutation import Mutation
from schema.observation import Observation
from schema.operation_choice import OperationChoice
from schema.query import Query
from schema.scalars import SCALARS
from schema.user import User

schema = LoggedSchema(
    query=Query,
    mutation=Mutation,
    types=[User],
    config=StrawberryConfig(scalar_map=SCALARS),
    extensions=[
        Observation,  # around ClientErrors: it counts the codes that are given there
        ClientErrors,
        OperationChoice,
        Admission,
    ],
    execution_context_class=Executor,
    exception_handlers=HANDLERS,
)
for _type in schema._schema.type_map.values():  # noqa: SLF001 - Strawberry's own way to graphql-core's
    # Strawberry keeps it to itself, and has a rule of its own, which fails on fragments with variables.
    if isinstance(_type, GraphQLInputObjectType):
        _type.is_one_of = bool(_type.extensions["strawberry-definition"].is_one_of)


def sdl() -> str:
    """The schema in GraphQL's own language: what schema.graphql holds."""
    return print_schema(schema) + "\n"
