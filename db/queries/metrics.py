"""Asking the metrics engine: totals, series, pages of groups.

The functions that answer batches take their keys third, as db.queries functions do; what is asked under a key of a
subject is found under it. All people taken together are one subject, EVERYBODY.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Double, and_, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.categories import Category
from core.dimensions import Dimension
from core.event_types import EventType
from core.events import ANONYMOUS
from core.scope import Scope
from db.metrics.question import WHOLE, Key, Question, Split
from db.metrics.statement import Answer, answer
from db.metrics.values import MeasureValues, values_of
from db.queries.people import People, Subject, people
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
    found = answer(chosen(scope, ids, question), question, WHOLE, measures)
    return {row.subject: values_of(row) for row in await connection.execute(select(found.rows))}


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
    found = answer(chosen(scope, {subject for subject, _ in keys}, question), question, split, measures)
    buckets: dict[SubjectAndKey, dict[int, MeasureValues]] = {}
    for row in await connection.execute(select(found.rows)):
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
    found = answer(chosen(scope, {subject for subject, _ in keys}, question), question, split, measures)
    return {(row.subject, key_of(row, split)): values_of(row) for row in await connection.execute(select(found.rows))}


async def groups(
    connection: AsyncConnection,
    scope: Scope,
    ids: Collection[UUID],
    question: Question,
    page: GroupsPage,
    measures: Measures,
) -> dict[UUID, Groups]:
    """The same page of each subject's groups: those with an event, and those to which time of a measure belongs."""
    found = answer(chosen(scope, ids, question), question, page.split, measures | {page.order.measure, "events"})
    rows = found.rows.c
    place = func.row_number().over(partition_by=rows.subject, order_by=_sort(found, page.order))
    total = func.count().over(partition_by=rows.subject)
    ranked = select(found.rows, place.label("place"), total.label("total")).subquery("ranked")
    statement = (
        select(ranked)
        .where(
            # The first group comes along from beyond the last page, too: with it comes their number.
            or_(ranked.c.place == 1, and_(ranked.c.place > page.offset, ranked.c.place <= page.offset + page.limit))
        )
        .order_by(ranked.c.subject, ranked.c.place)
    )
    pages: dict[UUID, list[Group]] = {}
    counts: dict[UUID, int] = {}
    for row in await connection.execute(statement):
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
        rest = answer(chosen(scope, [subject], question), question, Split(dimensions, without=named), measures)
        for row in await connection.execute(select(rest.rows)):
            found[subject, named] = values_of(row)
    return found


def chosen(scope: Scope, ids: Collection[UUID], question: Question) -> People:
    """Whose events a question is about: the subjects', as far as they are in scope."""
    if question.subject is Subject.USER:
        return people(scope, user_ids=ids)
    if question.subject is Subject.ORGANIZATION:
        return people(scope, organization_ids=ids)
    where = question.where
    return people(scope, organization_ids=where.organization_ids, user_ids=where.extension_user_ids)


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
