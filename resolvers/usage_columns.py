"""The columns of an export of usage: those that name a bucket or group, and those of measures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any
from uuid import UUID

from core.dimensions import Dimension
from core.events import ANONYMOUS
from core.text import camel_case
from core.units import Unit
from db.metrics.measure import Measure
from db.metrics.measures import BY_NAME
from db.metrics.question import Key
from db.metrics.values import MeasureValues
from db.queries.extension_users import ExtensionUserRow
from db.queries.organizations import OrganizationRow
from db.queries.sessions import SessionKey
from db.queries.teams import TeamRow


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in GraphQL's spelling, and a measure's unit."""

    name: str
    unit: Unit | None = None

    @property
    def header(self) -> str:
        """The name with the unit: `trackedSeconds (seconds)`."""
        return self.name if self.unit is None else f"{self.name} ({self.unit.value})"


@dataclass(frozen=True, slots=True)
class NamedRows:
    """The people, teams and organizations that groups are of, by id: those that are there and in scope."""

    people: Mapping[UUID, ExtensionUserRow] = field(default_factory=dict)
    teams: Mapping[UUID, TeamRow] = field(default_factory=dict)
    organizations: Mapping[UUID, OrganizationRow] = field(default_factory=dict)


BUCKET_COLUMNS = [Column("start"), Column("end")]
_PERSON = ("username", "extensionUserId")
_COLUMNS_OF = {
    Dimension.EXTENSION_USER: _PERSON,
    Dimension.TEAM: ("team", "teamId"),
    Dimension.ORGANIZATION: ("organization", "organizationId"),
    Dimension.SESSION: ("sessionId", *_PERSON),
}
"""The columns of dimensions that are more than a plain value; the others have one of their own name."""


def key_columns(dimensions: Iterable[Dimension]) -> list[Column]:
    """Return the columns that name a group of these dimensions; a person stands there once."""
    names = [name for each in dimensions for name in _COLUMNS_OF.get(each, (camel_case(each.value),))]
    return [Column(name) for name in dict.fromkeys(names)]


def measure_columns(names: Iterable[str]) -> list[Column]:
    """Return the columns of measures: one each, or one for each number of a measure that has several."""
    return [
        Column(name, measure.unit) for measure in map(BY_NAME.__getitem__, names) for name in _number_names(measure)
    ]


def measure_values(names: Iterable[str], values: MeasureValues) -> list[Any]:
    """Return the values of `measure_columns`."""
    found: list[Any] = []
    for measure in map(BY_NAME.__getitem__, names):
        value = getattr(values, measure.name)
        found += [value] if measure.is_number else [getattr(value, part.name) for part in fields(measure.type)]
    return found


def key_values(dimensions: Sequence[Dimension], key: Key, named: NamedRows) -> list[Any]:
    """Return the values of `key_columns` for a group; None for a name that cannot be read any more."""
    found: dict[str, Any] = {}
    for dimension, value in zip(dimensions, key, strict=True):
        if dimension is Dimension.EXTENSION_USER:
            found |= _person(value, named)
        elif dimension is Dimension.ORGANIZATION:
            found |= _named("organization", value, named.organizations)
        elif dimension is Dimension.TEAM:
            found |= _named("team", value, named.teams)
        elif dimension is Dimension.SESSION:
            found |= {"sessionId": value.session_id, **_person(value.user_id, named)}
        else:
            found[camel_case(dimension.value)] = value.name if isinstance(value, Enum) else value
    return list(found.values())


def people_of(keys: Iterable[Key], dimensions: Sequence[Dimension]) -> set[UUID]:
    """Return the ids of the people that groups are of."""
    values = [value for key in keys for value in zip(dimensions, key, strict=True)]
    ids = {_person_id(value) for dimension, value in values if _COLUMNS_OF.get(dimension, ())[-2:] == _PERSON}
    return ids - {ANONYMOUS}


def values_of_dimension(keys: Iterable[Key], dimensions: Sequence[Dimension], dimension: Dimension) -> set[UUID]:
    """Return the ids of the teams, or organizations, that groups are of."""
    return {value for key in keys for each, value in zip(dimensions, key, strict=True) if each is dimension}


def _person_id(value: SessionKey | UUID) -> UUID:
    return value.user_id if isinstance(value, SessionKey) else value


def _named(name: str, id_: UUID, rows: Mapping[UUID, TeamRow] | Mapping[UUID, OrganizationRow]) -> dict[str, Any]:
    row = rows.get(id_)
    return {name: None if row is None else row.name, f"{name}Id": str(id_)}


def _person(user_id: UUID, named: NamedRows) -> dict[str, Any]:
    row = named.people.get(user_id)
    return {
        "username": None if row is None else row.username,
        "extensionUserId": None if user_id == ANONYMOUS else str(user_id),
    }


def _number_names(measure: Measure) -> list[str]:
    if measure.is_number:
        return [measure.field]
    return [f"{measure.field}.{camel_case(part.name)}" for part in fields(measure.type)]
