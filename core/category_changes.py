"""Changes of an organization's rules: some are set, some deleted, all at once or not at all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.categories import Category, CategoryRule
from core.category_patterns import checked_pattern
from core.errors import InvalidInput, NotFound
from core.limits import CATEGORY_RULES, CATEGORY_WILDCARDS, LIST_INPUT

OwnRules = Mapping[str, Category]
"""An organization's own rules: pattern → category."""


@dataclass(frozen=True, slots=True)
class CategoryChanges:
    """Rules to create or change, and patterns whose rules to delete; all checked."""

    to_set: tuple[CategoryRule, ...] = ()
    to_delete: tuple[str, ...] = ()

    @classmethod
    def checked(cls, to_set: Iterable[tuple[str, Category]] = (), to_delete: Iterable[str] = ()) -> "CategoryChanges":
        """From what a client wrote. InvalidInput for an invalid pattern, or one that is named twice."""
        rules = tuple(CategoryRule(checked_pattern(text, "rules"), category) for text, category in to_set)
        patterns = tuple(checked_pattern(text, "patterns") for text in to_delete)
        if max(len(rules), len(patterns)) > LIST_INPUT:
            field = "rules" if len(rules) > LIST_INPUT else "patterns"
            raise InvalidInput(f"`{field}` takes at most {LIST_INPUT} values.", field)
        seen: set[str] = set()
        for pattern in (*(rule.pattern for rule in rules), *patterns):
            if pattern in seen:
                raise InvalidInput(f"The pattern `{pattern}` is named twice; name each once.", "rules")
            seen.add(pattern)
        return cls(rules, patterns)

    def applied_to(self, rules: OwnRules) -> dict[str, Category]:
        """The rules after the changes. NotFound for a rule to delete that is not there; InvalidInput past a limit."""
        changed = dict(rules)
        for pattern in self.to_delete:
            if pattern not in changed:
                raise NotFound(f"There is no rule with the pattern `{pattern}`. Nothing was changed.")
            del changed[pattern]
        changed.update((rule.pattern, rule.category) for rule in self.to_set)
        _check_limits(changed, rules)
        return changed


def _check_limits(changed: OwnRules, before: OwnRules) -> None:
    """Whoever is beyond a limit, by an older and higher one, may still change and delete."""
    kinds = ((CATEGORY_RULES, "rules", ""), (CATEGORY_WILDCARDS, "rules with a `*`", "*"))
    for limit, what, mark in kinds:
        number, had = (sum(mark in pattern for pattern in rules) for rules in (changed, before))
        if number > max(limit, had):
            raise InvalidInput(
                f"An organization has at most {limit} {what}; these would be {number}. Delete some first.", "rules"
            )
