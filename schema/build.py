"""The schema, built once: types, scalars, error handling, and the extensions that check requests."""

from copy import copy

from graphql import GraphQLInputObjectType
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from execution.client_errors import ClientErrors, LoggedSchema
from execution.declarations import check_declarations
from execution.executor import Executor
from execution.json_notation import write_values_as_json
from execution.operation_choice import OperationChoice
from execution.operation_metrics import OperationMetrics
from execution.policy_extension import PolicyExtension
from execution.token_scopes import declare_type_scopes
from schema.errors import HANDLERS
from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.token_scopes import TYPE_SCOPES
from schema.user import User
from schema.webhook_event import WEBHOOK_EVENTS

schema = LoggedSchema(
    query=Query,
    mutation=Mutation,
    types=[User, *WEBHOOK_EVENTS],
    config=StrawberryConfig(scalar_map=SCALARS),
    extensions=[
        OperationMetrics,  # around ClientErrors: it counts the codes that are given there
        ClientErrors,
        OperationChoice,
        PolicyExtension,
    ],
    execution_context_class=Executor,
    exception_handlers=HANDLERS,
)
for _type in schema._schema.type_map.values():  # noqa: SLF001 - Strawberry's own way to graphql-core's
    # Strawberry keeps it to itself, and has a rule of its own, which fails on fragments with variables.
    if isinstance(_type, GraphQLInputObjectType):
        _type.is_one_of = bool(_type.extensions["strawberry-definition"].is_one_of)
check_declarations(schema._schema)  # noqa: SLF001
declare_type_scopes(schema._schema, TYPE_SCOPES)  # noqa: SLF001
write_values_as_json()


def executed_by(*, columnar: bool) -> LoggedSchema:
    """The schema, executed by the columnar executor or by graphql-core's alone."""
    if columnar:
        return schema
    plain = copy(schema)
    plain.execution_context_class = StrawberryGraphQLCoreExecutionContext
    return plain


def sdl() -> str:
    """The schema in GraphQL's schema language, as in schema.graphql."""
    return print_schema(schema) + "\n"
