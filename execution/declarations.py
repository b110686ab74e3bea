"""Declarations of a field, made beside it in schema/: its price, and the callers who may ask for it.

They are the `metadata` of `strawberry.field` and `strawberry.mutation`:

    @strawberry.field(description="…", metadata=SIGNED_IN | priced(day=EVERYBODY_DAY))

`check_declarations` refuses, at start, a schema in which one is missing that must be there.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeAlias

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

Metadata: TypeAlias = dict[Any, Any]

PERSON_DAY = 0.1
"""Points for a measure of one day of a person."""
ORGANIZATION_DAY = 0.5
"""Points for a measure of one day of an organization."""
EVERYBODY_DAY = 1.0
"""Points for a measure of one day of everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The price of a field, beyond the objects and values of its answer.

    `day`          points for a measure of one day of one parent object; every field that takes a `period` has it, and
                   the measures selected below the field cost that much for each day of the period
    `measures`     number of measures that the field itself reads
    `from_events`  True if these, and those below it, are read from single events instead of rollups
    `split_by`     argument with the dimensions that multiply the price of the measures below the field
    `by_input`     function that computes the field's points from its argument `input`, as it is written in the request
    `each_day`     True if the field is a list with an element for each day of the period at most
    `of_parent`    True if the field is not worth naming in the refusal of a query that costs too much: its parent is
    """

    day: float | None = None
    measures: float = 0
    from_events: bool = False
    split_by: str | None = None
    by_input: Callable[[Any], float] | None = None
    of_parent: bool = False
    each_day: bool = False


class Access(Enum):
    """The callers who may ask for a field of Query or Mutation."""

    SIGNED_IN = auto()
    EVERYBODY = auto()
    BY_SIGNING_IN = auto()
    """Everybody, since the field itself signs in: the fields after it in the request speak for that account."""


SIGNED_IN: Metadata = {Access: Access.SIGNED_IN}
OPEN_TO_EVERYBODY: Metadata = {Access: Access.EVERYBODY}
SIGNS_IN: Metadata = {Access: Access.BY_SIGNING_IN}

_FREE = Price()


class MissingDeclaration(Exception):
    """A field of the schema lacks a declaration; the message says which field, and what to write."""


def priced(
    *,
    day: float | None = None,
    measures: float = 0,
    from_events: bool = False,
    split_by: str | None = None,
    by_input: Callable[[Any], float] | None = None,
    of_parent: bool = False,
    each_day: bool = False,
) -> Metadata:
    """The declaration of a field's price; `Price` says what each part means."""
    return {
        Price: Price(
            day=day,
            measures=measures,
            from_events=from_events,
            split_by=split_by,
            by_input=by_input,
            of_parent=of_parent,
            each_day=each_day,
        )
    }


def price_of(definition: GraphQLField) -> Price:
    """The declared price of a field; that of a field without any database work, if it declares none."""
    price: Price = metadata_of(definition).get(Price, _FREE)
    return price


def access_by_root_field(schema: GraphQLSchema) -> dict[str, Access]:
    """The declared access to each field of Query and Mutation that declares it."""
    return {
        name: access
        for _, name, definition in _root_fields(schema)
        if (access := metadata_of(definition).get(Access)) is not None
    }


def check_declarations(schema: GraphQLSchema) -> None:
    """Return if all fields have the declarations they need. MissingDeclaration."""
    for type_name, name, definition in _root_fields(schema):
        if Access not in metadata_of(definition):
            raise MissingDeclaration(
                f"{type_name}.{name} does not declare who may ask for it. Add `metadata=SIGNED_IN` to the field in "
                "schema/ (or OPEN_TO_EVERYBODY, if it must work without a sign-in); see execution/declarations.py."
            )
    for type_name, name, definition in _fields(schema):
        if "period" in definition.args and price_of(definition).day is None:
            raise MissingDeclaration(
                f"{type_name}.{name} takes a `period` and does not declare its price. Add `metadata=priced(day=…)` to "
                "the field in schema/: PERSON_DAY, ORGANIZATION_DAY or EVERYBODY_DAY, by whose events it reads; see "
                "execution/declarations.py."
            )


def metadata_of(definition: GraphQLField) -> Mapping[Any, Any]:
    """The declarations of a field."""
    field = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return field.metadata if isinstance(field, StrawberryField) else {}


def _root_fields(schema: GraphQLSchema) -> Iterator[tuple[str, str, GraphQLField]]:
    for root in filter(None, (schema.query_type, schema.mutation_type)):
        for name, definition in root.fields.items():
            yield root.name, name, definition


def _fields(schema: GraphQLSchema) -> Iterator[tuple[str, str, GraphQLField]]:
    for type_name, kind in schema.type_map.items():
        for name, definition in kind.fields.items() if isinstance(kind, GraphQLObjectType) else ():
            yield type_name, name, definition
