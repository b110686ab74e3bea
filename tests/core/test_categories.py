"""Categories: the built-in rules, precedence, and the patterns that admins write."""

import pytest

from core.categories import Category, CategoryRule, CategoryRules, RuleSet
from core.category_changes import CategoryChanges
from core.category_list import built_in, built_in_rules, built_in_version
from core.category_patterns import checked_pattern
from core.domains import domain_of
from core.errors import InvalidInput, NotFound
from core.limits import CATEGORY_RULES, CATEGORY_WILDCARDS, LIST_INPUT

WORK, DEVELOPMENT, RESEARCH = Category.WORK_TOOLS, Category.DEVELOPMENT, Category.RESEARCH


def test_the_built_in_rules_are_spelt_as_they_are_compared():
    patterns = [rule.pattern for rule in built_in_rules()]

    assert [checked_pattern(pattern) for pattern in patterns] == patterns
    assert built_in_version() == "2026-11-23"


def test_the_built_in_rules_neither_repeat_nor_contradict_one_another():
    patterns = [rule.pattern for rule in built_in_rules()]

    assert len(set(patterns)) == len(patterns)
    assert {pattern.removeprefix(".") for pattern in patterns if pattern.startswith(".")}.isdisjoint(patterns)


def test_no_built_in_rule_says_what_another_says_already():
    rules = built_in_rules()

    for rule in rules:
        if "*" not in rule.pattern:
            others = CategoryRules((RuleSet(tuple(each for each in rules if each is not rule)),))
            assert others.category_of(rule.pattern.removeprefix(".")) is not rule.category, rule


def test_the_built_in_rules_know_hundreds_of_domains_of_every_kind():
    known = [rule.category for rule in built_in_rules()]

    assert len(known) >= 300
    assert all(known.count(category) >= 50 for category in Category if category is not Category.OTHER)
    assert Category.OTHER not in known


@pytest.mark.parametrize(
    ("url", "category"),
    [
        ("https://github.com/a", DEVELOPMENT),
        ("https://gist.github.com", DEVELOPMENT),
        ("https://notgithub.com", Category.OTHER),
        ("http://localhost:3000/", DEVELOPMENT),
        ("localhost:3000", DEVELOPMENT),
        ("https://mail.google.com/", Category.COMMUNICATION),
        ("https://docs.google.com/", WORK),
        ("https://www.google.de/search?q=a", RESEARCH),
        ("https://www.google.co.uk/", RESEARCH),
        ("https://fonts.google.com/", Category.OTHER),
        ("https://habr.com/ru/", RESEARCH),
        ("https://m.vk.com/", Category.DISTRACTIONS),
        ("https://mail.yandex.ru/", Category.COMMUNICATION),
        ("https://music.yandex.ru/", Category.DISTRACTIONS),
        ("https://jira.acme.com/", WORK),
        ("https://GitHub.COM.:443/", DEVELOPMENT),
        ("GITHUB.com/a", DEVELOPMENT),
        ("chrome://newtab", Category.OTHER),
        ("http://[::1]:8080/", Category.OTHER),
    ],
)
def test_well_known_sites(url: str, category: Category):
    assert built_in().category_of(domain_of(url) or "") is category


@pytest.mark.parametrize(
    ("winner", "loser"),
    [
        ("git.acme.com", ".git.acme.com"),
        (".git.acme.com", ".acme.com"),
        (".com", "*.acme.com"),
        ("git.*.com", "*.*.com"),
        ("git.acme.*", "git.*.com"),
        ("g*t.acme.com", "git.*.com"),
        ("*it.acme.com", "g*t.acme.com"),
    ],
)
def test_precedence_among_the_rules_of_one_set(winner: str, loser: str):
    rules = (CategoryRule(winner, WORK), CategoryRule(loser, RESEARCH))

    for order in (rules, rules[::-1]):
        assert CategoryRules((RuleSet(order),)).category_of("git.acme.com") is WORK


