"""Checks of the patterns that admins write, and their one spelling."""

import re

from core.categories import LONGEST_DOMAIN
from core.domains import ascii_name
from core.errors import InvalidInput

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")
_LABEL = re.compile(r"(?!-)[a-z0-9_*-]{1,63}(?<!-)")
_ALLOWED = "Allowed are `mail.google.com`, `.github.com` (with everything under it) and `jira.*.com`."


def checked_pattern(text: str, field: str = "pattern") -> str:
    """The pattern in the spelling that domains are compared with: small letters, international names as `xn--…`.

    InvalidInput when no domain could match it, or when it is not clear which ones were meant.
    """
    pattern = text.strip().lower()
    if _SCHEME.fullmatch(pattern) and len(pattern) <= LONGEST_DOMAIN:
        return pattern
    _refuse_urls(text, pattern, field)
    suffix, name = pattern.startswith("."), pattern.removeprefix(".").removesuffix(".")
    labels = [_label(text, label, field) for label in name.split(".")]
    pattern = "." * suffix + ".".join(labels)
    if len(pattern) > LONGEST_DOMAIN:
        raise _invalid(text, f"has more than {LONGEST_DOMAIN} characters", field)
    if suffix and "*" in pattern:
        raise _invalid(text, "begins with a dot and has a `*`, which do not go together", field)
    if "*" in pattern and all(label == "*" for label in labels):
        raise _invalid(text, "has nothing but `*`, and would match whatever there is", field)
    return pattern


def _refuse_urls(text: str, pattern: str, field: str) -> None:
    if "/" in pattern:
        raise _invalid(text, "is a url or a path, where a domain is wanted", field)
    if ":" in pattern:
        raise _invalid(text, "has a port; leave it out, a rule holds for every port", field)


def _label(text: str, label: str, field: str) -> str:
    """A part between dots as hosts spell it."""
    if not label:
        raise _invalid(text, "is empty or has an empty part between dots", field)
    if label.count("*") > 1:
        raise _invalid(text, "has more than one `*` between two dots", field)
    if not label.isascii():
        label = _international(text, label, field)
    if not _LABEL.fullmatch(label):
        raise _invalid(
            text,
            f"has the part `{label[:80]}`, which no domain can have (letters, digits, `-` within, `_`; "
            "63 characters at most)",
            field,
        )
    return label


def _international(text: str, label: str, field: str) -> str:
    """`пример` as browsers send it: `xn--e1afmkfd`."""
    if "*" in label:
        raise _invalid(text, "has a `*` in a part with other than Latin letters", field)
    name = ascii_name(label)
    if name is None:
        raise _invalid(text, "has letters that no domain can have by IDNA 2008; or write that part as `xn--…`", field)
    return name


def _invalid(text: str, why: str, field: str) -> InvalidInput:
    return InvalidInput(f"The pattern `{text.strip()[:80]}` {why}. {_ALLOWED}", field)
