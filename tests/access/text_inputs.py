"""Every place of the schema where a client puts text of its own, as a question with a hole: the variable `$text`."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_required_input_field,
)

from tests.access.schema_queries import SchemaQueries

TEXTS = {"String", "ID", "Date", "DateTime", "TimeZone", "Duration", "Time", "UUID"}
_PLAIN = {
    "ID": "$ours",
    "String": '"x"',
    "Date": '"2026-08-03"',
    "DateTime": '"2026-08-03T09:00:00Z"',
    "Int": "1",
    "Duration": '"PT1H"',
    "Time": '"22:00"',
    "Float": "1",
    "GoalSubjectInput": "{organizationId: $ours}",
    "Boolean": "true",
    "Period": '{last: "P1D"}',
}
_THEIRS = {"UpdateExtensionUserInput.id": "$olga", "CreateUserInput.password": '"a long enough password"'}
"""What is right for one member of an input only."""
_COSTLY = {"password", "currentPassword", "newPassword"}
"""Each attempt is hashed; tests/auth tries strange ones."""


@dataclass(frozen=True)
class TextInput:
    """A place for a hostile text: its name, the variable's type, and the query."""

    name: str
    kind: str
    question: str


def text_inputs_of(schema: GraphQLSchema) -> dict[str, TextInput]:
    """Each argument of each field, and each member of each input, that takes text: where it first occurs."""
    questions = SchemaQueries(schema)
    found: dict[str, TextInput] = {}
    for type_name, field_name, make in questions.fields():
        arguments = questions.arguments(type_name, field_name)
        for name, argument in arguments.items():
            for member, literal, kind in _holes(argument.type, f"{type_name}.{field_name}({name})"):
                found.setdefault(member, TextInput(member, kind, make(name, literal)))
    return found


def _holes(kind: GraphQLInputType, name: str) -> Iterator[tuple[str, str, str]]:
    """The places within an argument: name, the literal with the hole, the type of the hole."""
    if isinstance(kind, GraphQLNonNull):
        yield from _holes(kind.of_type, name)
    elif isinstance(kind, GraphQLList):
        yield from ((place, f"[{literal}]", hole) for place, literal, hole in _holes(kind.of_type, name))
    elif isinstance(kind, GraphQLInputObjectType):
        for member, field in kind.fields.items():
            if member in _COSTLY or get_named_type(field.type) is kind:  # a filter in a filter is like one alone
                continue
            required = {} if kind.is_one_of else _required(kind)
            others = {name: value for name, value in required.items() if name != member}
            owner = name if kind.name == "StringFilter" else kind.name
            for place, literal, hole in _holes(field.type, f"{owner}.{member}"):
                yield place, _written({member: literal} | others), hole
    elif kind.name in TEXTS:
        yield name, "$text", kind.name


def _filled(kind: GraphQLInputType) -> str:
    """A valid literal of a required input."""
    if isinstance(kind, GraphQLNonNull):
        return _filled(kind.of_type)
    if isinstance(kind, GraphQLList):
        return f"[{_filled(kind.of_type)}]"
    if isinstance(kind, GraphQLEnumType):
        return str(next(iter(kind.values)))
    if kind.name in _PLAIN:
        return _PLAIN[kind.name]
    assert isinstance(kind, GraphQLInputObjectType)
    if kind.is_one_of:
        member, field = next(iter(kind.fields.items()))
        return _written({member: _filled(field.type)})
    return _written(_required(kind))


def _required(kind: GraphQLInputObjectType) -> dict[str, str]:
    """The required members of an input."""
    return {
        name: _THEIRS.get(f"{kind.name}.{name}") or _filled(field.type)
        for name, field in kind.fields.items()
        if is_required_input_field(field)
    }


def _written(members: dict[str, str]) -> str:
    return f"{{{', '.join(f'{name}: {value}' for name, value in members.items())}}}"
