"""Errors as clients see them: our own with their message and code; anything unexpected masked."""

from collections.abc import Iterator
from typing import Any

import strawberry
import structlog
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import InvalidOperationTypeError

from core.errors import UNEXPECTED, AppError

log = structlog.get_logger()

MASK = "Something went wrong on our side. It has been logged."


class LoggedSchema(strawberry.Schema):
    """Logs what nobody expected, and nothing else: a wrong query is its author's business."""

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:  # noqa: ARG002 - overridden
        for error in errors:
            if _unexpected(error):
                log.error("unexpected error in a resolver", path=error.path, exc_info=_cause(error))


class ClientErrors(SchemaExtension):
    """Masks unexpected errors and gives every error a code."""

    _executed = False

    def on_operation(self) -> Iterator[None]:
        try:
            yield
        except GraphQLSyntaxError as error:  # passes through here on its way to the response
            error.extensions = {"code": "GRAPHQL_PARSE_FAILED"}
            raise
        except (GraphQLError, MissingQueryError, InvalidOperationTypeError):
            raise
        except Exception as error:
            log.exception("unexpected error outside any resolver")
            raise GraphQLError(MASK, extensions={"code": UNEXPECTED}) from error
        result: Any = self.execution_context.result
        if result is not None and getattr(result, "errors", None):
            result.errors = [_for_clients(error, invalid=not self._executed) for error in result.errors]

    def on_execute(self) -> Iterator[None]:
        self._executed = True
        yield


def _cause(error: GraphQLError) -> Exception:
    """The original exception, which graphql-core wraps in errors of its own, message included."""
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _unexpected(error: GraphQLError) -> bool:
    """True if neither graphql-core nor this service raised the error for clients to read."""
    cause = _cause(error)
    if not isinstance(cause, GraphQLError):
        return not isinstance(cause, AppError)
    # Of a field that was executed, graphql-core reports in these words what the client sent, else what *we* answered.
    executed = error.path is not None and "code" not in (cause.extensions or {})
    return executed and not error.message.startswith("Argument ")


def _for_clients(error: GraphQLError, *, invalid: bool) -> GraphQLError:
    if _unexpected(error):
        return GraphQLError(MASK, nodes=error.nodes, path=error.path, extensions={"code": UNEXPECTED})
    if "code" not in (error.extensions or {}):
        code = "GRAPHQL_VALIDATION_FAILED" if invalid else "BAD_USER_INPUT"
        error.extensions = {**(error.extensions or {}), "code": code}
    return error
