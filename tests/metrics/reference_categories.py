"""The reference of domains' categories, in plain Python: every rule is tried on every domain."""

from collections.abc import Mapping


def category(domain: str, *sets: Mapping[str, str]) -> str:
    """The category by sets of rules (pattern → category), the first of which comes first; `other` without any."""
    host = "".join(letter.lower() if letter.isascii() else letter for letter in domain)
    name, colon, port = host.rpartition(":")
    if colon and port and all(digit in "0123456789" for digit in port):
        host = name
    host = host.removesuffix(".")
    for rules in sets:
        matching = [pattern for pattern in rules if _matches(pattern, host)]
        if matching and len(host) <= 253:
            return rules[min(matching, key=_rank)]
    return "other"


def _matches(pattern: str, host: str) -> bool:
    if pattern.startswith("."):
        return ("." + host).endswith(pattern)
    ours, theirs = pattern.split("."), host.split(".")
    return len(ours) == len(theirs) and all(map(_label_matches, ours, theirs))


def _label_matches(pattern: str, label: str) -> bool:
    before, star, after = pattern.partition("*")
    if not star:
        return pattern == label
    return label.startswith(before) and label.endswith(after) and len(label) >= len(before + after)


def _rank(pattern: str) -> tuple[object, ...]:
    """Exact, then suffixes, the longest first, then wildcards, the one with the most to say first."""
    if "*" not in pattern:
        return (0,) if not pattern.startswith(".") else (1, -len(pattern))
    return (2, -len(pattern.replace("*", "")), len(pattern), pattern)
