"""Transitions: from where to where people switch. db/metrics/transitions.py finds them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, case, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.categories import Category
from core.described_enum import DescribedEnum
from core.dimensions import TransitionDimension
from core.scope import Scope
from db.cluster import topology_of
from db.keyset import AnySelect, Ordering
from db.metrics.categories import categories_of
from db.metrics.measure_query import as_seconds
from db.metrics.query_shape import QueryShape, bound_query
from db.metrics.question import WHOLE, Question
from db.metrics.sites import sites_of
from db.metrics.source import Source
from db.metrics.statement import source_and_keys
from db.metrics.transitions import transitions
from db.prepared import SHAPES, Prepared, fetch, prepared
from db.queries.filter_conditions import category_of, site_of
from db.queries.ranked_pages import (
    RankedPlace,
    Ranking,
    pages_of,
    place_types,
    ranked_page,
    ranked_values,
    text_parts,
)


class TransitionMeasure(DescribedEnum):
    """The measures of transitions, to sort by: columns of a row."""

    COUNT = "count", "The number of switches."
    USERS = "users", "The number of people who made one."
    MEDIAN_SECONDS_BEFORE = "median_seconds_before", "The median of the time stayed before."

    @property
    def place_types(self) -> tuple[Any, ...]:
        """The types of a row's place in this order."""
        return place_types([Text(), Text()], whole=self.whole)

    @property
    def whole(self) -> bool:
        """True if its values are whole numbers."""
        return self is not TransitionMeasure.MEDIAN_SECONDS_BEFORE


@dataclass(frozen=True, slots=True)
class TransitionOrder:
    """The order of transitions: by a measure, ties by from and to."""

    measure: TransitionMeasure = TransitionMeasure.COUNT
    descending: bool = True


@dataclass(frozen=True, slots=True)
class TransitionsPage:
    """A page of transitions to ask for. `by` is the dimension of `from` and `to`; `after` None is the start."""

    by: TransitionDimension
    order: TransitionOrder
    limit: int
    after: RankedPlace | None = None


@dataclass(frozen=True, slots=True)
class TransitionRow:
    """The switches from one value to another; None for events without a domain.

    `place` is that of the row in its order: the value that it is ranked by, and the parts of its key.
    """

    from_value: str | None
    to_value: str | None
    count: int
    users: int
    median_seconds_before: float
    place: tuple[Any, ...]


def in_order(order: TransitionOrder) -> Ordering[TransitionRow]:
    """The order, as cursors of rows are made by."""
    return Ordering("usageTransitions", (), order.measure.place_types, lambda row: row.place, order.descending)


@dataclass(frozen=True, slots=True)
class Transitions:
    """A page of transitions, whether there are more after it, and how many there are in all."""

    rows: Sequence[TransitionRow] = ()
    more: bool = False
    total: int = 0


async def pages(
    connection: AsyncConnection, scope: Scope, ids: Collection[UUID], question: Question, page: TransitionsPage
) -> dict[UUID, Transitions]:
    """The same page of each subject's transitions; subjects without any are left out."""
    named = None if question.subject is None else ids
    about = bound_query(scope, named, question, WHOLE, topology_of(connection))
    # Hours know how many switches there were within them, not from where to where.
    statement = _statement(replace(about.shape, hours=None), page.by, page.order, page.after is not None)
    found = await fetch(connection, statement, about.values | ranked_values(page.limit, page.after))
    return {
        subject: Transitions([_row_of(row, page.by) for row in each.rows], each.more, each.total)
        for subject, each in pages_of(found, page.limit).items()
    }


def _row_of(row: Any, by: TransitionDimension) -> TransitionRow:
    place = (row.rank_value, *text_parts(row.from_value), *text_parts(row.to_value))
    return TransitionRow(
        _shown(row.from_value, by), _shown(row.to_value, by), row.count, row.users, row.median_seconds_before, place
    )


def _shown(value: str | None, by: TransitionDimension) -> str | None:
    """A domain as it is, a category by the name that GraphQL has for it."""
    return Category(value).name if value is not None and by is TransitionDimension.CATEGORY else value


@lru_cache(SHAPES)
def _statement(shape: QueryShape, by: TransitionDimension, order: TransitionOrder, after: bool) -> Prepared:
    rows = _summed_up(shape, by).subquery("answer")
    ranking = Ranking(order.descending, order.measure.whole, after)
    return prepared(ranked_page(rows, rows.c[order.measure.value], [rows.c.from_value, rows.c.to_value], ranking))


def _summed_up(shape: QueryShape, by: TransitionDimension) -> AnySelect:
    """The transitions of each subject by their ends: each is told by its people's, so that a cluster sums up last."""
    source, keys = source_and_keys(shape)
    switch = transitions(source, keys)
    ends = _ends(source, switch, by)
    each = select(*keys.of(switch), switch.c.user_id, *ends, switch.c.us).subquery("each")
    group = [each.c.subject, each.c.from_value, each.c.to_value]
    return select(
        *group,
        func.count().label("count"),
        func.count(distinct(each.c.user_id)).label("users"),
        func.percentile_cont(0.5).within_group(as_seconds(each.c.us)).label("median_seconds_before"),
    ).group_by(*group)


def _ends(source: Source, switch: Any, by: TransitionDimension) -> list[ColumnElement[Any]]:
    """From and to, of which a side is null if its event has no domain."""
    sides = {"from_value": switch.c.domain, "to_value": switch.c.to_domain}
    if by is TransitionDimension.DOMAIN:
        return [domain.label(name) for name, domain in sides.items()]
    value: Callable[[ColumnElement[str]], ColumnElement[str]]
    if by is TransitionDimension.SITE:
        value = partial(site_of, sites_of(source.domains(), "end_site"))
    else:
        value = partial(category_of, categories_of(source.domains(), "end_category"), switch.c.organization_id)
    return [case((domain.is_not(None), value(domain))).label(name) for name, domain in sides.items()]
