"""Filters of events in SQL: the conditions that a row meets a client's `where` (db/queries/filters.py)."""

import re
from collections.abc import Collection
from dataclasses import dataclass
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
from core.events import ANONYMOUS
from core.scope import Scope
from db.keyset import AnySelect, Column
from db.models import Behavior, Hour, Run, TeamPerson
from db.queries.filters import CategoryFilter, EventFilter, SiteFilter, TextFilter, UrlFilter
from db.tenancy import memberships_in_scope

_UP_TO_PATH = r"^\s*(?:(?:blob|filesystem|view-source):)*(?:[a-zA-Z][a-zA-Z0-9+.-]*:[/\\]*)?[^/?#\\]*[/\\]?"
"""A url up to its path, with the first slash of that."""
_LIKE_SPECIAL = re.compile(r"[\\%_]")
_TIGHTLY = 10
"""Binds closer than `||`, as SQLAlchemy counts: what stands on the right gets parentheses."""


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
        conditions.append(of.user_id.in_(people_of_teams(where.team_ids, where.team_scope)))
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


def people_of_teams(team_ids: Collection[UUID], scope: Scope | None) -> AnySelect:
    """The ids of the people who are in one of these teams now, as far as that may be seen in a scope."""
    assert scope is not None, "see EventFilter.team_scope"  # noqa: S101 - a statement that forgot `within`
    return select(TeamPerson.extension_user_id).where(
        TeamPerson.team_id.in_(team_ids), memberships_in_scope(scope, TeamPerson.team_id)
    )


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
