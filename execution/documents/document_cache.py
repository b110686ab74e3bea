"""A cache of documents: each is parsed, counted and validated once, and kept if it is valid."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import sha256

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from core.limits import FRAGMENT_CHAIN, OPERATIONS
from execution.declarations import access_by_root_field
from execution.documents.cost import CostOfOperation
from execution.documents.document_stats import INTROSPECTION, ChainTooLong, Counter, Fragments
from execution.documents.limits import (
    DocumentLimits,
    complaints,
    too_long_chain,
    too_many_operations,
    too_many_tokens,
)
from execution.documents.validation import violations
from execution.token_scopes import ScopesOfOperation

REMEMBERED = 64
"""A document of the greatest length weighs about a megabyte when it is parsed, and anybody may send one."""
_TOO_MANY_TOKENS = "Syntax Error: Document contains more than"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation, with its root fields (names, not aliases), its cost, and the scopes that API tokens need for it."""

    node: OperationDefinitionNode
    root_fields: frozenset[str]
    cost: CostOfOperation
    scopes: ScopesOfOperation

    @property
    def introspects(self) -> bool:
        """True if it asks about the schema."""
        return not self.root_fields.isdisjoint(INTROSPECTION)


@dataclass(frozen=True)
class ParsedDocument:
    """A document and its operations by name. It is validated when `errors` is first read."""

    node: DocumentNode
    operations: Mapping[str | None, Operation]
    check: Callable[[], list[GraphQLError]]

    @cached_property
    def errors(self) -> list[GraphQLError]:
        """The document's errors; none if it fits the schema and the limits."""
        return self.check()

    def operation(self, name: str | None) -> Operation | None:
        """The operation that a request means: by its name, or the only one."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        return self.operations.get(name)


class DocumentCache:
    """Reads documents. `hits` and `misses` count those that were in the cache, and those that were not.

    `access` has the fields of Query and Mutation, and the callers who may ask for each.
    """

    def __init__(self, schema: GraphQLSchema, limits: DocumentLimits, *, suggest: bool = True) -> None:
        self._schema = schema
        self._limits = limits
        self._suggest = suggest
        self._remembered: OrderedDict[bytes, ParsedDocument] = OrderedDict()
        self.access = access_by_root_field(schema)
        self.hits = 0
        self.misses = 0

    def known(self, text: str) -> ParsedDocument | None:
        """The document, if it is in the cache; else None."""
        key = _key(text)
        found = self._remembered.get(key)
        if found is not None:
            self._remembered.move_to_end(key)
            self.hits += 1
        return found

    def read(self, text: str) -> ParsedDocument:
        """Parse a document and count a miss. GraphQLError if it is no GraphQL, or too long to be parsed."""
        self.misses += 1
        return self.examined(text)

    def remember(self, text: str, document: ParsedDocument) -> None:
        """Add a valid document to the cache, and evict the least recently used one."""
        self._remembered[_key(text)] = document
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)

    def examined(self, text: str) -> ParsedDocument:
        """Parse a document without caching it."""
        try:
            node = parse(text, max_tokens=self._limits.tokens)
        except GraphQLSyntaxError as error:
            if error.message.startswith(_TOO_MANY_TOKENS):
                raise too_many_tokens(self._limits.tokens) from None
            raise
        fragments = {part.name.value: part for part in node.definitions if isinstance(part, FragmentDefinitionNode)}
        nodes = [part for part in node.definitions if isinstance(part, OperationDefinitionNode)]
        operations = {
            each.name.value if each.name else None: Operation(
                each,
                frozenset(field.name.value for field in _root(each.selection_set, fragments, set())),
                CostOfOperation(self._schema, each, fragments),
                ScopesOfOperation(self._schema, each, fragments),
            )
            for each in nodes[:OPERATIONS]
        }
        return ParsedDocument(node, operations, partial(self._errors, node, nodes, fragments))

    def _errors(
        self, document: DocumentNode, operations: list[OperationDefinitionNode], fragments: Fragments
    ) -> list[GraphQLError]:
        """The limits that the document exceeds or, if none, its violations of the schema."""
        return list(self._complaints(operations, fragments)) or violations(
            self._schema, document, suggest=self._suggest
        )

    def _complaints(self, operations: list[OperationDefinitionNode], fragments: Fragments) -> Iterator[GraphQLError]:
        if len(operations) > OPERATIONS:
            yield too_many_operations(len(operations))
            return
        counter = Counter(fragments, FRAGMENT_CHAIN)
        try:
            for operation in operations:
                keys = {_response_key(field) for field in _root(operation.selection_set, fragments, set())}
                yield from complaints(counter.operation(operation), len(keys), self._limits)
        except ChainTooLong:
            yield too_long_chain()


def _root(selection_set: SelectionSetNode, fragments: Fragments, seen: set[str]) -> Iterable[FieldNode]:
    """The fields at the top of an operation, each fragment looked into once."""
    for selection in selection_set.selections:
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            yield from _root(selection.selection_set, fragments, seen)
        elif isinstance(selection, FragmentSpreadNode):
            name = selection.name.value
            if name in fragments and name not in seen:
                seen.add(name)
                yield from _root(fragments[name].selection_set, fragments, seen)


def _response_key(field: FieldNode) -> str:
    return field.alias.value if field.alias else field.name.value


def _key(text: str) -> bytes:
    return sha256(text.encode()).digest()
