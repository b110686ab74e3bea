"""Checks of the names and texts that admins write."""

from core.errors import InvalidInput
from core.limits import DESCRIPTION_CHARACTERS, NAME_CHARACTERS


def checked_name(field: str, text: str) -> str:
    """A name without surrounding space. InvalidInput when it is empty, too long or holds control characters."""
    name = text.strip()
    if not name:
        raise InvalidInput(f"`{field}` must not be empty.", field)
    if len(name) > NAME_CHARACTERS:
        raise InvalidInput(f"`{field}` has at most {NAME_CHARACTERS} characters.", field)
    if not name.isprintable():
        raise InvalidInput(f"`{field}` must not hold line breaks or other control characters.", field)
    return name


def checked_description(text: str) -> str:
    """A description without surrounding space. InvalidInput when it is too long or holds a NUL."""
    description = text.strip()
    if len(description) > DESCRIPTION_CHARACTERS:
        raise InvalidInput(f"`description` has at most {DESCRIPTION_CHARACTERS} characters.", "description")
    if "\0" in description:
        raise InvalidInput("`description` must not hold a NUL character.", "description")
    return description
