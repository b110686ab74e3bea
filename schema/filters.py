"""Filters, as clients write them, and their translation into what queries take."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

import strawberry

from core.errors import InvalidInput
from core.ids import uuid_of
from core.limits import FILTER_NODES, LIST_INPUT
from db.queries.extension_user import ExtensionUserFilter as ExtensionUserConditions
from db.queries.filters import CategoryFilter, EventFilter, TextFilter
from schema.enums import Category, EventType
from schema.period import Period

T = TypeVar("T")
R = TypeVar("R")
UNSET = strawberry.UNSET


@strawberry.input(one_of=True, description="A condition on a text, given in one of four ways.")
class StringFilter:
    """Exactly one member is set; GraphQL sees to that."""

    eq: str | None = strawberry.field(default=UNSET, description="It is exactly this.")
    in_: list[str] | None = strawberry.field(name="in", default=UNSET, description="It is one of these.")
    contains: str | None = strawberry.field(default=UNSET, description="It contains this, whatever the case.")
    starts_with: str | None = strawberry.field(default=UNSET, description="It starts with this.")

    def conditions(self) -> TextFilter:
        """The same for queries."""
        return TextFilter(
            eq=_given(self.eq),
            one_of=_each("in", self.in_, str),
            contains=_given(self.contains),
            starts_with=_given(self.starts_with),
        )


@strawberry.input(
    description="Which events to measure: every condition that is given must hold. An id of something that the viewer "
    "may not see matches nothing."
)
class UsageFilter:
    """Conditions on events, composable."""

    organization_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="They belong to one of these organizations."
    )
    extension_user_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="They are one of these extension users'."
    )
    session_ids: list[str] | None = strawberry.field(default=UNSET, description="They carry one of these session ids.")
    event_types: list[EventType] | None = strawberry.field(default=UNSET, description="They are of one of these types.")
    domain: StringFilter | None = strawberry.field(default=UNSET, description="Their domain meets this.")
    categories: list[Category] | None = strawberry.field(
        default=UNSET, description="The category of their domain is one of these; without a domain it is none of them."
    )
    url: StringFilter | None = strawberry.field(default=UNSET, description="Their url meets this.")
    all_of: list["UsageFilter"] | None = strawberry.field(default=UNSET, description="They meet all of these filters.")
    any_of: list["UsageFilter"] | None = strawberry.field(
        default=UNSET, description="They meet at least one of these filters; none, when the list is empty."
    )
    not_: "UsageFilter | None" = strawberry.field(
        name="not", default=UNSET, description="They do not meet this filter."
    )

    def conditions(self) -> EventFilter:
        """The same for queries; InvalidInput when it is too large."""
        if self._size() > FILTER_NODES:
            raise InvalidInput(f"A filter nests at most {FILTER_NODES} filters.", "where")
        return self._conditions()

    def _size(self) -> int:
        parts = [*(self.all_of or []), *(self.any_of or []), *([self.not_] if self.not_ else [])]
        return 1 + sum(part._size() for part in parts)  # noqa: SLF001 - of the same class

    def _conditions(self) -> EventFilter:
        return EventFilter(
            organization_ids=_uuids("organizationIds", self.organization_ids, "Organization"),
            extension_user_ids=_uuids("extensionUserIds", self.extension_user_ids, "ExtensionUser"),
            session_ids=_each("sessionIds", self.session_ids, str),
            event_types=_each("eventTypes", self.event_types, EventType),
            domain=self.domain.conditions() if self.domain else None,
            category=self._category(),
            url=self.url.conditions() if self.url else None,
            all_of=_each("allOf", self.all_of, UsageFilter._conditions),
            any_of=_each("anyOf", self.any_of, UsageFilter._conditions),
            not_=self.not_._conditions() if self.not_ else None,  # noqa: SLF001 - of the same class
        )

    def _category(self) -> CategoryFilter | None:
        one_of = _each("categories", self.categories, Category)
        return None if one_of is None else CategoryFilter(one_of)


@strawberry.input(description="Which behaviors to list: every condition that is given must hold.")
class BehaviorFilter(UsageFilter):
    """The conditions on events, and the time they fall in."""

    period: Period | None = strawberry.field(
        default=UNSET, description="They fall in this period (presets are in UTC)."
    )


@strawberry.input(description="Which extension users to list: every condition that is given must hold.")
class ExtensionUserFilter:
    """Conditions on extension users."""

    search: str | None = strawberry.field(default=UNSET, description="Their username contains this, whatever the case.")
    is_active: bool | None = strawberry.field(default=UNSET, description="They are active, or are not.")
    organization_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="They belong to one of these organizations."
    )

    def conditions(self) -> ExtensionUserConditions:
        """The same for queries."""
        ids = _uuids("organizationIds", self.organization_ids, "Organization")
        return ExtensionUserConditions(
            search=_given(self.search),
            is_active=_given(self.is_active),
            organization_ids=None if ids is None else frozenset(ids),
        )


def _given(value: T | None) -> T | None:
    """A member's value; None for null and for what was left out."""
    return None if value is UNSET else value


def _each(name: str, values: Sequence[T] | None, convert: Callable[[T], R]) -> tuple[R, ...] | None:
    values = _given(values)
    if values is None:
        return None
    if len(values) > LIST_INPUT:
        raise InvalidInput(f"`{name}` takes at most {LIST_INPUT} values.", name)
    return tuple(convert(value) for value in values)


def _uuids(name: str, ids: Sequence[strawberry.ID] | None, type_name: str) -> tuple[UUID, ...] | None:
    """The UUIDs meant; what is no id of such a thing can match nothing and is left out."""
    found = _each(name, ids, lambda text: uuid_of(text, type_name))
    return None if found is None else tuple(uuid for uuid in found if uuid is not None)
