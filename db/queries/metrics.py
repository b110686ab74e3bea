"""Asking the metrics engine: totals, series, pages of groups.

The functions that answer batches take their keys third, as db.queries functions do; what is asked under a key of a
subject is found under it. All people taken together are one subject, EVERYBODY.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, null
from sqlalchemy.ext.asyncio import AsyncConnection

from core.categories import Category
from core.dimensions import Dimension
from core.event_types import EventType
from core.scope import Scope
from core.weeks import WeekStart
from db.cluster import topology_of
from db.metrics.group_keys import flat_values
from db.metrics.measures import BY_NAME
from db.metrics.query_shape import BoundQuery, QueryShape, bound_query
from db.metrics.question import WHOLE, Key, Question, Split
from db.metrics.statement import Answer, answer
from db.metrics.values import MeasureValues, values_of
from db.prepared import SHAPES, Prepared, fetch, prepared
from db.queries.filters import EventFilter
from db.queries.people import Subject
from db.queries.ranked_pages import RankedPlace, Ranking, Value, key_parts, pages_of, ranked_page, ranked_values
from db.queries.sessions import SessionKey

EVERYBODY = UUID(int=0)
"""The key of all people taken together, where people or organizations are the keys otherwise."""


def subject_of(
    organization_id: UUID, team_id: UUID | None, extension_user_id: UUID | None, where: EventFilter
) -> tuple[Subject | None, UUID, EventFilter]:
    """The subject, key and filter of a question about a person, the people of a team, or else an organization."""
    if extension_user_id is not None:
        return Subject.USER, extension_user_id, where
    if team_id is not None:
        people = EventFilter(organization_ids=(organization_id,), team_ids=(team_id,), all_of=(where,))
        return None, EVERYBODY, people
    return Subject.ORGANIZATION, organization_id, where


Measures = frozenset[str]
SubjectAndKey = tuple[UUID, Key]


@dataclass(frozen=True, slots=True)
class Order:
    """The order of groups: by a measure, ties by their keys; without one by their keys alone.

    Days of the week are in the order of the week that begins with `week_start`.
    """

    measure: str | None = None
    descending: bool = True
    week_start: WeekStart = WeekStart.MONDAY

    @property
    def measures(self) -> Measures:
        """The measure to sort by, if any."""
        return frozenset() if self.measure is None else frozenset({self.measure})

    @property
    def is_whole(self) -> bool:
        """True if the value to sort by is a whole number."""
        return self.measure is not None and BY_NAME[self.measure].type is int

    @property
    def keys_descending(self) -> bool:
        """True if the keys are in descending order; as ties they are not."""
        return self.measure is None and self.descending


@dataclass(frozen=True, slots=True)
class GroupsPage:
    """A page of groups to ask for: split, order, size, and the place to begin after; None for the start."""

    split: Split
    order: Order
    limit: int
    after: RankedPlace | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A group of an answer, with the value of the measure that it is ranked by."""

    key: Key
    values: MeasureValues
    rank_value: Value = None


@dataclass(frozen=True, slots=True)
class Groups:
    """A page of groups, whether there are more after it, and how many there are in all."""

    rows: Sequence[Group] = ()
    more: bool = False
    total: int = 0


async def totals(
    connection: AsyncConnection, scope: Scope, ids: Collection[UUID], question: Question, measures: Measures
) -> dict[UUID, MeasureValues]:
    """The measures of each subject; those without an event are left out."""
    rows = await _rows(connection, _bound_query(connection, scope, ids, question, WHOLE), measures)
    return {row.subject: values_of(row) for row in rows}


async def series(
    connection: AsyncConnection,
    scope: Scope,
    keys: Collection[SubjectAndKey],
    question: Question,
    split: Split,
    measures: Measures,
) -> Mapping[SubjectAndKey, dict[int, MeasureValues]]:
    """The measures of each subject's group (`()`: of all of it) by the number of the bucket, from 0."""
    split = split.of_only(keys)
    subjects = {subject for subject, _ in keys}
    buckets: dict[SubjectAndKey, dict[int, MeasureValues]] = {}
    for row in await _rows(connection, _bound_query(connection, scope, subjects, question, split), measures):
        buckets.setdefault((row.subject, key_of(row, split)), {})[row.bucket] = values_of(row)
    return buckets


async def group_values(
    connection: AsyncConnection,
    scope: Scope,
    keys: Collection[SubjectAndKey],
    question: Question,
    split: Split,
    measures: Measures,
) -> dict[SubjectAndKey, MeasureValues]:
    """The measures of each subject's group."""
    split = split.of_only(keys)
    about = _bound_query(connection, scope, {subject for subject, _ in keys}, question, split)
    rows = await _rows(connection, about, measures)
    return {(row.subject, key_of(row, split)): values_of(row) for row in rows}


