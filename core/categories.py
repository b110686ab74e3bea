"""Categories of domains, and the rules that assign domains to them.

A rule is a pattern and a category. A pattern is one of

    exact      mail.google.com    this domain
    suffix     .github.com        this domain and everything under it
    wildcard   jira.*.com         `*`: any characters within one label, also none

The rules of an organization come before the built-in ones. Among those of one set an exact pattern comes before
suffixes, a longer suffix before a shorter one, and suffixes before wildcards; of wildcards the one with more characters
beside its `*` comes first, then the shorter one, then the one that sorts first.

db.metrics.categories finds the same in SQL.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from string import ascii_lowercase, ascii_uppercase
from types import MappingProxyType

from core.described_enum import DescribedEnum

LONGEST_DOMAIN = 253
"""What is longer is no name that the internet could hold, and in the category OTHER."""

_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_TAIL = re.compile(r"\.?(:[0-9]+)?\Z")


class Category(DescribedEnum):
    """A kind of browsing."""

    WORK_TOOLS = "work_tools", "Documents, tables, boards, and whatever else the work is done in."
    DEVELOPMENT = "development", "Writing and running software: code, builds, clouds, documentation for developers."
    RESEARCH = "research", "Looking things up and learning: search, encyclopedias, science, courses, assistants."
    COMMUNICATION = "communication", "Mail, chats, calls."
    DISTRACTIONS = "distractions", "Social networks, news, videos, games, shops."
    OTHER = "other", "Everything else: what no rule speaks of."


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """Domains that match the pattern, spelt as by core.category_patterns.checked_pattern, are of the category."""

    pattern: str
    category: Category


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of one origin, made ready for look-ups. Of two rules with the same pattern the later one holds."""

    rules: tuple[CategoryRule, ...] = ()
    _named: Mapping[str, Category] = field(init=False, repr=False, compare=False)
    _wildcards: Mapping[int, list[tuple[re.Pattern[str], Category]]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        categories = {rule.pattern: rule.category for rule in self.rules}
        wildcards: dict[int, list[tuple[re.Pattern[str], Category]]] = {}  # by the number of dots, which must agree
        for pattern in sorted((pattern for pattern in categories if "*" in pattern), key=_specificity):
            wildcards.setdefault(pattern.count("."), []).append((_compiled(pattern), categories[pattern]))
        named = {pattern: category for pattern, category in categories.items() if "*" not in pattern}
        object.__setattr__(self, "_named", MappingProxyType(named))
        object.__setattr__(self, "_wildcards", MappingProxyType(wildcards))

    def find(self, host: str) -> Category | None:
        """The category of a host as `host_of` returns it; None when no rule speaks of it."""
        for candidate in candidates_of(host):
            if candidate in self._named:
                return self._named[candidate]
        wildcards = self._wildcards.get(host.count("."), ())
        return next((category for pattern, category in wildcards if pattern.fullmatch(host)), None)


@dataclass(frozen=True, slots=True)
class CategoryRules:
    """Sets of rules, the first of which comes first."""

    sets: tuple[RuleSet, ...]

    def category_of(self, domain: str) -> Category:
        """The category of a domain as `core.domains.domain_of` returns it; OTHER when no rule speaks of it.

        A port does not matter: `localhost:3000` is what `localhost` is. Never raises.
        """
        host = host_of(domain)
        if len(host) > LONGEST_DOMAIN:
            return Category.OTHER
        found = (rules.find(host) for rules in self.sets)
        return next((category for category in found if category is not None), Category.OTHER)

    def under(self, own: Iterable[CategoryRule]) -> "CategoryRules":
        """These rules with others before them: an organization's before the built-in ones."""
        return CategoryRules((RuleSet(tuple(own)), *self.sets))


def host_of(domain: str) -> str:
    """Return the domain as patterns match it: lower-case ASCII letters, no port, no trailing dot."""
    small = domain.lower() if domain.isascii() else domain.translate(_LOWER)
    return _TAIL.sub("", small, count=1)


def candidates_of(host: str) -> Iterator[str]:
    """The patterns without `*` that match: `a.b.c` gives `a.b.c`, `.a.b.c`, `.b.c`, `.c`."""
    yield host
    labels = host.split(".")
    for first in range(len(labels)):
        yield "." + ".".join(labels[first:])


def _specificity(pattern: str) -> tuple[int, int, str]:
    return (-len(pattern.replace("*", "")), len(pattern), pattern)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("[^.]*".join(re.escape(part) for part in pattern.split("*")))
