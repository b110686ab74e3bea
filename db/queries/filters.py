"""Filters of events: a client's `where`. db/queries/filter_conditions.py makes SQL of them.

Figures are filtered in two steps (ADR 25): `narrowing` conditions decide which events there are; sequences are found
among these, and `choosing` conditions keep the parts of them that belong to events which meet them. Lists of events
take both together.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import CTE

from core.categories import Category
from core.domains import ascii_name, spellings
from core.event_types import EventType
from core.scope import Scope
from core.url_patterns import UrlPattern

_NARROWING = ("organization_ids", "extension_user_ids", "team_ids", "team_scope", "session_ids", "event_types")
_CHOOSING = ("domain", "site", "category", "url")
_ATTRIBUTES = {
    "session_ids": "session_id",
    "event_types": "type",
    "domain": "domain",
    "site": "domain",
    "category": "domain",
    "url": "url",
}
"""The conditions on what events of one person differ in, and the column that each reads."""


@dataclass(frozen=True, slots=True)
class TextFilter:
    """A condition on a text: exactly one of them is given.

    `host` is a pattern as of category rules (core.category_patterns), for what is or has a domain.
    """

    eq: str | None = None
    one_of: tuple[str, ...] | None = None
    contains: str | None = None
    starts_with: str | None = None
    host: str | None = None


@dataclass(frozen=True, slots=True)
class UrlFilter:
    """A condition on the url: either on its text, or on its host and what comes after."""

    text: TextFilter | None = None
    pattern: UrlPattern | None = None


def domain_filter(where: TextFilter) -> TextFilter:
    """Return a condition on the domain, however it is spelt, as one on the spelling that is stored."""
    if where.host is not None:
        return where  # a pattern is checked, and so in the spelling of hosts
    if where.eq is not None:
        found = spellings(where.eq)
        return where if len(found) == 1 else TextFilter(one_of=found)
    if where.one_of is not None:
        return TextFilter(one_of=tuple(dict.fromkeys(each for domain in where.one_of for each in spellings(domain))))
    return TextFilter(contains=_ascii_part(where.contains), starts_with=_ascii_part(where.starts_with))


def _ascii_part(text: str | None) -> str | None:
    """A part of a name as it is stored, if it consists of whole labels."""
    if text is None or text.isascii():
        return text
    name = ascii_name(text)
    return text if name is None else name + "." * text.endswith(".")


@dataclass(frozen=True, slots=True)
class CategoryFilter:
    """A condition on the category of the domain.

    `known` has the categories of the domains that the statement may meet, as db.metrics.categories makes it; clients'
    filters come without it, and `with_categories` adds it when the statement is built.
    """

    one_of: tuple[Category, ...]
    known: CTE | None = None


@dataclass(frozen=True, slots=True)
class SiteFilter:
    """A condition on the site of the domain. `known`: as that of CategoryFilter, by db.metrics.sites."""

    text: TextFilter
    known: CTE | None = None


@dataclass(frozen=True, slots=True)
class EventFilter:
    """A filter of events: every condition that is given must hold; a filter without conditions admits all events.

    `all_of`, `any_of` and `not_` nest. An empty list admits everything in `all_of`, else nothing. `team_scope` limits
    whom `team_ids` finds; clients' filters come without it, and `within` adds it when a statement is built.
    """

    organization_ids: tuple[UUID, ...] | None = None
    extension_user_ids: tuple[UUID, ...] | None = None
    team_ids: tuple[UUID, ...] | None = None
    session_ids: tuple[str, ...] | None = None
    event_types: tuple[EventType, ...] | None = None
    domain: TextFilter | None = None
    site: SiteFilter | None = None
    category: CategoryFilter | None = None
    url: UrlFilter | None = None
    all_of: tuple["EventFilter", ...] | None = None
    any_of: tuple["EventFilter", ...] | None = None
    not_: "EventFilter | None" = None
    team_scope: Scope | None = None

    @property
    def nested(self) -> tuple["EventFilter", ...]:
        """The filters in it."""
        return (*(self.all_of or ()), *(self.any_of or ()), *((self.not_,) if self.not_ else ()))

    @property
    def narrowing(self) -> "EventFilter":
        """The conditions that decide which events there are: those that mention no domain, site, category or url."""
        return self._conjuncts(_NARROWING, choosing=False)

    @property
    def choosing(self) -> "EventFilter":
        """The conditions that choose parts of sequences: those that mention a domain, site, category or url."""
        return self._conjuncts(_CHOOSING, choosing=True)

    @property
    def attributes(self) -> frozenset[str]:
        """The columns of an event that it reads, besides the person and the organization."""
        own = {column for name, column in _ATTRIBUTES.items() if getattr(self, name) is not None}
        if self.url is not None and self.url.pattern is not None:
            own.add("domain")
        return frozenset(own).union(*(each.attributes for each in self.nested))

    @property
    def needs_runs(self) -> bool:
        """True if hourly rollups cannot answer it: they tell nothing but domains apart."""
        return bool(self.attributes - {"domain"})

    @property
    def needs_events(self) -> bool:
        """True if runs cannot answer it."""
        return not self.attributes.isdisjoint({"url", "type"})

    @property
    def of_one_domain(self) -> bool:
        """True if events of one domain at most meet it."""
        domain = self.domain
        named = domain is not None and (domain.eq is not None or (domain.one_of is not None and not domain.one_of[1:]))
        return named or any(each.of_one_domain for each in self.all_of or ())

    @property
    def needs_categories(self) -> bool:
        """True if it, or a filter nested in it, has a condition on categories."""
        return self.category is not None or any(part.needs_categories for part in self.nested)

    @property
    def needs_sites(self) -> bool:
        """True if it, or a filter nested in it, has a condition on sites."""
        return self.site is not None or any(part.needs_sites for part in self.nested)

    def _conjuncts(self, names: Collection[str], *, choosing: bool) -> "EventFilter":
        """Of the conditions that must all hold these fields, and each `any_of` and `not_` that chooses, or does not."""

        def chosen(filters: tuple["EventFilter", ...]) -> bool:
            return choosing is any(each._mentions(_CHOOSING) for each in filters)  # noqa: SLF001 - of the same class

        parts = tuple(part._conjuncts(names, choosing=choosing) for part in self.all_of or ())  # noqa: SLF001
        return EventFilter(
            **{name: getattr(self, name) for name in names},
            all_of=tuple(part for part in parts if part != EventFilter()) or None,
            any_of=self.any_of if self.any_of is not None and chosen(self.any_of) else None,
            not_=self.not_ if self.not_ is not None and chosen((self.not_,)) else None,
        )

    def _mentions(self, names: Collection[str]) -> bool:
        """True if it, or a filter nested in it, has a condition of one of these names."""
        return any(getattr(self, name) is not None for name in names) or any(
            each._mentions(names)  # noqa: SLF001 - of the same class
            for each in self.nested
        )

    def with_categories(self, known: CTE) -> "EventFilter":
        """The same, with the categories of domains at hand."""
        category = None if self.category is None else replace(self.category, known=known)
        return replace(self._with_nested(lambda part: part.with_categories(known)), category=category)

    def with_sites(self, known: CTE) -> "EventFilter":
        """The same, with the sites of domains at hand."""
        site = None if self.site is None else replace(self.site, known=known)
        return replace(self._with_nested(lambda part: part.with_sites(known)), site=site)

    def within(self, scope: Scope) -> "EventFilter":
        """The same, in which teams are those that may be seen in a scope.

        One that leads no teams sees all teams of the people in it. It is left out, so that all such share statements.
        """
        if not self._mentions(("team_ids",)):
            return self
        seen = scope if scope.leads_teams else Scope.everything()
        nested = self._with_nested(lambda part: part.within(scope))
        return nested if self.team_ids is None else replace(nested, team_scope=seen)

    def _with_nested(self, change: Callable[["EventFilter"], "EventFilter"]) -> "EventFilter":
        """The same with the filters in it changed."""
        return replace(
            self,
            all_of=None if self.all_of is None else tuple(map(change, self.all_of)),
            any_of=None if self.any_of is None else tuple(map(change, self.any_of)),
            not_=None if self.not_ is None else change(self.not_),
        )
