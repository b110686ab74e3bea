"""Reading a document: it is parsed, counted and validated once, and remembered when it is fit to be run."""

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
from schema.documents.cost import CostOfOperation
from schema.documents.limits import (
    DocumentLimits,
    complaints,
    too_long_chain,
    too_many_operations,
    too_many_tokens,
)
from schema.documents.tally import INTROSPECTION, ChainTooLong, Counter, Fragments
from schema.documents.validation import violations

REMEMBERED = 64
"""A document of the greatest length weighs about a megabyte when it is parsed, and anybody may send one."""
_TOO_MANY_TOKENS = "Syntax Error: Document contains more than"


@dataclass(frozen=True, slots=True)
class Operation:
    """What has to be known of an operation before it is run. `root_fields` are names, not aliases."""

    node: OperationDefinitionNode
    root_fields: frozenset[str]
    cost: CostOfOperation

    @property
    def introspects(self) -> bool:
        """Whether it asks about the schema."""
        return not self.root_fields.isdisjoint(INTROSPECTION)


@dataclass(frozen=True)
class ReadDocument:
    """A document and its operations by name. Whether it fits the schema is found out when somebody asks."""

    node: DocumentNode
    operations: Mapping[str | None, Operation]
    check: Callable[[], list[GraphQLError]]

    @cached_property
    def errors(self) -> list[GraphQLError]:
        """What is wrong with it."""
        return self.check()

    def operation(self, name: str | None) -> Operation | None:
        """The operation that a request means: by its name, or the only one."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        return self.operations.get(name)


class Documents:
    """Reads documents. `hits` and `misses` count those that were known already, and those that were not.

    `root_fields` are the fields that queries and mutations have.
    """

    def __init__(self, schema: GraphQLSchema, limits: DocumentLimits, *, suggest: bool = True) -> None:
        self._schema = schema
        self._limits = limits
        self._suggest = suggest
        self._remembered: OrderedDict[bytes, ReadDocument] = OrderedDict()
        self.root_fields = frozenset(
            name for root in (schema.query_type, schema.mutation_type) if root is not None for name in root.fields
        )
        self.hits = 0
        self.misses = 0

    def known(self, text: str) -> ReadDocument | None:
        """The document, if it was read lately."""
        key = _key(text)
        found = self._remembered.get(key)
        if found is not None:
            self._remembered.move_to_end(key)
            self.hits += 1
        return found

    def read(self, text: str) -> ReadDocument:
        """Read a document. GraphQLError when it is no GraphQL, or too long to be looked at."""
        self.misses += 1
        return self.examined(text)

    def remember(self, text: str, document: ReadDocument) -> None:
        """Keep a document that is fit to be run, and forget the one that was asked for longest ago."""
        self._remembered[_key(text)] = document
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)

    def examined(self, text: str) -> ReadDocument:
        """Parse a document, and do not remember it."""
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
            )
            for each in nodes[:OPERATIONS]
        }
        return ReadDocument(node, operations, partial(self._errors, node, nodes, fragments))

    def _errors(
        self, document: DocumentNode, operations: list[OperationDefinitionNode], fragments: Fragments
    ) -> list[GraphQLError]:
        """What the document has too much of, else what does not fit the schema."""
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
