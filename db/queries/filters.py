"""Filters of events, a client's `where`, and the SQL of it.

Figures are filtered in two steps (ADR 25): `narrowing` conditions decide which events there are; sequences are found
among these, and `choosing` conditions keep the parts of them that belong to events which meet them. Lists of events
take both together.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Text,
    Uuid,
    and_,
    cast,
    collate,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)

from core.categories import Category
from core.domains import ascii_name, spellings
from core.event_types import EventType
from core.events import ANONYMOUS
from core.url_patterns import UrlPattern
from db.keyset import AnySelect, Column
from db.models import Behavior, Hour, Run, TeamPerson

_UP_TO_PATH = r"^\s*(?:(?:blob|filesystem|view-source):)*(?:[a-zA-Z][a-zA-Z0-9+.-]*:[/\\]*)?[^/?#\\]*[/\\]?"
"""A url up to its path, with the first slash of that."""
_LIKE_SPECIAL = re.compile(r"[\\%_]")
_TIGHTLY = 10
"""Binds closer than `||`, as SQLAlchemy counts: what stands on the right gets parentheses."""

_NARROWING = ("organization_ids", "extension_user_ids", "team_ids", "session_ids", "event_types")
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

    `all_of`, `any_of` and `not_` nest. An empty list admits everything in `all_of`, else nothing.
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

    def _with_nested(self, change: Callable[["EventFilter"], "EventFilter"]) -> "EventFilter":
        """The same with the filters in it changed."""
        return replace(
            self,
            all_of=None if self.all_of is None else tuple(map(change, self.all_of)),
            any_of=None if self.any_of is None else tuple(map(change, self.any_of)),
            not_=None if self.not_ is None else change(self.not_),
        )


@dataclass(frozen=True, slots=True)
class EventColumns:
    """The columns that a filter reads; None for columns that a relation lacks."""

    organization_id: Column
    user_id: Column
    session_id: Column | None
    domain: Column | None
    type: Column | None
    url: Column | None

    @classmethod
    def of_behaviors(cls) -> "EventColumns":
        """The columns of events."""
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
        """The columns of runs, which have no type or url. The organization is the person's."""
        return cls(organization_id, Run.user_id, Run.session_id, Run.domain, None, None)

    @classmethod
    def of_hours(cls, organization_id: Column) -> "EventColumns":
        """The columns of hours, which can be filtered by person only. The organization is the person's."""
        return cls(organization_id, Hour.user_id, None, None, None, None)

    @classmethod
    def of_relation(cls, relation: FromClause) -> "EventColumns":
        """The columns of a relation of the engine, as far as it has them. It has NULL for an empty url."""
        session_id, domain, type_, url = (relation.c.get(name) for name in ("session_id", "domain", "type", "url"))
        text = None if url is None else func.coalesce(url, literal("", Text()))
        return cls(relation.c.organization_id, relation.c.user_id, session_id, domain, type_, text)


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
    if where.team_ids is not None:
        conditions.append(of.user_id.in_(people_of_teams(where.team_ids)))
    if where.session_ids is not None:
        conditions.append(_present(of.session_id).in_(where.session_ids))
    if where.event_types is not None:
        conditions.append(_present(of.type).in_([kind.value for kind in where.event_types]))
    if where.domain is not None:
        domain = _present(of.domain)
        conditions.append(_known(domain) & _text(domain, where.domain))
    if where.site is not None:
        domain = _present(of.domain)
        conditions.append(_known(domain) & _on_site(where.site, domain))
    if where.category is not None:
        domain = _present(of.domain)
        conditions.append(_known(domain) & _categorised(where.category, of.organization_id, domain))
    if where.url is not None:
        conditions += _url(where.url, of)
    return conditions


def people_of_teams(team_ids: Collection[UUID]) -> AnySelect:
    """The ids of the people who are in one of these teams now."""
    return select(TeamPerson.extension_user_id).where(TeamPerson.team_id.in_(team_ids))


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


