"""The field `domainDisplay`: of everything that shows a domain."""

from typing import Any

import strawberry

from core.domain_display import domain_display

DOMAIN_DISPLAY = (
    "The domain as people read it: international names in their own letters, unless these could be taken for others. "
    "To compare, filter and link, use `domain`."
)


def shown_domain(root: strawberry.Parent[Any]) -> str:
    """Return the domain of a row as people read it."""
    return domain_display(root.domain)


def shown_domain_or_null(root: strawberry.Parent[Any]) -> str | None:
    """The same of a row that may have none."""
    return None if root.domain is None else domain_display(root.domain)
