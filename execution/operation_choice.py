"""The choice of the operation to run: the one that is named, or the only one."""

from collections.abc import Iterator

from graphql import GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension


class OperationChoice(SchemaExtension):
    """Refuses a missing or wrong `operationName` (GraphQL, section 6.1); Strawberry would run the first operation."""

    def on_parse(self) -> Iterator[None]:
        yield
        execution = self.execution_context
        assert execution.graphql_document is not None  # noqa: S101 - a syntax error is raised by the yield
        name = execution._provided_operation_name  # noqa: SLF001 - `operation_name` makes the first one's up
        definitions = execution.graphql_document.definitions
        names = [each.name and each.name.value for each in definitions if isinstance(each, OperationDefinitionNode)]
        if not names:
            raise _refused("The document has no operation.")
        if name is None and len(names) > 1:
            raise _refused("The document has several operations: name one of them in `operationName`.")
        if name is not None and name not in names:
            raise _refused("The document has no operation of the name in `operationName`.")


def _refused(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})