def _on_site(where: SiteFilter, domain: Column) -> ColumnElement[bool]:
    assert where.known is not None, "see SiteFilter"  # noqa: S101 - a statement that forgot `with_sites`
    return _text(site_of(where.known, domain), where.text)


def category_of(known: CTE, organization_id: Column, domain: Column) -> ColumnElement[str]:
    """The value of the category of a domain, which must not be null, by an organization's rules.

    `known` is of db.metrics.categories, and has every domain that a rule speaks of.
    """
    categories = select(known.c.known).scalar_subquery()
    found = categories.op("->>", precedence=_TIGHTLY, return_type=Text())(whose_domain(organization_id, domain))
    return func.coalesce(found, literal(Category.OTHER.value, Text()))


def site_of(known: CTE, domain: Column) -> ColumnElement[str]:
    """The value of the site of a domain, which must not be null.

    `known` is of db.metrics.sites, and has every domain that is not a site itself.
    """
    sites = select(known.c.known).scalar_subquery()
    found = sites.op("->>", precedence=_TIGHTLY, return_type=Text())(domain)
    return func.coalesce(found, domain)


def host_of(domain: Column) -> ColumnElement[str]:
    """The host of a domain as `core.categories.host_of` has it: ASCII letters lower-case, no port, no closing dot."""
    small = collate(func.lower(collate(domain, "C")), "default")  # in "C" just the ASCII letters, as in Python
    return func.regexp_replace(small, r"\.?(:[0-9]+)?$", "", type_=Text())


def owner(organization_id: Column) -> ColumnElement[UUID]:
    """The organization whose rules apply; the nil UUID stands for none, so that it can be looked up like others."""
    return func.coalesce(organization_id, cast(literal(ANONYMOUS, Uuid()), Uuid()))


def whose_domain(organization_id: Column, domain: Column) -> ColumnElement[str]:
    """A domain and whose rules hold for it, as one text: what categories are looked up by."""
    return cast(owner(organization_id), Text()) + literal(" ", Text()) + domain


def _url(where: UrlFilter, of: EventColumns) -> list[ColumnElement[bool]]:
    url = _present(of.url)
    if where.text is not None:
        return [_text(url, where.text)]
    assert where.pattern is not None  # noqa: S101 - see UrlFilter
    domain = _present(of.domain)
    on_host = _known(domain) & _host_matches(host_of(domain), where.pattern.host)
    if where.pattern.path is None:
        return [on_host]
    after_host = func.regexp_replace(url, _UP_TO_PATH, "/", type_=Text())
    return [on_host, after_host.like(_like(where.pattern.path), escape="\\")]


def _host_matches(host: ColumnElement[str], pattern: str) -> ColumnElement[bool]:
    """True if a host matches a pattern as of category rules."""
    if pattern.startswith("."):
        return or_(host == pattern[1:], host.endswith(pattern, autoescape=True))
    if "*" not in pattern:
        return host == pattern
    # With as many labels on both sides the dots of the pattern take up all those of the host: `%` stands for none.
    labels = func.cardinality(func.string_to_array(host, "."))
    return and_(labels == pattern.count(".") + 1, host.like(_like(pattern), escape="\\"))


def _like(pattern: str) -> str:
    """A pattern with `*` as one of LIKE.

    However many `*` there are, PostgreSQL compares a character of the text with each of the pattern at most once: when
    it has reached the end of the text in vain after one `%`, it tries no other place for those before.
    """
    return _LIKE_SPECIAL.sub(r"\\\g<0>", pattern).replace("*", "%")


def _present(column: Column | None) -> Column:
    assert column is not None, "a filter is asked of a relation that lacks what it reads"  # noqa: S101
    return column


def _known(column: Column) -> ColumnElement[bool]:
    return column.is_not(None)


def _text(column: Column, where: TextFilter) -> ColumnElement[bool]:
    if where.eq is not None:
        return column == where.eq
    if where.one_of is not None:
        return column.in_(where.one_of)
    if where.host is not None:
        return _host_matches(host_of(column), where.host)
    if where.contains is not None:
        return column.icontains(where.contains, autoescape=True)
    return column.startswith(where.starts_with or "", autoescape=True)
