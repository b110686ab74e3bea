"""The policy applied to a request: it is admitted or refused before it is run, in a fraction of the time.

The checks run from the cheapest to the most expensive: the document is parsed, or found in the cache; the caller may
use its root fields; its variables are within their limits; its cost is within the limit and the caller's budget.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from math import ceil
from typing import Any

from graphql import GraphQLError, OperationType
from strawberry.extensions import SchemaExtension

from auth.viewer import Viewer
from core.clock import now
from core.errors import AppError, TooLarge, TooManyAttempts
from core.introspection import Introspection
from execution.context import Context
from execution.declarations import Access
from execution.documents.cost import Cost
from execution.documents.document_cache import Operation, ParsedDocument
from execution.documents.prices import CHARACTERS_A_POINT
from execution.documents.variables import check_variables
from execution.scalar_formats import format_instant


class PolicyExtension(SchemaExtension):
    """Parses, validates and prices the document of a request, and admits or refuses it."""

    _read: ParsedDocument | None = None

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

    def get_results(self) -> dict[str, Any]:
        """Add the points charged in the end to the answer, if they exceed those requested at first."""
        meter = self._context.meter
        if meter.remaining is not None:
            self._tell(remaining=meter.remaining, charged=meter.paid)
        return {}

    def _tell(self, **cost: int) -> None:
        """Add to what the answer tells of its cost: with the points that remain, how they refill."""
        told = self.execution_context.extensions_results["cost"]
        told.update(cost)
        budget = self._context.services.throttles.query_budget
        full_at = now() + timedelta(seconds=budget.seconds_until_full(told["remaining"]))
        told.update(restoreRate=round(budget.points_per_second, 3), resetAt=format_instant(full_at))

    async def _errors(self, document: ParsedDocument, name: str | None) -> list[GraphQLError]:
        """The document's errors. GraphQLError or AppError if it must not be run for another reason."""
        operation = document.operation(name)
        if operation is not None:  # one of too many is not known
            self._check_asker(operation)
            if not document.errors:
                self._context.policy.documents.remember(self.execution_context.query or "", document)
                await self._admit(operation)
        return document.errors

    async def _document(self, text: str) -> ParsedDocument:
        """The document, read once. GraphQLError."""
        policy = self._context.policy
        document = policy.trusted.read.get(text) or policy.documents.known(text)
        if document is not None:
            return document
        try:
            await self._spend(ceil(len(text) / CHARACTERS_A_POINT))
            # It is parsed, validated and priced without waiting for anything in between.
            await self._context.services.heavy_work.turn(self._asker)
        except AppError as error:
            raise _refusal(error) from error
        return policy.documents.read(text)

    async def _admit(self, operation: Operation) -> None:
        """Return if the operation may be run, and charge its cost. GraphQLError or AppError otherwise."""
        context, policy = self._context, self._context.policy
        ingests = operation.root_fields - {"__typename"} == {"ingestBehaviors"}
        if context.body_bytes > policy.body_limit and not ingests:
            raise TooLarge(too_large(policy.body_limit))
        if context.is_signed_in:
            _check_scopes(context.caller.viewer, operation)
        variables = self.execution_context.variables or {}
        check_variables(variables)
        cost = operation.cost.of(variables)
        self.execution_context.extensions_results["cost"] = {
            "requested": cost.points,
            "limit": policy.cost_limit,
            "remaining": None,
            "restoreRate": None,
            "resetAt": None,
        }
        if cost.points > policy.cost_limit:
            raise _too_costly(cost, policy.cost_limit)
        await self._spend(cost.points)
        context.meter.pay(self._asker, cost.points)
        context.is_query = operation.node.operation is OperationType.QUERY
        if operation.introspects:  # no statement of the database makes it wait, and it is long
            await context.services.heavy_work.turn(self._asker)

    def _check_asker(self, operation: Operation) -> None:
        context = self._context
        if operation.introspects and not _may_introspect(context):
            raise GraphQLError(
                "Introspection is not allowed here. The schema is in the service's documentation: schema.graphql.",
                extensions={"code": "INTROSPECTION_DISABLED"},
            )
        access = {context.policy.documents.access.get(name) for name in operation.root_fields}
        if Access.SIGNED_IN in access and Access.BY_SIGNING_IN not in access:
            context.require_sign_in()

    async def _spend(self, points: int) -> None:
        """Take points out of the asker's budget, if there are budgets. TooManyAttempts."""
        balance = await self._context.services.throttles.query_budget.spend(self._asker, points)
        if balance is None:
            return
        if "cost" in self.execution_context.extensions_results:
            self._tell(remaining=balance.remaining)
        if balance.retry_after is not None:
            raise _unpaid(points, balance.remaining, balance.retry_after)

    @property
    def _asker(self) -> str:
        """The key of the budget that the request is paid from."""
        context = self._context
        return str(context.caller.viewer.user_id) if context.is_signed_in else context.client.network

    @property
    def _context(self) -> Context:
        context: Context = self.execution_context.context
        return context


def too_large(limit: int) -> str:
    """The message for a body that is too large for anything but `ingestBehaviors`."""
    return (
        f"The request body is too large: at most {limit // 1024} KiB are allowed, and more only for `ingestBehaviors` "
        "alone. Ask for less at once."
    )


def _check_scopes(viewer: Viewer, operation: Operation) -> None:
    """Return if the viewer's credential may run the operation. Forbidden for an API token that lacks a scope."""
    if viewer.scopes is None:
        return
    needed = operation.scopes.needed
    if needed is None:
        viewer.require_sign_in()
    else:
        viewer.require_scopes(needed)


def _may_introspect(context: Context) -> bool:
    if context.policy.introspection is Introspection.SUPER_ADMINS:
        return context.is_signed_in and context.caller.viewer.is_super_admin
    return context.policy.introspection is Introspection.EVERYBODY


def _unpaid(points: int, remaining: int, retry_after: int) -> TooManyAttempts:
    if remaining >= 0:
        message = (
            f"This costs {points} points, and {remaining} are left of the budget, which refills all the time: try "
            f"again in {retry_after} s, or ask for less."
        )
    else:
        message = (
            f"This costs {points} points, and the budget is {-remaining} points in debt, since earlier queries took "
            f"the database longer than their price includes. It refills all the time: try again in {retry_after} s, "
            "and then for shorter periods or fewer groups."
        )
    return TooManyAttempts(message, retry_after)


def _too_costly(cost: Cost, limit: int) -> GraphQLError:
    return GraphQLError(
        f"This query costs {cost.points} points; at most {limit} are allowed. "
        f"The largest part, {cost.most_expensive_points}, is for `{cost.most_expensive}`: "
        "ask for a shorter period, smaller pages, longer buckets or fewer measures.",
        extensions={"code": "QUERY_TOO_COSTLY", "cost": cost.points, "limit": limit},
    )


def _refusal(error: AppError) -> GraphQLError:
    return GraphQLError(error.message, original_error=error, extensions=error.extensions)
