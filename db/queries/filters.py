"""Filters of events: what a client's `where` narrows them by, and the SQL of it."""

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Text, Uuid, and_, cast, false, func, literal, not_, or_, select, true

from core.categories import Category
from core.event_types import EventType
from core.events import ANONYMOUS
from db.keyset import Column
from db.models import Behavior, Hour, Run

_TIGHTLY = 10
"""Binds closer than `||`, as SQLAlchemy counts: what stands on the right gets parentheses."""


@dataclass(frozen=True, slots=True)
class TextFilter:
    """A condition on a text: exactly one of the four is given."""

    eq: str | None = None
    one_of: tuple[str, ...] | None = None
    contains: str | None = None
    starts_with: str | None = None


@dataclass(frozen=True, slots=True)
class CategoryFilter:
    """A condition on the category of the domain.

    `known` has the categories of the domains that the statement may meet, as db.metrics.categories makes it; clients'
    filters come without, and get it by `with_categories` when the statement is made.
    """

    one_of: tuple[Category, ...]
    known: CTE | None = None


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events: every condition that is given must hold; none given admits all.

    `all_of`, `any_of` and `not_` nest. An empty list admits everything in `all_of`, else nothing.
    """

    organization_ids: tuple[UUID, ...] | None = None
    extension_user_ids: tuple[UUID, ...] | None = None
    session_ids: tuple[str, ...] | None = None
    event_types: tuple[EventType, ...] | None = None
    domain: TextFilter | None = None
    category: CategoryFilter | None = None
    url: TextFilter | None = None
    all_of: tuple["EventFilter", ...] | None = None
    any_of: tuple["EventFilter", ...] | None = None
    not_: "EventFilter | None" = None

    @property
    def nested(self) -> tuple["EventFilter", ...]:
        """The filters in it."""
        return (*(self.all_of or ()), *(self.any_of or ()), *((self.not_,) if self.not_ else ()))

    @property
    def needs_runs(self) -> bool:
        """Whether it asks for what rollups of hours do not have."""
        asked_for = (self.session_ids, self.domain, self.category, self.url, self.event_types)
        return any(each is not None for each in asked_for) or any(each.needs_runs for each in self.nested)

    @property
    def needs_events(self) -> bool:
        """Whether it asks for what runs do not have."""
        asked_for = (self.url, self.event_types)
        return any(each is not None for each in asked_for) or any(each.needs_events for each in self.nested)

    @property
    def needs_categories(self) -> bool:
        """Whether it, or one in it, asks for categories."""
        return self.category is not None or any(part.needs_categories for part in self.nested)

    def with_categories(self, known: CTE) -> "EventFilter":
        """The same, with the categories of domains at hand."""
        return replace(
            self,
            category=None if self.category is None else replace(self.category, known=known),
            all_of=None if self.all_of is None else tuple(part.with_categories(known) for part in self.all_of),
            any_of=None if self.any_of is None else tuple(part.with_categories(known) for part in self.any_of),
            not_=None if self.not_ is None else self.not_.with_categories(known),
        )


@dataclass(frozen=True, slots=True)
class EventColumns:
    """The columns that a filter looks at; None where there are none of the kind."""

    organization_id: Column
    user_id: Column
    session_id: Column | None
    domain: Column | None
    type: Column | None
    url: Column | None

    @classmethod
    def of_behaviors(cls) -> "EventColumns":
        """Those of events."""
        return cls(
            Behavior.organization_id,
            Behavior.user_id,
            Behavior.session_id,
            Behavior.domain,
            Behavior.type,
            Behavior.url,
        )

    @classmethod
    def of_runs(cls, organization_id: Column) -> "EventColumns":
        """Those of runs, which have no type or url. The organization is the person's."""
        return cls(organization_id, Run.user_id, Run.session_id, Run.domain, None, None)

    @classmethod
    def of_hours(cls, organization_id: Column) -> "EventColumns":
        """Those of hours, which tell people apart and nothing else. The organization is the person's."""
        return cls(organization_id, Hour.user_id, None, None, None, None)


def matching(where: EventFilter, columns: EventColumns | None = None) -> ColumnElement[bool]:
    """The condition that an event passes the filter.

    It is never NULL, so `NOT` means what it says: an event without a domain does not match `domain: {eq: …}`, and does
    match its negation.
    """
    of = columns or EventColumns.of_behaviors()
    return and_(true(), *_own_conditions(where, of), *_nested_conditions(where, of))


def _own_conditions(where: EventFilter, of: EventColumns) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if where.organization_ids is not None:
        conditions.append(_known(of.organization_id) & of.organization_id.in_(where.organization_ids))
    if where.extension_user_ids is not None:
        conditions.append(of.user_id.in_(where.extension_user_ids))
    if where.session_ids is not None and of.session_id is not None:
        conditions.append(of.session_id.in_(where.session_ids))
    if where.event_types is not None and of.type is not None:
        conditions.append(of.type.in_([kind.value for kind in where.event_types]))
    if where.domain is not None and of.domain is not None:
        conditions.append(_known(of.domain) & _text(of.domain, where.domain))
    if where.category is not None and of.domain is not None:
        conditions.append(_known(of.domain) & _categorised(where.category, of.organization_id, of.domain))
    if where.url is not None and of.url is not None:
        conditions.append(_text(of.url, where.url))
    return conditions


def _nested_conditions(where: EventFilter, of: EventColumns) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if where.all_of is not None:
        conditions.append(and_(true(), *(matching(part, of) for part in where.all_of)))
    if where.any_of is not None:
        conditions.append(or_(false(), *(matching(part, of) for part in where.any_of)))
    if where.not_ is not None:
        conditions.append(not_(matching(where.not_, of)))
    return conditions


def _categorised(where: CategoryFilter, organization_id: Column, domain: Column) -> ColumnElement[bool]:
    assert where.known is not None, "see CategoryFilter"  # noqa: S101 - a statement that forgot `with_categories`
    return category_of(where.known, organization_id, domain).in_([each.value for each in where.one_of])


def category_of(known: CTE, organization_id: Column, domain: Column) -> ColumnElement[str]:
    """The value of the category of a domain, which must not be null, by an organization's rules.

    `known` is of db.metrics.categories, and has every domain that a rule speaks of.
    """
    categories = select(known.c.known).scalar_subquery()
    found = categories.op("->>", precedence=_TIGHTLY, return_type=Text())(whose_domain(organization_id, domain))
    return func.coalesce(found, literal(Category.OTHER.value, Text()))


def owner(organization_id: Column) -> ColumnElement[UUID]:
    """Whose rules hold: the organization's; the nil UUID stands for none, so that it can be looked up like others."""
    return func.coalesce(organization_id, cast(literal(ANONYMOUS, Uuid()), Uuid()))


def whose_domain(organization_id: Column, domain: Column) -> ColumnElement[str]:
    """A domain and whose rules hold for it, as one text: what categories are looked up by."""
    return cast(owner(organization_id), Text()) + literal(" ", Text()) + domain


def _known(column: Column) -> ColumnElement[bool]:
    return column.is_not(None)


def _text(column: Column, where: TextFilter) -> ColumnElement[bool]:
    if where.eq is not None:
        return column == where.eq
    if where.one_of is not None:
        return column.in_(where.one_of)
    if where.contains is not None:
        return column.icontains(where.contains, autoescape=True)
    return column.startswith(where.starts_with or "", autoescape=True)
