"""What tells the rows of an answer apart: the subject, the group's dimensions, the bucket.

Every part of a statement brings rows with the columns that these expressions read: user_id, organization_id, and, where
the split needs them, session_id, domain, url, type, slot.
"""

from copy import copy
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Integer,
    SmallInteger,
    Text,
    Uuid,
    cast,
    func,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.types import TypeEngine

from core.dimensions import Dimension
from core.events import ANONYMOUS
from core.slots import Slots
from db.keyset import Column
from db.metrics.question import Key, Split
from db.queries.filters import whose_domain
from db.queries.people import Subject

_INSTANTS = ARRAY(TIMESTAMP(timezone=True))
_NUMBERS = ARRAY(Integer())


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A column of the key: its label and type."""

    name: str
    type: TypeEngine[Any]


_COLUMNS: dict[Dimension, tuple[KeyColumn, ...]] = {
    Dimension.DOMAIN: (KeyColumn("key_domain", Text()),),
    Dimension.CATEGORY: (KeyColumn("key_category", Text()),),
    Dimension.URL: (KeyColumn("key_url", Text()),),
    Dimension.EVENT_TYPE: (KeyColumn("key_type", SmallInteger()),),
    Dimension.EXTENSION_USER: (KeyColumn("key_user", Uuid()),),
    Dimension.ORGANIZATION: (KeyColumn("key_organization", Uuid()),),
    Dimension.SESSION: (KeyColumn("key_session_user", Uuid()), KeyColumn("key_session", Text())),
    Dimension.HOUR_OF_DAY: (KeyColumn("key_hour", Integer()),),
    Dimension.DAY_OF_WEEK: (KeyColumn("key_weekday", Integer()),),
}


class Keys:
    """The key columns of one statement, as expressions over whatever relation they are asked of."""

    def __init__(self, subject: Subject | None, split: Split, slots: Slots | None) -> None:
        self._subject = subject
        self._split = split
        self._slots = None if slots is None else _slots_cte(slots)
        self._categories: CTE | None = None

    def with_categories(self, categories: CTE) -> "Keys":
        """The same keys, knowing the categories of domains."""
        keys = copy(self)
        keys._categories = categories  # noqa: SLF001 - of the same class
        return keys

    @property
    def by_time(self) -> bool:
        """Whether anything is split by time, so that intervals must be cut at the slots' edges."""
        return self._slots is not None

    @property
    def slots(self) -> CTE:
        """One row with the arrays of the slots: edges, buckets, hours, weekdays."""
        assert self._slots is not None, "ask `by_time` first"  # noqa: S101
        return self._slots

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The dimensions whose values an answer's rows are told apart, or chosen, by."""
        return self._split.dimensions

    @property
    def group_columns(self) -> list[KeyColumn]:
        """The columns that groups are told apart by."""
        if self._split.without is not None:
            return []
        return [column for dimension in self._split.dimensions for column in _COLUMNS[dimension]]

    @property
    def columns(self) -> list[KeyColumn]:
        """All key columns: the subject, the group, the bucket."""
        subject = [KeyColumn("subject", Uuid())]
        bucket = [KeyColumn("bucket", Integer())] if self._split.buckets else []
        return subject + self.group_columns + bucket

    def slot_of(self, instant: Column) -> ColumnElement[int]:
        """The number of the slot an instant falls in, from 1."""
        return func.width_bucket(instant, self.slots.c.edges)

    def of(self, relation: FromClause) -> list[ColumnElement[Any]]:
        """The key columns of the relation's rows, labelled."""
        values = [self._subject_of(relation)]
        if self._split.without is None:
            values += self._group_of(relation)
        if self._split.buckets:
            values.append(self.slots.c.buckets[relation.c.slot])
        return [value.label(column.name) for value, column in zip(values, self.columns, strict=True)]

    def conditions(self, relation: FromClause) -> list[ColumnElement[bool]]:
        """What rows must meet to belong to a wanted group: values for every dimension, of the right keys."""
        if not self._split.dimensions:
            return []
        values = self._group_of(relation)
        present: list[ColumnElement[bool]] = [value.is_not(None) for value in values]
        if self._split.only is not None:
            return [*present, tuple_(*values).in_(_literals(self._split, self._split.only))]
        if self._split.without:
            return [*present, tuple_(*values).not_in(_literals(self._split, self._split.without))]
        return present

    def with_slots(self, relation: FromClause) -> FromClause:
        """The relation, with the slots' arrays at hand when anything is split by time."""
        return relation.join(self.slots, true()) if self.by_time else relation

    def joined(self, relation: FromClause) -> FromClause:
        """The relation, with all at hand that the keys read beside its columns.

        When they read categories it loses the rows without a domain, which are in no group.
        """
        joined = self.with_slots(relation)
        if self._categories is None:
            return joined
        key = whose_domain(relation.c.organization_id, relation.c.domain)
        return joined.join(self._categories, self._categories.c.key == key)

    def _subject_of(self, relation: FromClause) -> ColumnElement[Any]:
        if self._subject is None:
            return cast(literal(ANONYMOUS, Uuid()), Uuid())
        return relation.c[self._subject.value]

    def _group_of(self, relation: FromClause) -> list[ColumnElement[Any]]:
        return [value for dimension in self._split.dimensions for value in self._values_of(dimension, relation)]

    def _values_of(self, dimension: Dimension, relation: FromClause) -> list[ColumnElement[Any]]:
        if dimension is Dimension.EXTENSION_USER:
            return [func.nullif(relation.c.user_id, cast(literal(ANONYMOUS, Uuid()), Uuid()))]
        if dimension is Dimension.SESSION:
            return [relation.c.user_id, relation.c.session_id]
        if dimension is Dimension.HOUR_OF_DAY:
            return [self.slots.c.hours[relation.c.slot]]
        if dimension is Dimension.DAY_OF_WEEK:
            return [self.slots.c.weekdays[relation.c.slot]]
        if dimension is Dimension.CATEGORY:
            assert self._categories is not None, "give them `with_categories`"  # noqa: S101
            return [self._categories.c.category]
        name = {
            Dimension.DOMAIN: "domain",
            Dimension.URL: "url",
            Dimension.EVENT_TYPE: "type",
            Dimension.ORGANIZATION: "organization_id",
        }[dimension]
        return [relation.c[name]]


def _slots_cte(slots: Slots) -> CTE:
    return select(
        cast(literal(list(slots.edges), _INSTANTS), _INSTANTS).label("edges"),
        cast(literal(list(slots.buckets), _NUMBERS), _NUMBERS).label("buckets"),
        cast(literal(list(slots.hours), _NUMBERS), _NUMBERS).label("hours"),
        cast(literal(list(slots.weekdays), _NUMBERS), _NUMBERS).label("weekdays"),
    ).cte("slots")


def _literals(split: Split, keys: tuple[Key, ...]) -> list[tuple[Any, ...]]:
    """Group keys as flat tuples: a session's pair takes two places."""
    flat = []
    for key in keys:
        values: list[Any] = []
        for dimension, value in zip(split.dimensions, key, strict=True):
            if dimension is Dimension.SESSION:
                values.extend(value)
            else:
                values.append(value.value if dimension is Dimension.CATEGORY else value)
        flat.append(tuple(values))
    return flat
