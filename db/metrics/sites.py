"""The site of a domain in SQL, by the rules of core.sites and the public suffix list in the database.

As with categories (db.metrics.categories) nothing is stored on events. A statement finds the distinct domains it is
about, and the site of each; events look theirs up in one value:

    seen        mail.google.com
    suffix      mail.google.com  google.com  com        each looked up in the list; the longest that it knows decides
    known       {"mail.google.com": "google.com"}       domains that are their own site are not in it
"""

from typing import Any

from sqlalchemy import CTE, ColumnElement, Integer, SmallInteger, Text, and_, case, cast, func, literal, select, true
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from core.categories import LONGEST_DOMAIN
from core.sites import NAME
from db.keyset import AnySelect
from db.models import PublicSuffix
from db.queries.filter_conditions import host_of

_LABELS = ARRAY(Text())
_UNKNOWN_SUFFIX_LABELS = 1
"""A suffix that is not on the list is taken for a public one, as by the list's own rule `*`."""


def sites_of(domains: Any, name: str) -> CTE:
    """The sites of these domains: a relation of one row and column, for db.queries.filters.site_of.

    `domains` is a statement with a column `domain`, without nulls. The names of the relations that it takes begin with
    `name`.
    """
    met = domains.subquery()
    seen = select(met.c.domain, host_of(met.c.domain).label("host")).distinct().subquery("seen")
    labels = func.string_to_array(seen.c.host, ".", type_=_LABELS).label("labels")
    named = select(seen, labels, _is_name(seen.c.host).label("is_name"))
    # Materialized, or the host and whether it is a name would be found anew for each of its suffixes.
    host = named.cte(f"{name}_host").prefix_with("MATERIALIZED")
    decided = _decided(host).subquery("decided")
    count = func.cardinality(decided.c.labels)
    registered = func.array_to_string(decided.c.labels[func.greatest(count - decided.c.public, 1) : count], ".")
    site = case((decided.c.is_name, registered), else_=decided.c.host).label("site")
    found = select(decided.c.domain, site).where(site != decided.c.domain).subquery("found")
    return select(func.jsonb_object_agg(found.c.domain, found.c.site).label("known")).cte(name)


def _is_name(host: ColumnElement[str]) -> ColumnElement[bool]:
    """True for hosts that somebody may have registered."""
    return and_(func.length(host) <= LONGEST_DOMAIN, host.regexp_match(f"^{NAME}$"))


def _decided(host: CTE) -> AnySelect:
    """The hosts, each with the number of its `public` labels: by the longest of its suffixes that the list knows."""
    nth = func.unnest(host.c.labels).table_valued("label", with_ordinality="place").render_derived("nth").lateral()
    suffix = func.array_to_string(host.c.labels[nth.c.place : func.cardinality(host.c.labels)], ".")
    is_rule = and_(host.c.is_name, PublicSuffix.suffix == suffix)
    public = func.coalesce(PublicSuffix.labels, literal(_UNKNOWN_SUFFIX_LABELS, SmallInteger())).label("public")
    return (
        select(*host.c, cast(public, Integer()).label("public"))
        .select_from(host.outerjoin(nth, true()).outerjoin(PublicSuffix, is_rule))
        .ext(distinct_on(host.c.domain))
        .order_by(host.c.domain, PublicSuffix.labels.is_(None), nth.c.place)
    )
