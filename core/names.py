"""Names of accounts, people and organizations: what they may hold, and when two of them are the same.

A name is kept as it was written, composed (NFC). Names are compared by their normalized form, which is stored beside
them: by full case folding, so that `MÜLLER` is `müller` and `STRASSE` is `straße`, whether accents are characters of
their own or not, and without the invisible joiners of scripts and emoji.

    written              "Jose\u0301 "     "JOSÉ"     "Noor\u00a0Haddad"
    kept                 "José"        "JOSÉ"     "Noor\u00a0Haddad"
    normalized           "josé"        "josé"     "noor haddad"
"""

from unicodedata import category, normalize

from core.errors import InvalidInput
from core.limits import NAME_CHARACTERS

LONGEST_FORM = 4 * NAME_CHARACTERS
"""How many characters a name may have before it is composed: each is made of four at the most."""
_JOINERS = "\u200c\u200d"
"""Zero width non-joiner and joiner."""
_WITHOUT_JOINERS = str.maketrans("", "", _JOINERS)
_SPACE = "Zs"


def checked_name(field: str, text: str) -> str:
    """Return a name composed and without surrounding space.

    InvalidInput when it is empty, too long or holds control characters, marks that turn the direction of text among
    them. Joiners and any space within are fine.
    """
    name = composed(text) if len(text) <= 2 * LONGEST_FORM else text
    if not normalized_name(name[:LONGEST_FORM]):
        raise InvalidInput(f"`{field}` must not be empty.", field)
    if len(name) > NAME_CHARACTERS:
        raise InvalidInput(f"`{field}` has at most {NAME_CHARACTERS} characters.", field)
    if not all(map(is_allowed, name)):
        raise InvalidInput(
            f"`{field}` must not hold line breaks or other control characters, nor marks that change the direction of "
            "text.",
            field,
        )
    return name


def composed(text: str) -> str:
    """Return a name as it is kept: composed (NFC), without surrounding space."""
    return normalize("NFC", text.strip())


def normalized_name(text: str) -> str:
    """Return the form by which names are compared: equal for names that are the same. At most for `LONGEST_FORM`."""
    return normalized_part(text.strip())


def normalized_part(text: str) -> str:
    """Return the same of a part of a name, with the space around it: of what is searched for within names."""
    folded = normalize("NFD", normalize("NFD", text).casefold()).translate(_WITHOUT_JOINERS)
    spaced = "".join(" " if category(character) == _SPACE else character for character in folded)
    return normalize("NFC", spaced)


def is_allowed(character: str) -> bool:
    """True if a name may hold the character."""
    return character.isprintable() or character in _JOINERS or category(character) == _SPACE
