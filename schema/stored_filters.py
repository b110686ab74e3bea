"""Filters that are kept: a `where` as GraphQL's variables write it, and back.

Kept are the client's own words, not the conditions that queries make of them: these change with the service.
"""

from enum import Enum
from typing import Any, TypeVar

from strawberry.schema.config import StrawberryConfig
from strawberry.types.base import StrawberryContainer, get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition

from core.errors import InvalidInput
from db.queries.filters import EventFilter
from schema.filters import UNSET, UsageFilter

Json = dict[str, Any]
Input = TypeVar("Input")

_NAMES = StrawberryConfig().name_converter


def stored_filter(where: UsageFilter | None) -> Json | None:
    """A filter as JSON; None for none. InvalidInput if it makes no sense."""
    if where is None:
        return None
    where.conditions()
    return _as_json(where) or None


def conditions_of(stored: Json | None) -> EventFilter:
    """The conditions of a filter that was kept. InvalidInput if it makes no sense any more."""
    if stored is None:
        return EventFilter()
    try:
        where = _as_input(UsageFilter, stored)
    except (LookupError, TypeError, AttributeError) as error:
        raise InvalidInput("Its `where` is of a form that the service no longer knows.", "where") from error
    return where.conditions()


def _as_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_json(each) for each in value]
    if isinstance(value, Enum):
        return value.name
    if get_object_definition(type(value)) is None:
        return value
    given = ((name, getattr(value, attribute)) for name, attribute, _ in _members(type(value)))
    return {name: _as_json(each) for name, each in given if each is not UNSET}


def _as_input(kind: type[Input], stored: Json) -> Input:
    members = {name: (attribute, type_) for name, attribute, type_ in _members(kind)}
    return kind(**{members[name][0]: _read(members[name][1], value) for name, value in stored.items()})


def _read(type_: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, list):
        return [_read(type_, each) for each in value]
    if isinstance(type_, StrawberryEnumDefinition):
        return type_.wrapped_cls[value]
    return value if get_object_definition(type_) is None else _as_input(type_, value)


def _members(kind: type[Any]) -> tuple[tuple[str, str, Any], ...]:
    """The members of an input type: name in GraphQL, attribute, and type without lists and nulls."""
    definition = get_object_definition(kind, strict=True)
    return tuple(
        (_NAMES.from_field(field), field.python_name, _innermost(field.resolve_type(type_definition=definition)))
        for field in definition.fields
    )


def _innermost(type_: Any) -> Any:
    while isinstance(type_, StrawberryContainer):
        type_ = type_.of_type
    return getattr(type_, "__strawberry_definition__", type_) if _is_enum(type_) else type_


def _is_enum(type_: Any) -> bool:
    return isinstance(getattr(type_, "__strawberry_definition__", None), StrawberryEnumDefinition)
