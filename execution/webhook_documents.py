"""Selections of webhooks: what an admin chooses of an event becomes a document that is checked as any request's.

{ id type … on PersonCreatedEvent { person { username } } }
↓
query WebhookPayload($id: ID!) { webhookEvent(id: $id) { id type … } }
"""

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    parse,
    print_ast,
)

from core.errors import InvalidInput
from core.limits import WEBHOOK_SELECTION_CHARACTERS, WEBHOOK_SELECTION_COST
from execution.documents.document_cache import DocumentCache

FIELD = "webhookEvent"
DEFAULT_SELECTION = """{
  id
  type
  occurredAt
  organization { id name }
  ... on PersonCreatedEvent { person { id username } }
  ... on KeyRegeneratedEvent { person { id username } }
  ... on ExportMadeEvent { export format person { id username } actor { id username } }
  ... on RetentionRunEvent { behaviors months }
}"""
"""The selection of a webhook that has none of its own."""
_OPERATION = "WebhookPayload"
_TOKENS = 1000


def checked_selection(selection: str, documents: DocumentCache) -> str:
    """Return a selection without surrounding space. InvalidInput if it cannot be answered for every event."""
    text = selection.strip()
    if len(text) > WEBHOOK_SELECTION_CHARACTERS:
        raise _invalid(f"has at most {WEBHOOK_SELECTION_CHARACTERS} characters.")
    try:
        document = documents.examined(payload_document(text))
        if document.errors:
            raise document.errors[0]
    except GraphQLError as error:
        raise _invalid(f"does not fit the schema: {error.message}") from None
    [operation] = document.operations.values()
    cost = operation.cost.of({"id": ""})
    if cost.points > WEBHOOK_SELECTION_COST:
        raise _invalid(
            f"costs {cost.points} points; at most {WEBHOOK_SELECTION_COST} are allowed. The largest part, "
            f"{cost.most_expensive_points}, is for `{cost.most_expensive}`: ask for a shorter period, smaller pages or "
            "fewer measures."
        )
    return text


def payload_document(selection: str) -> str:
    """Return the document that a selection is answered by; the event's id is its variable `$id`.

    InvalidInput unless it is one pair of braces with fields in it, and fragments if need be. GraphQLError.
    """
    operation, fragments = _parts(parse(selection, max_tokens=_TOKENS))
    parts = [
        f"query {_OPERATION}($id: ID!) {{ {FIELD}(id: $id) {print_ast(operation.selection_set)} }}",
        *map(print_ast, fragments),
    ]
    return "\n".join(parts)


def _parts(document: DocumentNode) -> tuple[OperationDefinitionNode, list[FragmentDefinitionNode]]:
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    fragments = [each for each in document.definitions if isinstance(each, FragmentDefinitionNode)]
    if len(operations) != 1 or len(operations) + len(fragments) != len(document.definitions):
        raise _shape()
    operation = operations[0]
    named = operation.name or operation.variable_definitions or operation.directives
    if named or operation.operation is not OperationType.QUERY:
        raise _shape()
    return operation, fragments


def _shape() -> InvalidInput:
    return _invalid("is fields of WebhookEvent in braces, like { id type occurredAt }, with fragments if need be.")


def _invalid(problem: str) -> InvalidInput:
    return InvalidInput(f"`selection` {problem}", "selection")
