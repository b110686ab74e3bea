"""The columns that a dimension's values take in a row, and the values that take them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, SmallInteger, Text, Uuid
from sqlalchemy.types import TypeEngine

from core.categories import Category
from core.dimensions import Dimension
from core.event_types import EventType
from db.metrics.question import Key


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A column of the key: its label and type."""

    name: str
    type: TypeEngine[Any]


_COLUMNS: dict[Dimension, tuple[KeyColumn, ...]] = {
    Dimension.DOMAIN: (KeyColumn("key_domain", Text()),),
    Dimension.SITE: (KeyColumn("key_site", Text()),),
    Dimension.CATEGORY: (KeyColumn("key_category", Text()),),
    Dimension.URL: (KeyColumn("key_url", Text()),),
    Dimension.EVENT_TYPE: (KeyColumn("key_type", SmallInteger()),),
    Dimension.EXTENSION_USER: (KeyColumn("key_user", Uuid()),),
    Dimension.TEAM: (KeyColumn("key_team", Uuid()),),
    Dimension.ORGANIZATION: (KeyColumn("key_organization", Uuid()),),
    Dimension.SESSION: (KeyColumn("key_session_user", Uuid()), KeyColumn("key_session", Text())),
    Dimension.HOUR_OF_DAY: (KeyColumn("key_hour", Integer()),),
    Dimension.DAY_OF_WEEK: (KeyColumn("key_weekday", Integer()),),
}


def columns_of(dimensions: tuple[Dimension, ...]) -> list[KeyColumn]:
    """The columns of these dimensions: one each, but two for a session."""
    return [column for dimension in dimensions for column in _COLUMNS[dimension]]


def flat_values(dimensions: tuple[Dimension, ...], key: Key) -> list[Any]:
    """A group's key as the values of the columns."""
    values: list[Any] = []
    for dimension, value in zip(dimensions, key, strict=True):
        if dimension is Dimension.SESSION:
            values.extend(value)
        else:
            values.append(value.value if isinstance(value, EventType | Category) else value)
    return values
