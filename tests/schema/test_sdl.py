"""The schema as a document: committed as it is, and described to the last argument."""

from collections.abc import Iterator
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    introspection_types,
    is_specified_scalar_type,
)

from schema.build import schema, sdl

COMMITTED = Path(__file__).parents[2] / "schema.graphql"


def described_things() -> Iterator[tuple[str, str | None]]:
    """Everything of the schema that can have a description, by its path."""
    for name, kind in schema._schema.type_map.items():
        if name in introspection_types or is_specified_scalar_type(kind):
            continue
        yield name, kind.description
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in kind.fields.items():
                yield f"{name}.{field_name}", field.description
                for argument_name, argument in field.args.items():
                    yield f"{name}.{field_name}({argument_name})", argument.description
        if isinstance(kind, GraphQLInputObjectType):
            for member_name, member in kind.fields.items():
                yield f"{name}.{member_name}", member.description
        if isinstance(kind, GraphQLEnumType):
            for value_name, value in kind.values.items():
                yield f"{name}.{value_name}", value.description


def test_the_committed_schema_is_the_one_served():
    committed = COMMITTED.read_text() if COMMITTED.exists() else ""

    assert committed == sdl(), "schema.graphql is out of date: run `make schema` and commit it"


def test_everything_is_described():
    things = dict(described_things())

    assert len(things) > 300
    assert [path for path, description in things.items() if not (description or "").strip()] == []


def test_descriptions_are_sentences():
    unfinished = [path for path, text in described_things() if text and not text.rstrip("`").endswith((".", "…", "`"))]

    assert unfinished == []
