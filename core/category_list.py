"""The built-in rules: well-known domains by category, shipped as core/data/categories.toml."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from core.categories import Category, CategoryRule, CategoryRules, RuleSet


@cache
def built_in() -> CategoryRules:
    """The rules that hold where an organization has none of its own."""
    return CategoryRules((RuleSet(built_in_rules()),))


@cache
def built_in_rules() -> tuple[CategoryRule, ...]:
    """The built-in rules, in the order of the file."""
    rules: dict[str, list[str]] = _file()["rules"]
    return tuple(CategoryRule(pattern, Category(name)) for name, patterns in rules.items() for pattern in patterns)


def built_in_version() -> str:
    """The version of the built-in rules: the day of their last change."""
    version: str = _file()["version"]
    return version


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(files("core").joinpath("data/categories.toml").read_text("utf-8"))
