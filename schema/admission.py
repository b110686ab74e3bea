"""Lets a request through the gate, or refuses it: before it is run, and for a fraction of what running it would take.

In this order, the cheapest first: who asks is known already; the document is read, or known; whether they may ask it at
all; what its variables hold; what it would cost, and whether they can pay for it.
"""

from collections.abc import AsyncIterator
from math import ceil
from typing import Any

from graphql import GraphQLError, OperationType
from strawberry.extensions import SchemaExtension

from core.errors import AppError, TooLarge, TooManyAttempts
from core.introspection import Introspection
from schema.context import Context
from schema.documents.cost import Cost
from schema.documents.reading import Operation, ReadDocument
from schema.documents.tally import INTROSPECTION
from schema.documents.variables import check_variables

OPEN_TO_STRANGERS = INTROSPECTION | {"__typename", "login", "refreshSession", "logout", "ingestBehaviors"}
"""The fields of queries and mutations that need no sign-in."""
_SIGN_IN = frozenset({"login", "refreshSession"})
"""Who has signed in by one of these is who asks from there on."""
_CHARACTERS_A_POINT = 100
"""How many characters of a document are read for a point, when it was not read lately."""


class Admission(SchemaExtension):
    """Reads the document of a request, and admits it."""

    _read: ReadDocument | None = None

    async def on_parse(self) -> AsyncIterator[None]:
        execution = self.execution_context
        if execution.query:
            self._read = await self._document(execution.query)
            execution.graphql_document = self._read.node
        yield

    async def on_validate(self) -> AsyncIterator[None]:
        assert self._read is not None  # noqa: S101 - without a document the request has been refused
        execution = self.execution_context
        try:
            execution.pre_execution_errors = await self._errors(self._read, execution.operation_name)
        except GraphQLError as error:
            execution.pre_execution_errors = [error]
        except AppError as error:
            execution.pre_execution_errors = [_refusal(error)]
        yield

    async def _errors(self, document: ReadDocument, name: str | None) -> list[GraphQLError]:
        """What is wrong with the document. GraphQLError or AppError when it is not to be run for another reason."""
        operation = document.operation(name)
        if operation is not None:  # one of too many is not known
            self._check_asker(operation)
            if not document.errors:
                self._context.gate.documents.remember(self.execution_context.query or "", document)
                await self._admit(operation)
        return document.errors

    async def _document(self, text: str) -> ReadDocument:
        """The document, read once. GraphQLError."""
        gate = self._context.gate
        document = gate.trusted.read.get(text) or gate.documents.known(text)
        if document is not None:
            return document
        try:
            await self._spend(ceil(len(text) / _CHARACTERS_A_POINT))
        except AppError as error:
            raise _refusal(error) from error
        return gate.documents.read(text)

    async def _admit(self, operation: Operation) -> None:
        """Return if the operation may be run. GraphQLError or AppError otherwise."""
        context, gate = self._context, self._context.gate
        ingests = operation.root_fields - {"__typename"} == {"ingestBehaviors"}
        if context.body_bytes > gate.body_limit and not ingests:
            raise TooLarge(too_large(gate.body_limit))
        variables = self.execution_context.variables or {}
        check_variables(variables)
        cost = operation.cost.of(variables)
        told: dict[str, Any] = {"requested": cost.points, "limit": gate.cost_limit, "remaining": None}
        self.execution_context.extensions_results["cost"] = told
        if cost.points > gate.cost_limit:
            raise _too_costly(cost, gate.cost_limit)
        told["remaining"] = await self._spend(cost.points)
        context.is_query = operation.node.operation is OperationType.QUERY

    def _check_asker(self, operation: Operation) -> None:
        context = self._context
        if operation.introspects and not _may_introspect(context):
            raise GraphQLError(
                "The schema cannot be asked about here. It is in the service's documentation: schema.graphql.",
                extensions={"code": "INTROSPECTION_DISABLED"},
            )
        if not operation.root_fields & _SIGN_IN and any(
            name not in OPEN_TO_STRANGERS for name in operation.root_fields & context.gate.documents.root_fields
        ):
            context.require_sign_in()

    async def _spend(self, points: int) -> int | None:
        """Take points out of the asker's budget; what is left, None without budgets. TooManyAttempts."""
        context = self._context
        asker = str(context.account.id) if context.is_signed_in else context.client.network
        balance = await context.services.throttles.query_budget.spend(asker, points)
        if balance is None:
            return None
        if balance.retry_after is not None:
            raise TooManyAttempts(
                f"This costs {points} points, and {balance.remaining} are left of the budget, which refills all the "
                f"time: try again in {balance.retry_after} s, or ask for less.",
                balance.retry_after,
            )
        return balance.remaining

    @property
    def _context(self) -> Context:
        context: Context = self.execution_context.context
        return context


def too_large(limit: int) -> str:
    """What is said of a body that is too large for a question."""
    return (
        f"The request body is too large: at most {limit // 1024} KiB are allowed, and more only for `ingestBehaviors` "
        "alone. Ask for less at once."
    )


def _may_introspect(context: Context) -> bool:
    if context.gate.introspection is Introspection.SUPER_ADMINS:
        return context.is_signed_in and context.account.is_super_admin
    return context.gate.introspection is Introspection.EVERYBODY


def _too_costly(cost: Cost, limit: int) -> GraphQLError:
    return GraphQLError(
        f"This query costs {cost.points} points; at most {limit} are allowed. Most of it, {cost.dearest_points}, is "
        f"for `{cost.dearest}`: ask for a shorter period, smaller pages, longer buckets or fewer measures.",
        extensions={"code": "QUERY_TOO_COSTLY", "cost": cost.points, "limit": limit},
    )


def _refusal(error: AppError) -> GraphQLError:
    return GraphQLError(error.message, original_error=error, extensions=error.extensions)
