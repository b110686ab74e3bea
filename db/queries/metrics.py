"""Asking the metrics engine: totals, series, pages of groups.

The functions that answer batches take their keys third, as db.queries functions do; what is asked under a key of a
subject is found under it. All people taken together are one subject, EVERYBODY.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Double, and_, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.categories import Category
from core.dimensions import Dimension
from core.event_types import EventType
from core.events import ANONYMOUS
from core.scope import Scope
from db.cluster import is_cluster
from db.metrics.question import WHOLE, Key, Question, Split
from db.metrics.shape import Asked, Shape, asked
from db.metrics.statement import Answer, answer
from db.metrics.values import MeasureValues, values_of
from db.prepared import SHAPES, Prepared, fetch, parameter, prepared
from db.queries.session import SessionKey

EVERYBODY = ANONYMOUS

Measures = frozenset[str]
SubjectAndKey = tuple[UUID, Key]


@dataclass(frozen=True, slots=True)
class Order:
    """How groups are sorted: by a measure, ties by their keys."""

    measure: str
    descending: bool = True


@dataclass(frozen=True, slots=True)
class GroupsPage:
    """Which groups: split how, sorted how, from where on, how many."""

    split: Split
    order: Order
    offset: int
    limit: int


@dataclass(frozen=True, slots=True)
class Group:
    """A group of an answer."""

    key: Key
    values: MeasureValues


@dataclass(frozen=True, slots=True)
class Groups:
    """A page of groups, and how many there are in all."""

    rows: Sequence[Group] = ()
    total: int = 0


async def totals(
    connection: AsyncConnection, scope: Scope, ids: Collection[UUID], question: Question, measures: Measures
) -> dict[UUID, MeasureValues]:
    """The measures of each subject; those without an event are left out."""
    rows = await _rows(connection, _asked(connection, scope, ids, question, WHOLE), measures)
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
    for row in await _rows(connection, _asked(connection, scope, subjects, question, split), measures):
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
    about = _asked(connection, scope, {subject for subject, _ in keys}, question, split)
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
    about = _asked(connection, scope, ids, question, page.split)
    statement = _groups_statement(about.shape, measures | {page.order.measure}, page.order)
    last = page.offset + page.limit
    pages: dict[UUID, list[Group]] = {}
    counts: dict[UUID, int] = {}
    for row in await fetch(connection, statement, about.values | {"offset": page.offset, "last": last}):
        rows_of_page = pages.setdefault(row.subject, [])
        if row.place > page.offset:
            rows_of_page.append(Group(key_of(row, page.split), values_of(row)))
        counts[row.subject] = row.total
    return {subject: Groups(page, counts[subject]) for subject, page in pages.items()}


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
        about = _asked(connection, scope, [subject], question, Split(dimensions, without=named))
        for row in await _rows(connection, about, measures):
            found[subject, named] = values_of(row)
    return found


def _asked(connection: AsyncConnection, scope: Scope, ids: Collection[UUID], question: Question, split: Split) -> Asked:
    named = None if question.subject is None else ids  # EVERYBODY is nobody in particular
    return asked(scope, named, question, split, spread=is_cluster(connection))


async def _rows(connection: AsyncConnection, about: Asked, measures: Measures) -> list[Any]:
    return await fetch(connection, _answer_statement(about.shape, measures), about.values)


@lru_cache(SHAPES)
def _answer_statement(shape: Shape, measures: Measures) -> Prepared:
    return prepared(answer(shape, measures).statement)


@lru_cache(SHAPES)
def _groups_statement(shape: Shape, measures: Measures, order: Order) -> Prepared:
    """The groups from `offset` (a parameter) to `last`, and how many there are."""
    found = answer(shape, measures)
    rows = found.rows.c
    place = func.row_number().over(partition_by=rows.subject, order_by=_sort(found, order))
    total = func.count().over(partition_by=rows.subject)
    ranked = select(found.rows, place.label("place"), total.label("total")).subquery("ranked")
    offset, last = (parameter(name, BigInteger()) for name in ("offset", "last"))
    return prepared(
        select(ranked)
        .where(
            # The first group comes along from beyond the last page, too: with it comes their number.
            or_(ranked.c.place == 1, and_(ranked.c.place > offset, ranked.c.place <= last))
        )
        .order_by(ranked.c.subject, ranked.c.place)
    )


def key_of(row: Any, split: Split) -> Key:
    """The group that a row of an answer stands for."""
    return tuple(_value_of(row, dimension) for dimension in split.dimensions)


_COLUMNS = {
    Dimension.DOMAIN: "key_domain",
    Dimension.URL: "key_url",
    Dimension.EXTENSION_USER: "key_user",
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


def _sort(found: Answer, order: Order) -> list[ColumnElement[Any]]:
    value = _expression(found, order.measure)
    first = value.desc().nulls_last() if order.descending else value.asc().nulls_last()
    return [first, *(found.rows.c[column.name] for column in found.keys.group_columns)]


def _expression(found: Answer, measure: str) -> ColumnElement[Any]:
    """A measure of a row in SQL, zero where nothing was counted; derived ones as db.metrics.values derives them."""

    def column(name: str) -> ColumnElement[Any]:
        return func.coalesce(found.rows.c[name], 0)

    if measure == "idle_minutes":
        return column("tracked_minutes") - column("engaged_minutes")
    if measure == "engagement_rate":
        return cast(column("engaged_minutes"), Double()) / func.nullif(column("tracked_minutes"), 0)
    if measure == "deep_work_rate":
        return column("deep_work_seconds") / func.nullif(column("tracked_minutes"), 0)
    return column(measure)
