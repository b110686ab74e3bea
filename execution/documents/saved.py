"""Saved queries as documents: what is wrong with one, by the rules that hold for every request.

A saved query is put to the same gate as any other when it is run. Here it is found out beforehand what the gate would
say, and remembered: a process has one schema, so a verdict holds until the process ends, and a new release begins anew.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson
from graphql import GraphQLError, GraphQLSchema, OperationType, get_variable_values

from core.limits import DOCUMENT_CHARACTERS
from execution.documents.document_cache import DocumentCache, Operation, ParsedDocument
from execution.documents.trusted import TrustedDocuments
from execution.documents.variables import check_variables

REMEMBERED = 4096
PREFIX = "x-saved:"
"""Before the id of a saved query in `documentId`: `x-` marks identifiers that are a service's own, as the appendix on
persisted documents of the GraphQL-over-HTTP specification has it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """The fault of a saved query, and the part of it that has it: `document` or `variables`."""

    part: str
    message: str


@dataclass(slots=True)
class SavedDocuments:
    """The verdicts on saved queries: the last REMEMBERED that were asked for."""

    schema: GraphQLSchema
    documents: DocumentCache
    trusted: TrustedDocuments
    cost_limit: int
    _verdicts: OrderedDict[bytes, Problem | None] = field(default_factory=OrderedDict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def problem(self, text: str, variables_json: str, turn: Callable[[], Awaitable[None]]) -> Problem | None:
        """Return the fault of a saved query; None if it has none. `turn` waits for the turn of heavy work.

        Of a list of queries one waits at a time, so that it takes no more turns than one client may wait for.
        """
        key = sha256(orjson.dumps([text, variables_json])).digest()
        if key not in self._verdicts:
            async with self._turn:
                if key not in self._verdicts:
                    await turn()
                    self._remember(key, self._examined(text, orjson.loads(variables_json)))
        self._verdicts.move_to_end(key)
        return self._verdicts[key]

    def _remember(self, key: bytes, problem: Problem | None) -> None:
        self._verdicts[key] = problem
        if len(self._verdicts) > REMEMBERED:
            self._verdicts.popitem(last=False)

    def _examined(self, text: str, variables: Mapping[str, Any]) -> Problem | None:
        try:
            operation = self._operation(text)
        except GraphQLError as error:
            return Problem("document", error.message)
        try:
            self._check_variables(operation, variables)
        except GraphQLError as error:
            return Problem("variables", error.message)
        cost = operation.cost.of(variables)
        if cost.points > self.cost_limit:
            return Problem(
                "document",
                f"It costs {cost.points} points; at most {self.cost_limit} are allowed. The largest part, "
                f"{cost.most_expensive_points}, is for `{cost.most_expensive}`.",
            )
        return None

    def _operation(self, text: str) -> Operation:
        """The one operation of a document. GraphQLError, saying what is wrong with it."""
        document = self._document(text)
        if len(document.operations) != 1:
            raise GraphQLError("A saved query is one operation, perhaps with fragments.")
        if document.errors:
            raise document.errors[0]
        [operation] = document.operations.values()
        if operation.node.operation is not OperationType.QUERY:
            raise GraphQLError("Only queries are saved, no mutations or subscriptions.")
        return operation

    def _document(self, text: str) -> ParsedDocument:
        known = self.trusted.read.get(text)
        if known is not None:
            return known
        if self.trusted.only:
            raise GraphQLError("Only trusted documents are answered here, so only these can be saved.")
        if len(text) > DOCUMENT_CHARACTERS:
            raise GraphQLError(f"The document is too long: at most {DOCUMENT_CHARACTERS} characters. Use variables.")
        return self.documents.examined(text)

    def _check_variables(self, operation: Operation, variables: Mapping[str, Any]) -> None:
        """Return if the variables that are saved fit; others may be missing. GraphQLError."""
        check_variables(variables)
        declared = {each.variable.name.value: each for each in operation.node.variable_definitions or ()}
        unknown = sorted(set(variables) - set(declared))
        if unknown:
            raise GraphQLError(f"The document has no variable `${unknown[0]}`. Leave it out.")
        given = [declared[name] for name in variables]
        errors = get_variable_values(self.schema, given, dict(variables), max_errors=1)
        if isinstance(errors, list):
            raise errors[0]
