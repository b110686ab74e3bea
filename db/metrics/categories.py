"""The category of domains in SQL, by the rules of core.categories.

Rules differ from organization to organization and change any time, so nothing is stored on events. A statement finds
the distinct domains it is about, each with its organization, and categorises those; events look theirs up:

    seen          (acme, git.acme.com)
    candidate     git.acme.com  .git.acme.com  .acme.com  .com      and the wildcards, tried in turn
    matched       the rules with such a pattern: acme's own, and the built-in ones
    categories    (acme, git.acme.com) → that of the first by precedence, OTHER without any

It is one statement and so one snapshot: no domain can be met that was not seen, no rule half changed.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Text,
    and_,
    cast,
    collate,
    func,
    literal,
    literal_column,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, INTERVAL, distinct_on

from core.categories import LONGEST_DOMAIN, Category
from core.category_list import built_in_rules
from db.keyset import AnySelect
from db.models import Behavior, CategoryRule, Run, dirty_hours
from db.queries.filters import EventFilter, owner, whose_domain

_TEXTS = ARRAY(Text())
Instant = ColumnElement[datetime] | datetime
_HOUR, _MINUTE = (literal(timedelta(**{unit: 1}), INTERVAL()) for unit in ("hours", "minutes"))
_WILDCARD_PLACE = LONGEST_DOMAIN  # after every suffix: there are fewer labels than characters


def categories_of(domains: Any, name: str) -> CTE:
    """The category of each of these domains: a relation of (key, organization_id, domain, category).

    `domains` is a statement of (organization_id, domain), without null domains. Rows are looked up by `key`, which is
    what db.queries.filters.whose_domain makes of a pair. It is one column, and visibly unique: of a pair the planner
    would expect that many rows share it, and rather sort all events than look them up in a hash table. An
    `organization_id` of the nil UUID stands for none. The names of the relations made begin with `name`.
    """
    met = domains.subquery()
    seen = select(owner(met.c.organization_id).label("organization_id"), met.c.domain).distinct().cte(f"{name}_seen")
    matched = union_all(*_matched(_hosts(seen).cte(f"{name}_host"))).subquery("matched")
    same = and_(matched.c.organization_id == seen.c.organization_id, matched.c.domain == seen.c.domain)
    key = whose_domain(seen.c.organization_id, seen.c.domain)
    category = func.coalesce(matched.c.category, literal(Category.OTHER.value, Text()))
    first = (
        matched.c.origin,
        matched.c.place,
        func.length(func.replace(matched.c.pattern, "*", "")).desc(),
        func.length(matched.c.pattern),
        collate(matched.c.pattern, "C"),
    )
    return (
        select(key.label("key"), seen.c.organization_id, seen.c.domain, category.label("category"))
        .select_from(seen.outerjoin(matched, same))
        .ext(distinct_on(literal_column("key")))
        .order_by(literal_column("key"), *first)
        .cte(name)
        .prefix_with("MATERIALIZED")
    )


def domains_in(relation: FromClause) -> AnySelect:
    """The domains in a relation of runs."""
    return select(relation.c.organization_id, relation.c.domain).where(relation.c.domain.is_not(None)).distinct()


def with_known_categories(
    where: EventFilter, persons: FromClause, start: Instant, end: Instant, *, rollups: bool = False
) -> EventFilter:
    """The filter; if it asks for categories, with those of the domains that people met from `start` to `end`."""
    if not where.needs_categories:
        return where
    met = _domains_met(persons, start, end, rollups=rollups)
    return where.with_categories(categories_of(met, "filtered_category"))


def _domains_met(persons: FromClause, start: Instant, end: Instant, *, rollups: bool) -> Any:
    """The domains of people's events in a range, before any filter; with rollups perhaps some from just outside.

    Runs of hours that bear no mark have every domain of those hours, and events have the others'. What runs of marked
    hours have too much does no harm here.
    """
    if not rollups:
        return _domains(persons, Behavior).where(Behavior.ts >= start, Behavior.ts < end)
    in_runs = _domains(persons, Run).where(
        Run.first_ts >= start - _MINUTE,  # no run is longer
        Run.first_ts < end,
    )
    marks = dirty_hours.c
    hour = (
        select(marks.user_id, marks.hour, persons.c.organization_id)
        .join(persons, persons.c.user_id == marks.user_id)
        .where(marks.hour >= start - _HOUR, marks.hour < end)
        .distinct()
        .subquery("marked_hour")
    )
    event = (
        select(Behavior.domain)
        .where(
            Behavior.user_id == hour.c.user_id,
            Behavior.ts >= hour.c.hour,
            Behavior.ts < hour.c.hour + _HOUR,
            Behavior.domain.is_not(None),
        )
        .offset(0)  # keeps the planner from turning this into a join over everything
        .lateral("marked_event")
    )
    in_marked = select(hour.c.organization_id, event.c.domain).select_from(hour.join(event, true()))
    return union(in_runs, in_marked)


def _domains(persons: FromClause, of: Any) -> AnySelect:
    return (
        select(persons.c.organization_id, of.domain)
        .join(of, of.user_id == persons.c.user_id)
        .where(of.domain.is_not(None))
        .distinct()
    )


def _hosts(seen: CTE) -> AnySelect:
    """What patterns are compared with, as `core.categories.host_of` has it, and its labels."""
    small = collate(func.lower(collate(seen.c.domain, "C")), "default")  # in "C" just the ASCII letters, as in Python
    host = func.regexp_replace(small, r"\.?(:[0-9]+)?$", "").label("host")
    found = select(seen, host).subquery("named")
    labels = func.string_to_array(found.c.host, ".", type_=_TEXTS).label("labels")
    return select(found, labels).where(func.length(found.c.host) <= LONGEST_DOMAIN)


def _matched(host: CTE) -> list[AnySelect]:
    """The rules that speak of each host: own ones have the origin 0, built-in ones 1."""
    candidate = _candidates(host).cte(f"{host.name}_candidate")
    own = (
        select(CategoryRule.organization_id, CategoryRule.pattern, CategoryRule.category)
        .where(CategoryRule.until.is_(None))
        .subquery("own_rule")
    )
    rules = built_in_rules()
    texts = ([rule.pattern for rule in rules], [rule.category.value for rule in rules])
    built_in = (
        func.unnest(*(cast(literal(part, _TEXTS), _TEXTS) for part in texts))
        .table_valued("pattern", "category")
        .render_derived("built_in_rule")
    )
    found = []
    for origin, rule in enumerate((own, built_in)):
        named = candidate.c.pattern == rule.c.pattern
        wild = _matches(host, rule.c.pattern)
        if rule is own:
            named &= candidate.c.organization_id == own.c.organization_id
            wild &= host.c.organization_id == own.c.organization_id
        for relation, condition, place in (
            (candidate, named, candidate.c.place),
            (host, wild, literal(_WILDCARD_PLACE, BigInteger())),
        ):
            columns = (relation.c.organization_id, relation.c.domain, rule.c.pattern, rule.c.category)
            found.append(
                select(*columns, literal(origin, Integer()).label("origin"), place.label("place")).select_from(
                    relation.join(rule, condition)
                )
            )
    return found


def _candidates(host: CTE) -> Any:
    """The patterns without `*` that would match: the host itself (place 0), then suffixes, the longest first."""
    labels = host.c.labels
    nth = func.unnest(labels).table_valued("label", with_ordinality="place").render_derived("nth").lateral()
    suffix = literal(".", Text()) + func.array_to_string(labels[nth.c.place : func.cardinality(labels)], ".")
    named = select(
        host.c.organization_id, host.c.domain, literal(0, BigInteger()).label("place"), host.c.host.label("pattern")
    )
    under = select(host.c.organization_id, host.c.domain, nth.c.place, suffix.label("pattern"))
    return union_all(named, under.select_from(host.join(nth, true())))


def _matches(host: CTE, pattern: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a pattern with `*` matches.

    With as many labels on both sides, the dots of the pattern take up all those of the host: `%` can stand for none.
    """
    like = func.replace(func.replace(pattern, "_", r"\_"), "*", "%")
    return and_(
        pattern.contains("*"),
        func.cardinality(host.c.labels) == func.cardinality(func.string_to_array(pattern, ".")),
        host.c.host.like(like),
    )