def test_an_organizations_weakest_rule_comes_before_the_strongest_built_in_one():
    own = built_in().under([CategoryRule("*.google.com", WORK)])

    assert built_in().category_of("mail.google.com") is Category.COMMUNICATION
    assert own.category_of("mail.google.com") is WORK
    assert own.category_of("a.mail.google.com") is Category.OTHER  # `*` stands for no dot


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        (" GitHub.com ", "github.com"),
        (".GitHub.com", ".github.com"),
        ("github.com.", "github.com"),
        ("Jira.*.COM", "jira.*.com"),
        ("*.com", "*.com"),
        ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
        (".Bücher.de", ".xn--bcher-kva.de"),
        ("chrome:", "chrome:"),
        ("10.0.0.1", "10.0.0.1"),
        ("a_b.com", "a_b.com"),
        (".ru", ".ru"),
    ],
)
def test_patterns_get_their_one_spelling(text: str, pattern: str):
    assert checked_pattern(text) == pattern


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (".", "empty"),
        ("a..com", "empty part"),
        ("https://github.com/", "url"),
        ("github.com/a", "url"),
        ("github.com:443", "port"),
        (".jira.*.com", "do not go together"),
        ("*", "nothing but"),
        ("*.*", "nothing but"),
        ("a**.com", "more than one"),
        ("a b.com", "no domain can have"),
        ("-a.com", "no domain can have"),
        ("a\0.com", "no domain can have"),
        ("%.com", "no domain can have"),
        ("x" * 64 + ".com", "no domain can have"),
        (".".join(["a" * 60] * 5), "more than 253"),
        ("é*.com", "Latin"),
        ("é" * 64 + ".com", "no domain can have"),
        ("a" * 260 + ":", "port"),
    ],
)
def test_patterns_that_mean_nothing_are_refused(text: str, why: str):
    with pytest.raises(InvalidInput, match=why) as refused:
        checked_pattern(text)

    assert "Allowed are" in refused.value.message
    assert refused.value.field == "pattern"


def test_changes_apply_all_at_once():
    changes = CategoryChanges.checked([("A.com", WORK), ("b.com", RESEARCH)], ["c.com"])

    after = changes.applied_to({"a.com": RESEARCH, "c.com": RESEARCH, "d.com": RESEARCH})

    assert after == {"a.com": WORK, "b.com": RESEARCH, "d.com": RESEARCH}


def test_changes_that_contradict_themselves_are_refused():
    for to_set, to_delete in (
        ([("a.com", WORK), ("A.com", RESEARCH)], []),
        ([("a.com", WORK)], ["a.com"]),
        ([], ["a.com", "a.com."]),
    ):
        with pytest.raises(InvalidInput, match=r"`a\.com` is named twice"):
            CategoryChanges.checked(to_set, to_delete)


def test_a_rule_to_delete_must_be_there():
    with pytest.raises(NotFound, match=r"no rule with the pattern `a\.com`"):
        CategoryChanges.checked(to_delete=["a.com"]).applied_to({"b.com": WORK})


def test_a_change_names_a_bounded_number_of_rules():
    patterns = [f"{number}.com" for number in range(LIST_INPUT + 1)]

    with pytest.raises(InvalidInput, match="`rules` takes at most 250"):
        CategoryChanges.checked([(pattern, WORK) for pattern in patterns])
    with pytest.raises(InvalidInput, match="`patterns` takes at most 250"):
        CategoryChanges.checked(to_delete=patterns)


@pytest.mark.parametrize(("limit", "name"), [(CATEGORY_RULES, "{}.com"), (CATEGORY_WILDCARDS, "{}*.com")])
def test_an_organization_has_a_bounded_number_of_rules(limit: int, name: str):
    full = {name.format(number): WORK for number in range(limit)}
    another = CategoryChanges.checked([(name.format("x"), WORK)])
    instead = CategoryChanges.checked([(name.format("x"), WORK)], [name.format(0)])

    with pytest.raises(InvalidInput, match=f"at most {limit:d} rules.*would be {limit + 1:d}"):
        another.applied_to(full)
    assert len(instead.applied_to(full)) == limit
    # by an older, higher limit there may be more: those are there to be changed and deleted
    over = full | {name.format("y"): WORK, name.format("z"): WORK}
    assert len(instead.applied_to(over)) == limit + 2
