"""The characters of plain prose: the letters of its language, digits, punctuation.

Everything else is refused: markup, addresses, control and invisible characters, digits and letters of other scripts.
"""

import re
import unicodedata

from core.insight import Language

_SIGNS = frozenset(" \u00a0\u202f.,:;!?'\"’‘“”„«»()-–—−…%/+&№")
_DIGITS = frozenset("0123456789")
_SCRIPTS = {Language.EN: ("LATIN ",), Language.RU: ("CYRILLIC ", "LATIN ")}
_LEAST_CYRILLIC = 0.7
"""Names of products are written in Latin letters in Russian texts, too."""
_FIRST = re.compile(r"[\w\"'«“„‘(]")
_ADDRESS_OR_ENTITY = re.compile(r"&#?\w+;|//|\bwww\b|\bhttps?\b|\bmailto\b|\w\.[^\W\d_]{2,}|:[^\W\d_]", re.IGNORECASE)


def is_plain(text: str, language: Language) -> bool:
    """True if `text` is plain prose: no markup, no addresses, nothing invisible, no other script."""
    return (
        _FIRST.match(text) is not None
        and text == text.strip()
        and unicodedata.is_normalized("NFC", text)
        and all(_is_allowed(character, language) for character in text)
        and _ADDRESS_OR_ENTITY.search(text) is None
    )


def is_in(text: str, language: Language) -> bool:
    """True if all letters are those of the language, and no word mixes two scripts to look like another."""
    words = re.findall(r"[^\W\d_]+", text)
    cyrillic = [word for word in words if _has(word, "CYRILLIC ")]
    if any(_has(word, "LATIN ") for word in cyrillic):
        return False
    if language is Language.EN:
        return bool(words) and not cyrillic
    letters = sum(map(len, words))
    return letters > 0 and sum(map(len, cyrillic)) >= _LEAST_CYRILLIC * letters


def _is_allowed(character: str, language: Language) -> bool:
    if character in _SIGNS or character in _DIGITS:
        return True
    name = unicodedata.name(character, "")
    return unicodedata.category(character) in {"Lu", "Ll"} and name.startswith(_SCRIPTS[language])


def _has(word: str, script: str) -> bool:
    return any(unicodedata.name(character, "").startswith(script) for character in word)
