"""Texts: the check of descriptions that admins write, and the spelling of the schema's names."""

from core.errors import InvalidInput
from core.limits import DESCRIPTION_CHARACTERS


def checked_description(text: str) -> str:
    """A description without surrounding space. InvalidInput when it is too long or holds a NUL."""
    description = text.strip()
    if len(description) > DESCRIPTION_CHARACTERS:
        raise InvalidInput(f"`description` has at most {DESCRIPTION_CHARACTERS} characters.", "description")
    if "\0" in description:
        raise InvalidInput("`description` must not hold a NUL character.", "description")
    return description


def camel_case(name: str) -> str:
    """Return a name of Python's spelling in that of GraphQL and OpenAPI: `tracked_minutes` as `trackedMinutes`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
