"""The category of domains in SQL, by the rules of core.categories.

Rules differ from organization to organization and change any time, so nothing is stored on events. A statement finds
the distinct domains it is about, each with its organization, and categorises those; events look theirs up:

    seen          (acme, git.acme.com)
    candidate     git.acme.com  .git.acme.com  .acme.com  .com      and the wildcards, tried in turn
    matched       the rules with such a pattern: acme's own, and the built-in ones
    known         {"acme git.acme.com": "development", …}: that of the first by precedence, if any

`known` is one value, a JSON object. Events are not joined with the categories: a join would be planned from statistics
that know nothing of these domains, or of the events of the last minutes, and may compare each with each. A look-up in
one value costs the same by every plan.

It is one statement and so one snapshot: no domain can be met that was not seen, no rule half changed.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    FromClause,
    Integer,
    Text,
    and_,
    cast,
    collate,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from core.categories import LONGEST_DOMAIN
from core.category_list import built_in_rules
from db.keyset import AnySelect
from db.models import CategoryRule
from db.queries.filter_conditions import host_of, owner, whose_domain

_TEXTS = ARRAY(Text())
_BUILT_IN = tuple(
    ([rule.pattern for rule in rules], [rule.category.value for rule in rules])
    for rules in (
        [rule for rule in built_in_rules() if "*" not in rule.pattern],
        [rule for rule in built_in_rules() if "*" in rule.pattern],
    )
)
_WILDCARD_PLACE = LONGEST_DOMAIN  # after every suffix: there are fewer labels than characters


def categories_of(domains: Any, name: str) -> CTE:
    """The categories of these domains: a relation of one row and column, for db.queries.filter_conditions.category_of.

    `domains` is a statement of (organization_id, domain), without null domains. The names of the relations that it
    takes begin with `name`.
    """
    met = domains.subquery()
    distinct = select(owner(met.c.organization_id).label("organization_id"), met.c.domain).distinct()
    # Materialized, or the conditions on hosts would be tried on every row that the distinct domains are taken from.
    seen = distinct.cte(f"{name}_seen").prefix_with("MATERIALIZED")
    matched = union_all(*_matched(_hosts(seen).cte(f"{name}_host"))).subquery("matched")
    whose = (matched.c.organization_id, matched.c.domain)
    first = (
        select(whose_domain(*whose).label("key"), matched.c.category)
        .ext(distinct_on(*whose))
        .order_by(
            *whose,
            matched.c.origin,
            matched.c.place,
            func.length(func.replace(matched.c.pattern, "*", "")).desc(),
            func.length(matched.c.pattern),
            collate(matched.c.pattern, "C"),
        )
        .subquery("first")
    )
    return select(func.jsonb_object_agg(first.c.key, first.c.category).label("known")).cte(name)


def _hosts(seen: CTE) -> AnySelect:
    """The hosts that patterns match, as `core.categories.host_of` has them, and their labels."""
    found = select(seen, host_of(seen.c.domain).label("host")).subquery("named")
    labels = func.string_to_array(found.c.host, ".", type_=_TEXTS).label("labels")
    return select(found, labels).where(func.length(found.c.host) <= LONGEST_DOMAIN)


def _matched(host: CTE) -> list[AnySelect]:
    """The rules that speak of each host: own ones have the origin 0, built-in ones 1."""
    candidate = _candidates(host).cte(f"{host.name}_candidate")
    found = []
    for origin, (named, wild) in enumerate((_own_rules(host.name), _built_in_rules(host.name))):
        by_name = named.c.pattern == candidate.c.pattern
        by_shape = and_(wild.c.labels == func.cardinality(host.c.labels), host.c.host.like(wild.c.shape))
        if origin == 0:
            by_name &= named.c.organization_id == candidate.c.organization_id
            by_shape &= wild.c.organization_id == host.c.organization_id
        last = literal(_WILDCARD_PLACE, BigInteger())
        for of, rule, condition, place in (
            (candidate, named, by_name, candidate.c.place),
            (host, wild, by_shape, last),
        ):
            columns = (of.c.organization_id, of.c.domain, rule.c.pattern, rule.c.category)
            ranked = (literal(origin, Integer()).label("origin"), place.label("place"))
            found.append(select(*columns, *ranked).select_from(of.join(rule, condition)))
    return found


def _own_rules(name: str) -> tuple[FromClause, CTE]:
    """Organizations' rules without and with `*`."""
    columns = (CategoryRule.organization_id, CategoryRule.pattern, CategoryRule.category)
    named = select(*columns).where(CategoryRule.until.is_(None)).subquery("own_rule")
    wild = select(*columns).where(CategoryRule.until.is_(None), CategoryRule.pattern.contains("*"))
    return named, _wildcards(wild.subquery("own_wildcard"), f"{name}_own_wildcard")


def _built_in_rules(name: str) -> tuple[FromClause, CTE]:
    """The built-in rules without and with `*`."""
    named, wild = (
        func.unnest(*(cast(literal(part, _TEXTS), _TEXTS) for part in parts))
        .table_valued("pattern", "category")
        .render_derived("built_in_rule")
        for parts in _BUILT_IN
    )
    return named, _wildcards(wild, f"{name}_built_in_wildcard")


def _wildcards(rules: FromClause, name: str) -> CTE:
    """Rules with `*`, and what hosts are compared with: `jira.*.com` is of the shape `jira.%.com`, with 3 labels.

    With as many labels on both sides, the dots of the pattern take up all those of the host: `%` can stand for none.
    Materialized, so that shapes are made once for each rule, not for each domain.
    """
    shape = func.replace(func.replace(rules.c.pattern, "_", r"\_"), "*", "%").label("shape")
    labels = func.cardinality(func.string_to_array(rules.c.pattern, ".")).label("labels")
    return select(*rules.c, shape, labels).cte(name).prefix_with("MATERIALIZED")


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
