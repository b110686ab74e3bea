"""Filters of events: what a client's `where` narrows them by, and the SQL of it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, not_, or_, true
from sqlalchemy.orm import InstrumentedAttribute

from core.event_types import EventType
from db.models import Behavior


@dataclass(frozen=True, slots=True)
class TextFilter:
    """A condition on a text: exactly one of the four is given."""

    eq: str | None = None
    one_of: tuple[str, ...] | None = None
    contains: str | None = None
    starts_with: str | None = None


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
    url: TextFilter | None = None
    all_of: tuple["EventFilter", ...] | None = None
    any_of: tuple["EventFilter", ...] | None = None
    not_: "EventFilter | None" = None


def matching(where: EventFilter) -> ColumnElement[bool]:
    """The condition that an event passes the filter.

    It is never NULL, so `NOT` means what it says: an event without a domain does not match `domain: {eq: …}`, and does
    match its negation.
    """
    return and_(true(), *_own_conditions(where), *_nested_conditions(where))


def _own_conditions(where: EventFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if where.organization_ids is not None:
        conditions.append(_known(Behavior.organization_id) & Behavior.organization_id.in_(where.organization_ids))
    if where.extension_user_ids is not None:
        conditions.append(Behavior.user_id.in_(where.extension_user_ids))
    if where.session_ids is not None:
        conditions.append(Behavior.session_id.in_(where.session_ids))
    if where.event_types is not None:
        conditions.append(Behavior.type.in_([kind.value for kind in where.event_types]))
    if where.domain is not None:
        conditions.append(_known(Behavior.domain) & _text(Behavior.domain, where.domain))
    if where.url is not None:
        conditions.append(_text(Behavior.url, where.url))
    return conditions


def _nested_conditions(where: EventFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if where.all_of is not None:
        conditions.append(and_(true(), *map(matching, where.all_of)))
    if where.any_of is not None:
        conditions.append(or_(false(), *map(matching, where.any_of)))
    if where.not_ is not None:
        conditions.append(not_(matching(where.not_)))
    return conditions


def _known(column: InstrumentedAttribute[UUID | None] | InstrumentedAttribute[str | None]) -> ColumnElement[bool]:
    return column.is_not(None)


def _text(
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None], where: TextFilter
) -> ColumnElement[bool]:
    if where.eq is not None:
        return column == where.eq
    if where.one_of is not None:
        return column.in_(where.one_of)
    if where.contains is not None:
        return column.icontains(where.contains, autoescape=True)
    return column.startswith(where.starts_with or "", autoescape=True)
