"""What tells the rows of an answer apart: the subject, the group's dimensions, the bucket.

Every part of a statement brings rows with the columns that these expressions read: user_id, organization_id, and, where
the split needs them, session_id, domain, url, type, slot.
"""

from copy import copy
from typing import Any, NamedTuple

from sqlalchemy import CTE, ColumnElement, FromClause, Integer, Uuid, cast, func, literal, select, true, tuple_
from sqlalchemy.sql.elements import Grouping

from core.dimensions import Dimension
from core.events import ANONYMOUS
from db.keyset import AnySelect, Column
from db.metrics.group_keys import KeyColumn, columns_of
from db.metrics.shape import Open, Shape
from db.queries.filters import category_of


class _Arrays(NamedTuple):
    """The arrays of the slots: edges, buckets, hours, weekdays."""

    edges: ColumnElement[Any]
    buckets: ColumnElement[Any]
    hours: ColumnElement[Any]
    weekdays: ColumnElement[Any]


class Keys:
    """The key columns of one statement, as expressions over whatever relation they are asked of."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._slots = _slots() if shape.by_time and not shape.spread else None
        self._categories: CTE | None = None

    def with_categories(self, categories: CTE) -> "Keys":
        """The same keys, knowing the categories of domains."""
        keys = copy(self)
        keys._categories = categories  # noqa: SLF001 - of the same class
        return keys

    @property
    def by_time(self) -> bool:
        """Whether anything is split by time, so that intervals must be cut at the slots' edges."""
        return self._shape.by_time

    @property
    def slots(self) -> _Arrays:
        """The arrays of the slots, of a relation of one row; a cluster, which does not take that, has them repeated."""
        if self._slots is not None:
            return _Arrays(*self._slots.c)
        arrays = (Open.edges, Open.buckets, Open.hours_of_day, Open.weekdays)
        return _Arrays(*(Grouping(array) for array in arrays))

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The dimensions whose values an answer's rows are told apart, or chosen, by."""
        return self._shape.dimensions

    @property
    def group_columns(self) -> list[KeyColumn]:
        """The columns that groups are told apart by."""
        return [] if self._shape.together else columns_of(self._shape.dimensions)

    @property
    def spread(self) -> bool:
        """Whether a cluster answers: then parts of a statement tell people apart, and its last step adds them up."""
        return self._shape.spread

    @property
    def answer_columns(self) -> list[KeyColumn]:
        """The key columns of an answer: the subject, the group, the bucket."""
        subject = [KeyColumn("subject", Uuid())]
        bucket = [KeyColumn("bucket", Integer())] if self._shape.by_bucket else []
        return subject + self.group_columns + bucket

    @property
    def columns(self) -> list[KeyColumn]:
        """All key columns that parts of a statement have: an answer's, and on a cluster the person."""
        return [*([KeyColumn("whose", Uuid())] if self.spread else []), *self.answer_columns]

    def slot_of(self, instant: Column) -> ColumnElement[int]:
        """The number of the slot an instant falls in, from 1."""
        return func.width_bucket(instant, self.slots.edges)

    def of(self, relation: FromClause) -> list[ColumnElement[Any]]:
        """The key columns of the relation's rows, labelled."""
        values: list[ColumnElement[Any]] = [relation.c.user_id] if self.spread else []
        values.append(self._subject_of(relation))
        if not self._shape.together:
            values += self._group_of(relation)
        if self._shape.by_bucket:
            values.append(self.slots.buckets[relation.c.slot])
        return [value.label(column.name) for value, column in zip(values, self.columns, strict=True)]

    def conditions(self, relation: FromClause) -> list[ColumnElement[bool]]:
        """What rows must meet to belong to a wanted group: values for every dimension, of the right keys."""
        if not self._shape.dimensions:
            return []
        values = self._group_of(relation)
        present: list[ColumnElement[bool]] = [column.is_not(None) for column in self._present(relation, values)]
        if self._shape.only:
            return [*present, tuple_(*values).in_(self._named())]
        if self._shape.without:
            return [*present, tuple_(*values).not_in(self._named())]
        return present

    def _present(self, relation: FromClause, values: list[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
        """What must not be null for the group's values to be there: a domain has a category, so it is not looked up."""
        if self._categories is None:
            return values
        others = [
            value
            for dimension in self.dimensions
            if dimension is not Dimension.CATEGORY
            for value in self._values_of(dimension, relation)
        ]
        return [*others, relation.c.domain]

    def joined(self, relation: FromClause) -> FromClause:
        """The relation, with the slots' arrays at hand when the keys read them."""
        return relation if self._slots is None else relation.join(self._slots, true())

    def _named(self) -> AnySelect:
        """The keys of the groups that are named."""
        columns = columns_of(self._shape.dimensions)
        return select(
            *(func.unnest(Open.keys(place, column.type), type_=column.type) for place, column in enumerate(columns))
        )

    def _subject_of(self, relation: FromClause) -> ColumnElement[Any]:
        if self._shape.subject is None:
            return cast(literal(ANONYMOUS, Uuid()), Uuid())
        return relation.c[self._shape.subject.value]

    def _group_of(self, relation: FromClause) -> list[ColumnElement[Any]]:
        return [value for dimension in self._shape.dimensions for value in self._values_of(dimension, relation)]

    def _values_of(self, dimension: Dimension, relation: FromClause) -> list[ColumnElement[Any]]:
        if dimension is Dimension.EXTENSION_USER:
            return [func.nullif(relation.c.user_id, cast(literal(ANONYMOUS, Uuid()), Uuid()))]
        if dimension is Dimension.SESSION:
            return [relation.c.user_id, relation.c.session_id]
        if dimension is Dimension.HOUR_OF_DAY:
            return [self.slots.hours[relation.c.slot]]
        if dimension is Dimension.DAY_OF_WEEK:
            return [self.slots.weekdays[relation.c.slot]]
        if dimension is Dimension.CATEGORY:
            assert self._categories is not None, "give them `with_categories`"  # noqa: S101
            return [category_of(self._categories, relation.c.organization_id, relation.c.domain)]
        name = {
            Dimension.DOMAIN: "domain",
            Dimension.URL: "url",
            Dimension.EVENT_TYPE: "type",
            Dimension.ORGANIZATION: "organization_id",
        }[dimension]
        return [relation.c[name]]


def _slots() -> CTE:
    return select(
        Open.edges.label("edges"),
        Open.buckets.label("buckets"),
        Open.hours_of_day.label("hours"),
        Open.weekdays.label("weekdays"),
    ).cte("slots")
