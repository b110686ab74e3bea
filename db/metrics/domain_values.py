"""The sites and categories of the domains that a statement is about.

Values that are a function of a domain (and of whose rules hold for it) are stored nowhere. A statement finds its
distinct domains, once for all its parts, and makes one value of them, in which rows look theirs up (ADR 7). So whatever
has domains, such as hours, can be told apart and chosen by these values.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CTE, ColumnElement, FromClause, select

from core.dimensions import Dimension
from db.keyset import AnySelect
from db.metrics.categories import categories_of
from db.metrics.query_shape import QueryShape
from db.metrics.sites import sites_of
from db.models import Behavior
from db.queries.filters import EventFilter

Instant = ColumnElement[datetime] | datetime


@dataclass(frozen=True, slots=True)
class DomainValues:
    """The values to look up, each a relation of one row and column; None for those that nothing asks for."""

    categories: CTE | None = None
    """For db.queries.filters.category_of."""
    sites: CTE | None = None
    """For db.queries.filters.site_of."""


def domain_values(shape: QueryShape, domains: Callable[[], AnySelect]) -> DomainValues:
    """The values that the question's groups or filter need, of `domains`: a statement of (organization_id, domain)."""
    by_category = Dimension.CATEGORY in shape.dimensions or shape.where.choosing.needs_categories
    by_site = Dimension.SITE in shape.dimensions or shape.where.choosing.needs_sites
    return DomainValues(
        categories_of(domains(), "category") if by_category else None,
        sites_of(domains(), "site") if by_site else None,
    )


def with_domain_values(where: EventFilter, persons: FromClause, start: Instant, end: Instant) -> EventFilter:
    """The filter of a list, with the values that it needs of people's domains from `start` to `end`."""
    met = (
        select(persons.c.organization_id, Behavior.domain)
        .join(Behavior, Behavior.user_id == persons.c.user_id)
        .where(Behavior.domain.is_not(None), Behavior.ts >= start, Behavior.ts < end)
        .distinct()
    )
    if where.needs_categories:
        where = where.with_categories(categories_of(met, "filtered_category"))
    if where.needs_sites:
        where = where.with_sites(sites_of(met, "filtered_site"))
    return where
