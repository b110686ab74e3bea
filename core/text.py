"""Texts: the check of descriptions that admins write, and the spelling of the schema's names."""

from core.errors import InvalidInput
from core.limits import DESCRIPTION_CHARACTERS
from core.names import is_allowed


def checked_description(text: str) -> str:
    """A description without surrounding space. InvalidInput when it is too long or holds a NUL."""
    description = text.strip()
    if len(description) > DESCRIPTION_CHARACTERS:
        raise InvalidInput(f"`description` has at most {DESCRIPTION_CHARACTERS} characters.", "description")
    if "\0" in description:
        raise InvalidInput("`description` must not hold a NUL character.", "description")
    return description


def checked_note(field: str, text: str, limit: int) -> str:
    """A text of some lines, without surrounding space. InvalidInput when it is empty, too long or not plain text."""
    note = text.strip()
    if not note:
        raise InvalidInput(f"`{field}` must not be empty.", field)
    if len(note) > limit:
        raise InvalidInput(f"`{field}` has at most {limit} characters.", field)
    if not all(is_allowed(character) or character == "\n" for character in note):
        raise InvalidInput(
            f"`{field}` must not hold control characters other than line breaks, nor marks that change the direction "
            "of text.",
            field,
        )
    return note


def camel_case(name: str) -> str:
    """Return a name of Python's spelling in that of GraphQL and OpenAPI: `tracked_minutes` as `trackedMinutes`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
