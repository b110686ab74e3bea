"""Domains as people read them: international names in their own letters, unless these may be taken for others.

A domain is shown in Unicode only if each part of it between dots is of one kind of writing, and cannot be read as
another: `аррӏе` is Cyrillic and looks like `apple`. Else it is shown as it is stored, in ASCII (`xn--…`). Browsers
decide alike (the "highly restrictive" level of UTS 39, with no Latin letters beside others).
"""

from functools import lru_cache
from unicodedata import name as name_of

import idna

_PREFIX = "xn--"
_REMEMBERED = 4096

_LOOK_LIKE_LATIN = {
    "CYRILLIC": frozenset("асԁеһіјӏорԛѕԝхуъбьҽпгѵѡкмтнвз"),
    "GREEK": frozenset("αικνρυωηοτςγχβ"),
}
"""Letters of which no word may consist that is shown: it could be one of Latin letters."""
_LONG_VOWEL = "KATAKANA-HIRAGANA"
"""Begins the name of `ー`, which alone looks like a dash."""
_EAST_ASIAN = (
    frozenset({"CJK", "HIRAGANA", "KATAKANA", _LONG_VOWEL}),
    frozenset({"CJK", "HANGUL"}),
    frozenset({"CJK", "BOPOMOFO"}),
)
_SHOWN_ALONE = frozenset(
    {
        *("ARABIC", "ARMENIAN", "BENGALI", "CYRILLIC", "DEVANAGARI", "GEORGIAN", "GREEK", "GUJARATI", "GURMUKHI"),
        *("HANGUL", "HEBREW", "KANNADA", "KHMER", "LAO", "MALAYALAM", "SINHALA", "TAMIL", "TELUGU", "THAI"),
    }
)
_LATIN = frozenset(map(chr, range(0xDF, 0x180))) - frozenset("÷ıĸŉ")
"""Letters with marks, as European languages write them; the rest of Latin has look-alikes of plain letters."""


def domain_display(domain: str) -> str:
    """Return a domain as people read it: in Unicode where it cannot be taken for another, else as it is."""
    return _display(domain) if _PREFIX in domain else domain


@lru_cache(_REMEMBERED)
def _display(domain: str) -> str:
    host, colon, port = domain.partition(":")
    try:
        labels = [idna.ulabel(label) if label.startswith(_PREFIX) else label for label in host.split(".")]
    except (idna.IDNAError, UnicodeError):
        return domain
    return ".".join(labels) + colon + port if all(map(_is_clear, labels)) else domain


def _is_clear(label: str) -> bool:
    """True if the label is of one kind of writing, and is not made of letters that look like others."""
    if label.isascii():
        return True
    letters = [each for each in label if each not in "-0123456789"]
    if all(each in _LATIN or each.isascii() for each in letters):
        return True
    scripts = frozenset(name_of(each, "").partition(" ")[0] for each in letters)
    if any(scripts <= east_asian for east_asian in _EAST_ASIAN):
        return scripts != {_LONG_VOWEL}
    if len(scripts) > 1 or not scripts <= _SHOWN_ALONE:
        return False
    [script] = scripts
    return not _LOOK_LIKE_LATIN.get(script, frozenset()).issuperset(letters)
