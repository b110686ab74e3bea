"""The public suffix list: the names under which people and companies register names of their own, `com` or `co.uk`.

It comes with the package `publicsuffixlist`, whose releases follow the list. Rules look like

    co.uk       anybody may register directly under it
    *.ck        and directly under every name under it
    !www.ck     but not under this one

Both sections count, that of registries and the private one (`github.io`), as they do for browsers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from types import MappingProxyType

from publicsuffixlist import PSLFILE

_VERSION = "// VERSION: "
_RULES_BEGIN = "// ===BEGIN"


@dataclass(frozen=True, slots=True)
class PublicSuffixes:
    """The rules of a version of the list.

    `labels`: of names that end with a key, the last so many labels are their public suffix; the longest key decides.
    That is its own number of labels, one more for `*.ck` (under `ck`), one less for `!www.ck` (under `www.ck`).
    """

    version: str
    labels: Mapping[str, int]


@cache
def public_suffixes() -> PublicSuffixes:
    """Return the list that is installed. Names are in their ASCII form (`xn--p1ai`)."""
    labels: dict[str, int] = {}
    for rule in _rules():
        name = rule.removeprefix("*.").removeprefix("!").encode("idna").decode("ascii")
        count = name.count(".") + 1
        if rule.startswith("!"):
            labels[name] = count - 1
        elif rule.startswith("*."):
            labels[name] = count + 1  # of a name itself that has both, all labels are public by either
        else:
            labels.setdefault(name, count)
    return PublicSuffixes(installed_version(), MappingProxyType(labels))


def installed_version() -> str:
    """Return the version of the list that is installed: the time it was published, so later ones sort later."""
    with Path(PSLFILE).open(encoding="utf-8") as lines:
        head = takewhile(lambda line: not line.startswith(_RULES_BEGIN), lines)
        return next(line.removeprefix(_VERSION).strip() for line in head if line.startswith(_VERSION))


def _rules() -> Iterator[str]:
    for line in Path(PSLFILE).read_text(encoding="utf-8").splitlines():
        rule = line.partition(" ")[0].lower()
        if rule and not rule.startswith("//"):
            yield rule