async def groups(
    connection: AsyncConnection,
    scope: Scope,
    ids: Collection[UUID],
    question: Question,
    page: GroupsPage,
    measures: Measures,
) -> dict[UUID, Groups]:
    """The same page of each subject's groups: those that have any of the measures."""
    about = _bound_query(connection, scope, ids, question, page.split)
    statement = _groups_statement(about.shape, measures | page.order.measures, page.order, page.after is not None)
    found = await fetch(connection, statement, about.values | ranked_values(page.limit, page.after))
    return {
        subject: Groups(
            [Group(key_of(row, page.split), values_of(row), row.rank_value) for row in each.rows], each.more, each.total
        )
        for subject, each in pages_of(found, page.limit).items()
    }


async def without_groups(
    connection: AsyncConnection,
    scope: Scope,
    keys: Collection[tuple[UUID, tuple[Key, ...]]],
    question: Question,
    dimensions: tuple[Dimension, ...],
    measures: Measures,
) -> dict[tuple[UUID, tuple[Key, ...]], MeasureValues]:
    """The measures of everything but the groups named beside each subject, taken together."""
    found: dict[tuple[UUID, tuple[Key, ...]], MeasureValues] = {}
    for subject, named in keys:  # what is left out differs from subject to subject
        about = _bound_query(connection, scope, [subject], question, Split(dimensions, without=named))
        for row in await _rows(connection, about, measures):
            found[subject, named] = values_of(row)
    return found


def _bound_query(
    connection: AsyncConnection, scope: Scope, ids: Collection[UUID], question: Question, split: Split
) -> BoundQuery:
    named = None if question.subject is None else ids  # EVERYBODY is nobody in particular
    return bound_query(scope, named, question, split, topology_of(connection))


async def _rows(connection: AsyncConnection, about: BoundQuery, measures: Measures) -> list[Any]:
    return await fetch(connection, _answer_statement(about.shape, measures), about.values)


@lru_cache(SHAPES)
def _answer_statement(shape: QueryShape, measures: Measures) -> Prepared:
    return prepared(answer(shape, measures).statement)


@lru_cache(SHAPES)
def _groups_statement(shape: QueryShape, measures: Measures, order: Order, after: bool) -> Prepared:
    """The page of groups that `ranked_values` describes, and how many there are."""
    found = answer(shape, measures)
    keys = [_key_in_order(found.rows.c[column.name], order) for column in found.keys.group_columns]
    value = null() if order.measure is None else expression_of(found, order.measure)
    ranking = Ranking(order.descending, order.is_whole, after, keys_descending=order.keys_descending)
    return prepared(ranked_page(found.rows, value, keys, ranking))


def place_of(dimensions: tuple[Dimension, ...], group: Group, order: Order) -> RankedPlace:
    """The place of a group by these dimensions in an order, for a page to begin after."""
    return RankedPlace(group.rank_value, rank_key(dimensions, group.key, order))


def key_of(row: Any, split: Split) -> Key:
    """The group that a row of an answer stands for."""
    return tuple(_value_of(row, dimension) for dimension in split.dimensions)


_COLUMNS = {
    Dimension.DOMAIN: "key_domain",
    Dimension.SITE: "key_site",
    Dimension.URL: "key_url",
    Dimension.EXTENSION_USER: "key_user",
    Dimension.TEAM: "key_team",
    Dimension.ORGANIZATION: "key_organization",
    Dimension.HOUR_OF_DAY: "key_hour",
    Dimension.DAY_OF_WEEK: "key_weekday",
}


def _value_of(row: Any, dimension: Dimension) -> Any:
    if dimension is Dimension.SESSION:
        return SessionKey(row.key_session_user, row.key_session)
    if dimension is Dimension.EVENT_TYPE:
        return EventType(row.key_type)
    if dimension is Dimension.CATEGORY:
        return Category(row.key_category)
    return getattr(row, _COLUMNS[dimension])


def _key_in_order(column: ColumnElement[Any], order: Order) -> ColumnElement[Any]:
    """A key column, or for days of the week their place in the week."""
    if column.key != _COLUMNS[Dimension.DAY_OF_WEEK]:
        return column
    return (column - order.week_start.isoweekday + 7) % 7


def rank_key(dimensions: tuple[Dimension, ...], key: Key, order: Order) -> tuple[Any, ...]:
    """The parts of a group's key that it is ranked by."""
    in_order = tuple(
        order.week_start.place_of(value) if dimension is Dimension.DAY_OF_WEEK else value
        for dimension, value in zip(dimensions, key, strict=True)
    )
    return key_parts(flat_values(dimensions, in_order))


def expression_of(found: Answer, name: str) -> ColumnElement[Any]:
    """A measure of a row in SQL, zero where nothing was counted."""

    def column(name: str) -> ColumnElement[Any]:
        return func.coalesce(found.rows.c[name], 0)

    measure = BY_NAME[name]
    if measure.formula is None:
        return column(name)
    return measure.formula.of_columns(*(column(part) for part in measure.derived_from))
