"""Checks of what clients write to mean some domains, or some urls, and its one spelling."""

import re
from dataclasses import dataclass

from core.categories import LONGEST_DOMAIN
from core.category_patterns import checked_pattern
from core.domains import ascii_name
from core.errors import InvalidInput
from core.limits import URL_PATTERN_CHARACTERS

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_STARS = re.compile(r"\*+")


@dataclass(frozen=True, slots=True)
class UrlPattern:
    """A pattern of urls: that of their hosts, as of category rules, and that of what comes after it; None for anything.

    In `path` a `*` stands for any characters, also for none; there are never two in a row.
    """

    host: str
    path: str | None


def checked_url_pattern(text: str, field: str) -> UrlPattern:
    """The pattern `example.com/docs/*`. InvalidInput, saying why, if it is none."""
    pattern = text.strip()
    if len(pattern) > URL_PATTERN_CHARACTERS:
        raise InvalidInput(f"A pattern of urls has at most {URL_PATTERN_CHARACTERS} characters.", field)
    host, slash, path = pattern.partition("/")
    if slash and _SCHEME.fullmatch(host):
        raise InvalidInput(
            f"The pattern `{pattern[:80]}` has a scheme before a path. Leave the scheme out: `example.com/docs/*`; "
            "or ask for all urls of a scheme, like `chrome:`.",
            field,
        )
    return UrlPattern(checked_pattern(host, field), _STARS.sub("*", slash + path) if slash else None)


def checked_name(text: str, field: str) -> str:
    """A domain without a port, in the spelling of hosts. InvalidInput if it is none."""
    name = text.strip().lower().removesuffix(".")
    if not name.isascii():
        name = ascii_name(name) or ""
    if not _NAME.fullmatch(name) or len(name) > LONGEST_DOMAIN:
        raise InvalidInput(
            f"`{text.strip()[:80]}` is no domain. `under` takes one like `example.com`, without a scheme, a port, a "
            "path or a `*`; it means the domain itself and all its subdomains, on every port.",
            field,
        )
    return name
