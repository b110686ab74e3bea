"""Categories in SQL and in Python, against a reference that tries every rule on every domain."""

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Text, Uuid, cast, literal, null, select, union_all

from core.categories import Category, CategoryRule
from core.category_list import built_in, built_in_rules
from db.metrics.categories import categories_of
from db.queries.filter_conditions import category_of
from tests.metrics.reference_categories import category
from tests.world import World, own_rules

LABELS = ["a", "b", "ab", "git", "github", "com", "ru", "a_b", "a-b", "1", "A", "é", "", "x" * 63, "%", "\\", "a\nb"]
domains = st.one_of(
    st.builds(
        lambda labels, tail: ".".join(labels) + tail,
        st.lists(st.sampled_from(LABELS), min_size=1, max_size=6),
        st.sampled_from(["", "", "", ":8080", ".", ".:1", ":", ":a", ":٣", "..", "\n", ":80\n"]),
    ),
    st.sampled_from(
        ["chrome:", "localhost:3000", "[::1]:80", "[::1]", "127.0.0.1", "docs.google.com", "www.google.de"]
    ),
    st.text(max_size=12).filter(lambda text: "\0" not in text),
).filter(bool)
pattern_labels = st.sampled_from(
    ["a", "b", "ab", "git", "github", "com", "ru", "a_b", "a-b", "1", "a*", "*b", "*", "a*b"]
)
patterns = st.one_of(
    st.lists(pattern_labels, min_size=1, max_size=4).map(".".join).filter(lambda name: name.strip("*.")),
    st.lists(st.sampled_from(["a", "b", "github", "com"]), min_size=1, max_size=3).map(
        lambda labels: "." + ".".join(labels)
    ),
    st.sampled_from(["chrome:", "localhost", "docs.google.com", ".google.com"]),
)
rules = st.dictionaries(patterns, st.sampled_from(Category), max_size=12)
BUILT_IN = {rule.pattern: rule.category.value for rule in built_in_rules()}


def plain(own: Mapping[str, Category]) -> dict[str, str]:
    return {pattern: category.value for pattern, category in own.items()}


@given(domain=domains, own=rules)
@example(domain="a" * 254, own={"a*": Category.RESEARCH})
@example(domain=".".join(["a"] * 127), own={".a": Category.RESEARCH})
def test_python_agrees_with_the_reference(domain: str, own: dict[str, Category]):
    found = built_in().under(CategoryRule(*rule) for rule in own.items()).category_of(domain)

    assert found.value == category(domain, plain(own), BUILT_IN)


@given(met=st.lists(domains, max_size=30), of_acme=rules, of_umbrella=rules)
@example(met=["a" * 254, ".".join(["a"] * 127), "a" * 253], of_acme={"a*": Category.RESEARCH}, of_umbrella={})
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_sql_agrees_with_the_reference(
    world: World, met: list[str], of_acme: dict[str, Category], of_umbrella: dict[str, Category]
):
    acme, umbrella = await world.organization("Acme"), await world.organization("Umbrella")
    await own_rules(world, acme, of_acme)
    await own_rules(world, umbrella, of_umbrella)
    rules_of: dict[Any, Any] = {acme.id: of_acme, umbrella.id: of_umbrella, None: {}}

    seen = _seen(met, list(rules_of)).subquery()
    known = categories_of(select(seen).where(seen.c.domain.is_not(None)), "category")
    async with world.services.database.read() as db:
        found = (
            await db.execute(select(*seen.c, category_of(known, seen.c.organization_id, seen.c.domain)).distinct())
        ).all()

    expected = {
        (organization, domain, category(domain, plain(own), BUILT_IN))
        for organization, own in rules_of.items()
        for domain in met
    }
    assert {tuple(row) for row in found} == expected


def _seen(met: list[str], organizations: list[Any]) -> Any:
    """Every domain as met by people of every organization, and twice by those of the first."""
    of_none = cast(null(), Uuid())
    seen = [
        select(
            (of_none if organization is None else literal(organization, Uuid())).label("organization_id"),
            cast(literal(domain), Text()).label("domain"),
        )
        for organization in [*organizations, organizations[0]]
        for domain in met
    ]
    return union_all(*seen) if seen else select(of_none.label("organization_id"), literal("").label("domain")).limit(0)
